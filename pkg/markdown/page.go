package markdown

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"
)

// style is how words look. Several may come together.
type style uint8

const (
	bold style = 1 << iota
	italic
	strike
	code
)

// marks are all styles, in the order in which their marks are opened.
var marks = [...]style{bold, italic, strike, code}

// span is a piece of a line: bytes of page.text that look the same.
type span struct {
	start, end int
	style      style
	url        string
}

// line is one line of a page. Its bytes of page.text end with a line feed.
type line struct {
	first, last int // spans[first:last]
	marker      Marker
	list        int // the number of the outermost list that it is part of, from 1
	quote       bool
	fence       int  // the number of the block of code, from 1
	gap         bool // begins a block
}

// page is what a body says, independent of how it was written and how it will
// be drawn: lines of spans. It stops growing when its limit is reached, and is
// used again for the next body.
type page struct {
	limit Limit
	more  bool // something was left out

	text    []byte
	spans   []span
	lines   []line
	visible bool // there is something to see

	// The line that grows, and what the next spans look like.
	line   line
	style  style
	url    string
	quotes int
	lists  []Marker // the open lists; Kind is Continued once the marker is used
	fences int
	listed int  // lists so far, inner ones not counted
	breaks bool // the next line begins a block
	indent bool // space in front of a line stays
	cell   bool // the next words begin a cell of a table

	walk walk
	pen  pen
}

func (p *page) reset(l Limit) {
	clear(p.spans) // of strings
	*p = page{limit: l, text: p.text[:0], spans: p.spans[:0], lines: p.lines[:0], lists: p.lists[:0], walk: p.walk, pen: p.pen}
	p.walk.reset()
}

// full tells whether there is more than will be drawn.
func (p *page) full() bool {
	return p.limit.Lines > 0 && len(p.lines) > p.limit.Lines || len(p.text) > utf8.UTFMax*max(p.limit.Text, 0)
}

// block says that what follows is a block of its own.
func (p *page) block() {
	p.feed()
	p.breaks = true
}

// words appends to the line. A line feed in s is a space.
func (p *page) words(s []byte) {
	if len(s) == 0 || p.full() {
		return
	}
	if p.cell {
		if s = bytes.TrimLeft(s, " \t"); len(s) == 0 {
			return
		}
		p.dot()
	}
	if n := len(p.text); !p.empty() && p.text[n-1] == ' ' && p.style&code == 0 && p.line.fence == 0 {
		s = bytes.TrimLeft(s, " ") // what stood between was not drawn
	}
	start := len(p.text)
	p.text = append(p.text, s...)
	for i := start; i < len(p.text); i++ {
		if p.text[i] == '\n' {
			p.text[i] = ' '
		}
	}
	p.span(start)
}

// dot parts two cells.
func (p *page) dot() {
	p.cell = false
	p.trim()
	if p.empty() {
		return
	}
	style, url := p.style, p.url
	p.style, p.url = 0, ""
	p.words([]byte(" · "))
	p.style, p.url = style, url
}

// span makes a span of the text from start, or adds it to the last one.
func (p *page) span(start int) {
	end := len(p.text)
	if n := len(p.spans); n > p.line.first {
		if last := &p.spans[n-1]; last.style == p.style && last.url == p.url && last.end == start {
			last.end = end
			return
		}
	}
	p.spans = append(p.spans, span{start: start, end: end, style: p.style, url: p.url})
}

// empty tells whether the line has no words yet.
func (p *page) empty() bool { return len(p.spans) == p.line.first }

// feed ends the line, if it has anything but space.
func (p *page) feed() {
	if p.limit.Lines > 0 && len(p.lines) > p.limit.Lines {
		return
	}
	p.trim()
	if p.empty() && (p.line.fence == 0 || p.limit.Lines > 0) {
		return
	}
	if p.line.fence == 0 {
		p.line.quote = p.quotes > 0
		p.mark()
	}
	if !p.visible && !p.empty() {
		p.visible = visible(p.text[p.spans[p.line.first].start:])
	}
	p.text = append(p.text, '\n')
	p.line.last = len(p.spans)
	p.line.gap = p.breaks && len(p.lines) > 0
	p.lines = append(p.lines, p.line)
	p.breaks, p.cell = false, false
	p.line = line{first: len(p.spans), fence: p.line.fence}
}

// mark gives the line the marker of its list, if it is the item's first line.
func (p *page) mark() {
	n := len(p.lists)
	if n == 0 {
		return
	}
	p.line.list = p.listed
	p.line.marker = p.lists[n-1]
	p.line.marker.Depth = n
	p.lists[n-1].Kind = Continued
}

// openList begins a list, perhaps inside of another.
func (p *page) openList() {
	if len(p.lists) == 0 {
		p.listed++
	}
	p.lists = append(p.lists, Marker{})
}

func (p *page) closeList() { p.lists = p.lists[:len(p.lists)-1] }

// trim cuts the space at both ends of the line; code keeps it in front.
func (p *page) trim() {
	for p.line.fence == 0 && !p.indent && !p.empty() {
		first := &p.spans[p.line.first]
		text := p.text[first.start:first.end]
		first.start += len(text) - len(bytes.TrimLeft(text, " \t"))
		if first.start < first.end {
			break
		}
		p.spans = append(p.spans[:p.line.first], p.spans[p.line.first+1:]...)
	}
	for !p.empty() {
		last := &p.spans[len(p.spans)-1]
		text := p.text[last.start:last.end]
		last.end -= len(text) - len(bytes.TrimRight(text, " \t"))
		p.text = p.text[:last.end]
		if last.start < last.end {
			break
		}
		p.spans = p.spans[:len(p.spans)-1]
	}
}

// plain fills the page with the lines of s.
func (p *page) plain(s string) {
	for l := range strings.Lines(s) {
		l = strings.TrimSuffix(l, "\n")
		if strings.TrimSpace(l) == "" {
			p.block()
			continue
		}
		p.words([]byte(l))
		p.feed()
		if p.full() {
			return
		}
	}
}

func visible(text []byte) bool {
	for _, r := range string(text) {
		if unicode.IsGraphic(r) && !unicode.IsSpace(r) {
			return true
		}
	}
	return false
}
