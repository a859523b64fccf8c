package sink

import (
	"math"
	"strings"

	"github.com/sigpost/sigpost/pkg/event"
)

// Lines draws a list in at most limit characters, as length counts them: its
// heading if it has one, as many of the shown items as fit, a line or more each,
// and how many there are besides. It is empty if not even one item fits. Items
// that item draws as "" are left out.
func Lines(l event.List, limit int, heading string, length func(string) int, item func(event.Item) string, more func(int) string) string {
	items, rest := Shown(l)
	rest = max(rest, 0)
	limit -= length(more(math.MaxInt)) + 1
	var lines []string
	spent := 0
	if heading != "" {
		lines = append(lines, heading)
		spent = length(heading) + 1
	}
	above := len(lines)
	for i, it := range items {
		s := item(it)
		if s == "" {
			continue
		}
		if spent += length(s) + 1; spent > limit {
			rest += len(items) - i
			break
		}
		lines = append(lines, s)
	}
	if len(lines) == above {
		return ""
	}
	if rest > 0 {
		lines = append(lines, more(rest))
	}
	return strings.Join(lines, "\n")
}
