package markdown

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/sigpost/sigpost/pkg/grapheme"
)

// ellipsis ends a page that was cut.
const ellipsis = "…"

// cut leaves at most n characters of the first lines and says so with an
// ellipsis. It works on the page, so that no mark, link or fence is cut.
func (p *page) cut(n int) {
	lines := len(p.lines)
	if p.limit.Lines > 0 {
		lines = min(lines, p.limit.Lines)
	}
	if lines == 0 || n < 1 {
		p.lines = p.lines[:0]
		return
	}
	end := p.wordsEnd(lines)
	short := lines == len(p.lines) && !p.more
	text := string(p.text[:end])
	if len(text) > n && utf8.RuneCountInString(text) > n {
		short = false
		end = place(text, n)
	} else if !short && utf8.RuneCountInString(text) > n-utf8.RuneCountInString(" "+ellipsis) {
		end = place(text, n)
	}
	if short {
		return
	}
	p.lines = p.lines[:lines]
	p.cutAt(end)
}

// wordsEnd is where the words of the first lines end.
func (p *page) wordsEnd(lines int) int {
	for _, l := range slices.Backward(p.lines[:lines]) {
		if l.last > l.first {
			return p.spans[l.last-1].end
		}
	}
	return 0
}

// place is where s is cut for an ellipsis to fit into n characters: at a
// sentence's end if one is near, else at a word's, never inside a character.
func place(s string, n int) int {
	end, left := len(s), n-utf8.RuneCountInString(" "+ellipsis)
	for i := range s {
		if left <= 0 {
			end = i
			break
		}
		left--
	}
	end = grapheme.Before(s, end)
	if end == len(s) {
		return end
	}
	const wordly = 24 // bytes to go back to a word's end, and four times that to a sentence's
	near := max(end-min(4*wordly, n/2), 0)
	if at := sentenceEnd(s[near:min(end+1, len(s))]); at > 0 {
		return near + at
	}
	if space := strings.LastIndexAny(s[:end+1], " \n\t"); space > 0 && end-space < min(wordly, n/2) {
		end = space
	}
	return end
}

// sentenceEnd is behind the last full stop of s that has a space after it; 0
// if there is none.
func sentenceEnd(s string) int {
	for i := len(s) - 1; i > 0; i-- {
		if strings.IndexByte(" \n", s[i]) >= 0 && strings.IndexByte(".!?", s[i-1]) >= 0 {
			return i
		}
	}
	return 0
}

// cutAt drops what is behind end and writes the ellipsis there.
func (p *page) cutAt(end int) {
	for len(p.lines) > 0 {
		l := &p.lines[len(p.lines)-1]
		for l.last > l.first && p.spans[l.last-1].start >= end {
			l.last--
		}
		if l.last > l.first {
			break
		}
		p.lines = p.lines[:len(p.lines)-1]
	}
	if len(p.lines) == 0 {
		return
	}
	l := &p.lines[len(p.lines)-1]
	p.spans = p.spans[:l.last]
	last := &p.spans[l.last-1]
	last.end = min(last.end, end)
	last.end -= len(p.text[last.start:last.end]) - len(strings.TrimRight(string(p.text[last.start:last.end]), " \t"))
	if last.start == last.end { // space only
		end, p.spans, l.last = last.start, p.spans[:l.last-1], l.last-1
		p.cutAt(end)
		return
	}
	p.text = p.text[:last.end]
	if l.fence == 0 && strings.IndexByte(".!?:", p.text[last.end-1]) >= 0 {
		p.text = append(p.text, ' ')
	}
	p.text = append(p.text, ellipsis...)
	p.spans = append(p.spans, span{start: last.end, end: len(p.text)})
	l.last++
}
