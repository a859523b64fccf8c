package slack

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/sink"
)

// list draws a list in at most limit characters; see sink.Lines.
func list(l event.List, limit int) string {
	heading := safe(line(l.Name), nameLimit)
	if heading != "" {
		heading = "*" + heading + "*"
	}
	return sink.Lines(l, limit, heading, length, item, func(n int) string { return fmt.Sprintf("and %d more", n) })
}

// item is one line, and one more for what to do about it.
func item(it event.Item) string {
	var parts []string
	label := link(it.Label, it.URL, nameLimit)
	if it.Code {
		label = codeText(it.Label, it.URL, nameLimit)
	}
	body := safe(line(it.Text), itemLimit)
	if label == "" && body != "" {
		body = link(it.Text, it.URL, itemLimit)
	}
	for _, s := range []string{label, body} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	if len(parts) == 0 {
		return ""
	}
	sep := " "
	if label != "" && !it.Code {
		sep = ": "
	}
	s := strings.Join(parts, sep)
	if it.Done {
		s = "~" + s + "~"
	}
	s = "• " + s
	if note := safe(line(it.Note), nameLimit); note != "" {
		s += " — " + note
	}
	if detail := safe(line(it.Detail), itemLimit); detail != "" {
		s += "\n    _Resolution:_ " + detail
	}
	return s
}

// gaugeCells is the length of a gauge's bar.
const gaugeCells = 20

// gauge is a bar with the number beside it.
func gauge(g *event.Gauge) string {
	label := safe(line(g.Label), nameLimit)
	if label == "" {
		label = "Score"
	}
	s := g.Severity.Glyph() + " *" + label + "*  "
	if g.Max <= g.Min {
		return s + "*" + strconv.Itoa(g.Value) + "*"
	}
	share := (float64(g.Value) - float64(g.Min)) / (float64(g.Max) - float64(g.Min))
	full := int(min(max(share, 0), 1)*gaugeCells + 0.5)
	s += "`" + strings.Repeat("█", full) + strings.Repeat("░", gaugeCells-full) + "`  *" + strconv.Itoa(g.Value) + "*"
	if g.Min != 0 {
		return s + fmt.Sprintf(" (%d to %d)", g.Min, g.Max)
	}
	return s + fmt.Sprintf(" of %d", g.Max)
}

// altText says what the picture of a gauge shows.
func altText(g *event.Gauge) string {
	label := line(g.Label)
	if label == "" {
		label = "Score"
	}
	return escaped(fmt.Sprintf("%s: %d, on a scale from %d to %d", label, g.Value, g.Min, g.Max), altTextLimit)
}
