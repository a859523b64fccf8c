package teams

import (
	"unicode/utf8"

	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/markdown"
	"github.com/sigpost/sigpost/pkg/sink"
)

// dialect is what a TextBlock reads of Markdown: bold, italics, links and lists
// of one level. Inner lists are told apart by their bullets.
// https://learn.microsoft.com/adaptive-cards/authoring-cards/text-features#markdown-commonmark-subset
var dialect = markdown.Dialect{
	Bold: "**", Italic: "_",
	Break: "\n\n", ItemBreak: "\n",
	Item: appendItem,
	Text: appendEscaped,
	URL:  webURL,
	Link: func(b []byte, words, url string) []byte {
		if n := len(b); n > 0 && b[n-1] == '!' { // or it would be an image
			b = append(b[:n-1], "\\!"...)
		}
		b = appendEscaped(append(b, '['), words, ' ')
		return append(append(append(b, "]("...), url...), ')')
	},
	Size: utf8.RuneCount,
}

// unlinked is dialect for a card without room for addresses.
var unlinked = func() markdown.Dialect {
	d := dialect
	d.URL = nil
	return d
}()

func appendItem(b []byte, m markdown.Marker) []byte {
	switch {
	case m.Kind == markdown.Continued:
		return b
	case m.Depth > 1:
		glyph := m.Glyph()
		m.Depth-- // one level is the receiver's own
		return appendEscaped(append(append(b, "- "...), m.Indent("\u00a0\u00a0")...), glyph, '\n')
	case m.Kind == markdown.Bullet:
		return append(b, "- "...)
	case m.Kind == markdown.Number:
		return append(b, m.Glyph()...)
	}
	return append(append(b, "- "...), m.Glyph()...)
}

// maxTextSize is the characters of an excerpt for each that a reader sees: what
// marks and addresses may take.
const maxTextSize = 4

// excerpt is the beginning of the event's text.
func excerpt(e *event.Event, p plan) string {
	d := &dialect
	if !p.links {
		d = &unlinked
	}
	return sink.Draw(e.Text, d, markdown.Limit{Lines: sink.ExcerptLines, Text: p.text, Size: p.text * maxTextSize})
}
