package sink

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/grapheme"
	"github.com/sigpost/sigpost/pkg/markdown"
)

// Ellipsis ends a text that was cut.
const Ellipsis = "…"

// Cut returns s if it has at most limit characters (runes), else the longest
// beginning that fits with an ellipsis: at a word's end if one is near, never
// inside a character or a sequence of combined ones. A limit below 1 gives "".
func Cut(s string, limit int) string {
	if limit < 1 {
		return ""
	}
	if len(s) <= limit || utf8.RuneCountInString(s) <= limit {
		return s
	}
	end, n := 0, 0
	for i := range s {
		if n == limit-1 {
			end = i
			break
		}
		n++
	}
	end = grapheme.Before(s, end)
	if !strings.ContainsRune(" \n\t", rune(s[end])) { // else a word ends there
		if space := strings.LastIndexAny(s[:end], " \n\t"); space > 0 && end-space < min(24, limit/4) {
			end = space
		}
	}
	return strings.TrimRight(s[:end], " \n\t") + Ellipsis
}

// Clean makes untrusted text safe to hold: valid UTF-8, no control characters
// but tab and line feed, no bidirectional overrides, Unix line ends.
func Clean(s string) string {
	if clean(s) {
		return s
	}
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\r':
			return '\n'
		case banned(r):
			return -1
		}
		return r
	}, s)
}

func clean(s string) bool {
	if plain(s, true) {
		return true
	}
	if !utf8.ValidString(s) {
		return false
	}
	return strings.IndexFunc(s, banned) < 0
}

// plain tells quickly that s is printable ASCII (with line feeds, if allowed)
// without leading, trailing or repeated spaces: the usual text, which needs no
// closer look.
func plain(s string, feeds bool) bool {
	last := byte(' ')
	for i := range len(s) {
		c := s[i]
		if (c < ' ' && !(feeds && c == '\n')) || c > '~' || c == ' ' && last == ' ' {
			return false
		}
		last = c
	}
	return last != ' '
}

func banned(r rune) bool {
	return r != '\n' && r != '\t' && unicode.IsControl(r) || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069
}

// Line is Clean on one line: line breaks and runs of space become one space.
func Line(s string) string {
	if plain(s, false) {
		return s
	}
	return strings.Join(strings.Fields(Clean(s)), " ")
}

// WebURL is u if it is an absolute http or https address of at most limit bytes
// without spaces, controls, quotes or angle brackets; else "". Links to
// anything else are not drawn.
func WebURL(u string, limit int) string {
	if len(u) > limit || !strings.HasPrefix(u, "https://") && !strings.HasPrefix(u, "http://") {
		return ""
	}
	if len(u) <= len("https://") {
		return ""
	}
	for i := range len(u) {
		switch c := u[i]; {
		case c >= utf8.RuneSelf:
			if !utf8.ValidString(u[i:]) || strings.ContainsFunc(u[i:], outsideURL) {
				return ""
			}
			return u
		case c <= ' ', c == 0x7f, c == '<', c == '>', c == '"', c == '|', c == '`', c == '\\':
			return ""
		}
	}
	return u
}

func outsideURL(r rune) bool {
	return unicode.IsSpace(r) || unicode.IsControl(r) || strings.ContainsRune("<>\"|`\\", r) || banned(r)
}

// MaxFacts is how many facts a message shows: those a reader decides by, and
// what two columns hold on a phone without scrolling.
const MaxFacts = 6

// MaxItems is how many items of one list a message shows.
const MaxItems = 5

// Shown is the items of a list that a message shows, and how many it leaves out.
func Shown(l event.List) (items []event.Item, more int) {
	n := min(len(l.Items), MaxItems)
	return l.Items[:n], len(l.Items) - n + l.Omitted
}

// ExcerptLines is how many lines of a body a message shows.
const ExcerptLines = 6

// Excerpt is the first six lines of a body as plain text of at most limit
// characters: of Markdown, the words without the marks, HTML and addresses.
func Excerpt(t event.Text, limit int) string {
	return Draw(t, markdown.Plain, markdown.Limit{Lines: ExcerptLines, Text: limit, Size: limit})
}

// Draw is a body in the dialect of a receiver; empty if there is nothing to
// see. It looks at the first markdown.MaxBytes only.
func Draw(t event.Text, d *markdown.Dialect, l markdown.Limit) string {
	body := t.Body
	if len(body) > markdown.MaxBytes {
		end := markdown.MaxBytes
		for end > 0 && !utf8.RuneStart(body[end]) {
			end--
		}
		body, l.More = body[:end], true
	}
	body = Clean(body)
	if t.Format == event.Markdown {
		return markdown.Render(body, d, l)
	}
	return markdown.RenderPlain(body, d, l)
}
