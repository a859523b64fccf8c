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
	p, _ := pages.Get().(*page)
	defer pages.Put(p)
	for _, n := range []int{usualBytes, MaxBytes} {
		head, more := bounded(body, n)
		p.reset(l)
		p.more = more || l.More
		if !p.simple(head) {
			p.reset(l)
			p.more = more || l.More
			p.parse(head)
		}
		if !more || p.full() {
			break
		}
	}
	return p.draw(d)
}

// RenderPlain draws a body whose characters mean nothing but themselves.
func RenderPlain(body string, d *Dialect, l Limit) string {
	p, _ := pages.Get().(*page)
	defer pages.Put(p)
	p.reset(l)
	p.more, p.indent = l.More, true
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
