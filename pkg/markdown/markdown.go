// Package markdown draws GitHub Flavored Markdown in the words of a chat: it
// parses a body, keeps what fits as lines of styled words, and writes those in
// the Dialect of a receiver. It knows no receiver, draws no pictures and no
// HTML, and never fails: what isn't understood is shown as it was written.
//
// The body is untrusted. Only the functions of a Dialect write its words, and
// links lead only where Dialect.URL allows. https://github.github.com/gfm/
package markdown

import (
	"strings"
	"sync"
	"unicode/utf8"
)

// MaxBytes is how much of a body is looked at.
const MaxBytes = 16 << 10

// usualBytes is how much of a body is parsed at first. That is enough for an
// excerpt of nearly any; the rest is parsed only if it isn't.
const usualBytes = 4 << 10

// Limit is how much of a text is drawn.
type Limit struct {
	// Lines is how many lines, empty ones left out. 0 draws all of them, and
	// parts blocks by Dialect.Gap.
	Lines int
	// Text is how many characters (runes) a reader sees, without the markers of
	// lists; Size is how long all may be, as Dialect.Size counts.
	Text, Size int
	// More says that the text goes on after what was given.
	More bool
}

var pages = sync.Pool{New: func() any { return new(page) }}

// Render draws a body of Markdown. It is valid UTF-8 without control
// characters, such as sink.Clean returns.
func Render(body string, d *Dialect, l Limit) string {
	if !marked(body) {
		return renderPlain(body, d, l, false)
	}
	p, _ := pages.Get().(*page)
	defer pages.Put(p)
	for _, n := range []int{usualBytes, MaxBytes} {
		head, more := bounded(body, n)
		p.reset(l)
		p.more = more || l.More
		p.parse(head)
		if !more || p.full() {
			break
		}
	}
	return p.draw(d)
}

// RenderPlain draws a body whose characters mean nothing but themselves.
func RenderPlain(body string, d *Dialect, l Limit) string { return renderPlain(body, d, l, true) }

func renderPlain(body string, d *Dialect, l Limit, indent bool) string {
	p, _ := pages.Get().(*page)
	defer pages.Put(p)
	p.reset(l)
	p.more, p.indent = l.More, indent
	p.plain(body)
	return p.draw(d)
}

// bounded is the lines of s that are in its first n bytes, and whether there
// are more.
func bounded(s string, n int) (string, bool) {
	if len(s) <= n {
		return s, false
	}
	end := n
	for !utf8.RuneStart(s[end]) {
		end--
	}
	if feed := strings.LastIndexByte(s[:end], '\n'); feed > n/2 {
		end = feed
	}
	return s[:end], true
}

// anywhere are the characters that can mean something wherever they stand.
const anywhere = "\\`*_[]<>&~|"

// marked tells whether the parser would find anything in s. It looks at bytes
// only, since most bodies without Markdown are short prose.
func marked(s string) bool {
	if strings.ContainsAny(s, anywhere) || strings.Contains(s, "://") {
		return true
	}
	for line := range strings.Lines(s) {
		text := strings.TrimLeft(line, " ")
		if text == "" || text == "\n" {
			continue
		}
		if len(line)-len(text) > 3 { // a block of code
			return true
		}
		switch c := text[0]; {
		case c == '#', c == '-', c == '+', c == '=', c == '\t':
			return true
		case c >= '0' && c <= '9':
			rest := strings.TrimLeft(text, "0123456789")
			if rest != "" && (rest[0] == '.' || rest[0] == ')') {
				return true
			}
		}
	}
	return false
}
