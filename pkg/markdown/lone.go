package markdown

import (
	"unicode"
	"unicode/utf8"
)

// lone takes the styles away whose marks would touch a letter outside.
func (w *pen) lone() {
	for _, m := range marks {
		if w.mark(m) == "" {
			continue
		}
		for i := 0; i < len(w.pieces); i++ {
			if w.pieces[i].style&m == 0 {
				continue
			}
			first := i
			for i+1 < len(w.pieces) && w.pieces[i+1].style&m != 0 {
				i++
			}
			if w.touches(w.pieces[first].start, true) || w.touches(w.pieces[i].end, false) {
				for j := first; j <= i; j++ {
					w.pieces[j].style &^= m
				}
			}
		}
	}
	all := w.pieces
	w.pieces = w.pieces[:0]
	for _, p := range all {
		w.add(p)
	}
}

// touches tells whether a mark at that place, around what comes after it or
// around what comes before, would stand right beside a letter outside.
func (w *pen) touches(at int, after bool) bool {
	if at == w.pieces[0].start || at == w.pieces[len(w.pieces)-1].end {
		return false
	}
	outside, _ := utf8.DecodeLastRuneInString(w.text[:at])
	inside, _ := utf8.DecodeRuneInString(w.text[at:])
	if !after {
		outside, inside = inside, outside
	}
	return !unicode.IsSpace(inside) && !apart(outside)
}

// apart tells whether a mark may stand beside r, outside of what it marks.
func apart(r rune) bool {
	if r < utf8.RuneSelf {
		return r <= ' ' || !('0' <= r && r <= '9' || 'a' <= r|0x20 && r|0x20 <= 'z')
	}
	return unicode.IsSpace(r) || unicode.IsPunct(r)
}
