package slack

import (
	"strings"

	"github.com/sigpost/sigpost/pkg/markdown"
	"github.com/sigpost/sigpost/pkg/sink"
)

// mrkdwn is the dialect of Slack's texts. A mark has to stand beside a space or
// punctuation; a zero-width space serves.
// https://docs.slack.dev/messaging/formatting-message-text
var dialect = &markdown.Dialect{
	Bold: "*", Italic: "_", Strike: "~", Code: "`",
	Part:  zeroWidth,
	Fence: "```", Quote: "> ", Break: "\n", ItemBreak: "\n",
	Item: func(b []byte, m markdown.Marker) []byte {
		return append(append(b, m.Indent("    ")...), m.Glyph()...)
	},
	Text: appendInert,
	Raw:  appendCode,
	URL: func(address string) string {
		u := addresses.Replace(sink.WebURL(address, linkURLLimit))
		if length(u) > linkURLLimit {
			return ""
		}
		return u
	},
	Link: func(b []byte, words, url string) []byte {
		b = append(append(append(b, '<'), url...), '|')
		return append(appendInert(b, strings.ReplaceAll(words, "|", "¦"), ' '), '>')
	},
	Size: func(text []byte) int { return length(string(text)) },
}

// shared is what Slack and Discord both read in the text of an attachment: no
// links, and nothing struck through. Where Slack draws bold, Discord draws
// italics.
var shared = &markdown.Dialect{
	Bold: "*", Italic: "_", Code: "`",
	Part:  zeroWidth,
	Fence: "```", Quote: "> ", Break: "\n", ItemBreak: "\n",
	Item: dialect.Item, Text: appendInert, Raw: appendCode, Size: dialect.Size,
}

// appendCode appends s as it may stand in code: backticks would end it.
func appendCode(b []byte, s string) []byte {
	for i := range len(s) {
		switch c := s[i]; c {
		case '`':
			b = append(b, '\'')
		case '&':
			b = append(b, "&amp;"...)
		case '<':
			b = append(b, "&lt;"...)
		case '>':
			b = append(b, "&gt;"...)
		default:
			b = append(b, c)
		}
	}
	return b
}
