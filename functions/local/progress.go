package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// progress is a bar on a terminal. Elsewhere it is silent.
type progress struct {
	out         io.Writer // nil: silent
	verb        string
	done, total int
	drawn       time.Time
}

// drawEvery is how often a bar is drawn again.
const drawEvery = 100 * time.Millisecond

func newProgress(w io.Writer, verb string, total int) *progress {
	p := &progress{verb: verb, total: total}
	if f, ok := w.(*os.File); ok && os.Getenv("TERM") != "dumb" {
		if info, err := f.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
			p.out = w
		}
	}
	return p
}

// step counts one more that is done.
func (p *progress) step() {
	p.done++
	if p.out == nil || time.Since(p.drawn) < drawEvery && p.done < p.total {
		return
	}
	p.drawn = time.Now()
	const width = 30
	full := width * p.done / p.total
	fmt.Fprintf(p.out, "\r\x1b[K%s [%s%s] %d/%d", p.verb, strings.Repeat("=", full), strings.Repeat(" ", width-full), p.done, p.total)
}

// end takes the bar away.
func (p *progress) end() {
	if p.out != nil {
		fmt.Fprint(p.out, "\r\x1b[K")
	}
}
