package markdown

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// Dialect is how one receiver writes what Markdown can say. An empty string is
// something that the receiver doesn't have: the words are drawn without it. All
// functions append to b and return it. A new dialect is one literal of this.
type Dialect struct {
	// Bold, Italic, Strike and Code stand on both sides of such a text.
	Bold, Italic, Strike, Code string
	// Part parts a mark from a letter that touches it, where the receiver would
	// not take the mark otherwise. Without one such a text gets no mark.
	Part string
	// Fence stands on lines of its own around a block of code. Without one the
	// code is text.
	Fence string
	// Quote begins a quoted line.
	Quote string
	// Break is between two lines, ItemBreak between two items of a list, and
	// Gap between two blocks where a text is drawn whole. An empty Gap is Break.
	Break, ItemBreak, Gap string
	// Item begins a line of a list.
	Item func(b []byte, m Marker) []byte
	// Text writes words that mean nothing but themselves, whoever wrote them.
	// Before is the character in front of them, a line feed where there is none.
	Text func(b []byte, words string, before rune) []byte
	// Raw writes words between two Code or Fence.
	Raw func(b []byte, words string) []byte
	// URL is an address as it may stand in a link, or "" if it may not.
	// Without URL no link is drawn, only its words.
	URL func(address string) string
	// Link writes a link to what URL returned.
	Link func(b []byte, words, url string) []byte
	// Size is how long the receiver thinks a text is.
	Size func(text []byte) int
}

// Kind is what begins a line of a list.
type Kind uint8

// The kinds of a Marker.
const (
	Continued Kind = iota // nothing: the line belongs to the item above
	Bullet
	Number
	Open // a task
	Done // a task that is done
)

// Marker begins a line of a list. Depth is 1 in the outermost list.
type Marker struct {
	Kind   Kind
	Depth  int
	Number int
}

// Glyph is the marker without indentation, as text: "• ", "◦ ", "12. ", "☐ ".
func (m Marker) Glyph() string {
	switch m.Kind {
	case Bullet:
		if m.Depth > 1 {
			return "◦ "
		}
		return "• "
	case Number:
		return strconv.Itoa(m.Number) + ". "
	case Open:
		return "☐ "
	case Done:
		return "☑ "
	case Continued:
	}
	return ""
}

// maxIndent is how many levels of a list are told apart by indentation.
const maxIndent = 6

// Indent is the space in front of the marker, or of the words of a continued
// line, with step for each level.
func (m Marker) Indent(step string) string {
	n := min(m.Depth-1, maxIndent)
	if m.Kind == Continued {
		n = min(m.Depth, maxIndent)
	}
	return strings.Repeat(step, max(n, 0))
}

// Plain is words without marks and links.
var Plain = &Dialect{
	Break: "\n", ItemBreak: "\n", Gap: "\n\n",
	Item: func(b []byte, m Marker) []byte {
		return append(append(b, m.Indent("  ")...), m.Glyph()...)
	},
	Text: func(b []byte, words string, _ rune) []byte { return append(b, words...) },
	Size: utf8.RuneCount,
}
