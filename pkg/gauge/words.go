package gauge

import (
	"image/color"
	"math"
	"strconv"
	"strings"
	"unicode"

	"github.com/sigpost/sigpost/pkg/event"
)

// The sizes of the words in pixels, and how wide they may be.
const (
	valueSize = 64
	ofSize    = 21
	labelSize = 24
	tickSize  = 17

	valueWidth = 2*inner - 96
	labelWidth = Width - 48
	minSize    = 14 // no smaller than this, whatever has to fit
)

// words writes the value, what it is of, what it means, and what is measured.
func (c canvas) words(g *event.Gauge, s scale) {
	c.centred(strconv.Itoa(g.Value), centreX, centreY-8, valueSize, valueWidth, ink)
	of := "of " + strconv.Itoa(g.Max)
	if g.Severity != "" {
		of += " · " + g.Severity.Word()
	}
	c.centred(of, centreX, centreY+34, ofSize, labelWidth, ink)
	c.centred(drawable(g.Label), centreX, Height-24, labelSize, labelWidth, ink)
	if math.IsNaN(s.value) {
		return
	}
	const ends = (outer + inner) / 2
	if low, high := strconv.Itoa(g.Min), strconv.Itoa(g.Max); max(len(low), len(high)) <= maxEnd {
		c.centred(low, centreX-ends, centreY+18, tickSize, 2*(outer-inner), faded)
		c.centred(high, centreX+ends, centreY+18, tickSize, 2*(outer-inner), faded)
	}
	c.tick(s.warning, g.Warning)
	if s.success > s.warning {
		c.tick(s.success, g.Success)
	}
}

// maxEnd is how long a number may be that stands at an end of the arc.
const maxEnd = 8

// clearance is how much of the arc a number beside it takes.
const clearance = 0.03

// tick writes the number at which a zone begins outside of the arc.
func (c canvas) tick(at float64, n int) {
	words := strconv.Itoa(n)
	if at < clearance || at > 1-clearance || len(words) > 5 {
		return
	}
	p := polar(at, outer+20, 0)
	_, cos := math.Sincos(math.Pi * (1 - at))
	c.centred(words, p.x+cos*float64(len(words)-1)*4, p.y+5, tickSize, 60, faded)
}

// maxLabel bounds what is drawn of a label, in characters.
const maxLabel = 40

// drawable is what of a label can be drawn: one line, cut with an ellipsis, and
// nothing if there is no picture of one of its letters. The message beside the
// gauge has all of it.
func drawable(label string) string {
	label = oneLine(label)
	if n := []rune(label); len(n) > maxLabel {
		label = strings.TrimRight(string(n[:maxLabel-1]), " ") + "…"
	}
	for _, r := range label {
		if _, ok := letters()[r]; !ok {
			return ""
		}
	}
	return label
}

// oneLine is s as one line of valid UTF-8 without control characters. It looks
// at the beginning of a long one only.
func oneLine(s string) string {
	const enough = 1 << 10
	s = strings.ToValidUTF8(s[:min(len(s), enough)], "")
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r) || unicode.Is(unicode.Cf, r):
			return -1
		}
		return r
	}, s)
	return strings.Join(strings.Fields(s), " ")
}

// centred writes words with their middle at x and their baseline at y, smaller
// if they are wider than width.
func (c canvas) centred(words string, x, y, size, width float64, col color.NRGBA) {
	wide := breadth(words) * size
	if wide > width {
		smaller := max(size*width/wide, minSize)
		wide, size = wide*smaller/size, smaller
	}
	c.write(words, x-wide/2, y, size, col)
}
