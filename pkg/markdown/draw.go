package markdown

import (
	"strings"
	"unicode/utf8"
)

// piece is a span as a dialect can show it: without styles that it doesn't
// have, and with the address that it writes.
type piece span

// pen writes lines. It is part of a page for its memory.
type pen struct {
	d      *Dialect
	out    []byte
	text   string
	pieces []piece
	open   []style // whose marks are open, outermost first
	before rune    // the character in front
	at     int     // where the words begin that are not written yet
	closed bool    // a mark was closed last
}

// draw writes what of the page is within its limit.
func (p *page) draw(d *Dialect) string {
	if !p.visible {
		return ""
	}
	n := p.limit.Text
	for {
		p.cut(n)
		p.pen.write(p, d)
		size := d.Size(p.pen.out)
		if size <= p.limit.Size || len(p.lines) == 0 {
			return string(p.pen.out)
		}
		// Too long with all marks and addresses: less of it, in proportion.
		n = min(n, utf8.RuneCount(p.text))
		n = min(n*p.limit.Size/size, n-1)
	}
}

func (w *pen) write(p *page, d *Dialect) {
	w.d, w.out, w.text = d, w.out[:0], string(p.text)
	for i := range p.lines {
		l := &p.lines[i]
		if i > 0 {
			w.breaks(&p.lines[i-1], l, p.limit.Lines == 0)
		}
		if l.fence > 0 && d.Fence != "" {
			w.fenced(p, i)
			continue
		}
		if l.quote {
			w.out = append(w.out, d.Quote...)
		}
		if l.list > 0 && d.Item != nil {
			w.out = d.Item(w.out, l.marker)
		}
		w.line(p.spans[l.first:l.last])
	}
	clear(w.pieces)
}

// breaks parts two lines.
func (w *pen) breaks(above, l *line, whole bool) {
	begins := l.list > 0 && l.list == above.list && l.marker.Kind != Continued
	switch {
	case above.fence > 0 && above.fence == l.fence && w.d.Fence != "":
		w.out = append(w.out, '\n')
	case begins && above.marker.Kind != Continued && l.marker.numbered() == above.marker.numbered():
		w.out = append(w.out, w.d.ItemBreak...)
	case whole && l.gap && !begins && w.d.Gap != "":
		w.out = append(w.out, w.d.Gap...)
	default:
		w.out = append(w.out, w.d.Break...)
	}
}

// numbered tells whether m belongs to an outermost list with numbers: a text
// without indentation has to part such a list from one with bullets.
func (m Marker) numbered() bool { return m.Kind == Number && m.Depth == 1 }

// fenced writes a line of code, with the fence if it is the block's first or
// last line.
func (w *pen) fenced(p *page, i int) {
	l := p.lines[i]
	if i == 0 || p.lines[i-1].fence != l.fence {
		w.out = append(append(w.out, w.d.Fence...), '\n')
	}
	for _, s := range p.spans[l.first:l.last] {
		w.out = w.d.Raw(w.out, w.text[s.start:s.end])
	}
	if i+1 == len(p.lines) || p.lines[i+1].fence != l.fence {
		w.out = append(append(w.out, '\n'), w.d.Fence...)
	}
}

func (w *pen) line(spans []span) {
	w.pieces = w.pieces[:0]
	for i := 0; i < len(spans); {
		s := spans[i]
		i++
		for s.url != "" && i < len(spans) && spans[i].url == s.url { // a link looks as all of its words do
			s.style &= spans[i].style
			s.end = spans[i].end
			i++
		}
		s.style = w.shown(s.style)
		if s.url != "" && w.d.URL != nil {
			s.url = w.d.URL(s.url)
		} else {
			s.url = ""
		}
		w.add(piece(s))
	}
	if w.d.Part == "" {
		w.lone()
	}
	w.before, w.closed, w.open = '\n', false, w.open[:0]
	if len(w.pieces) > 0 {
		w.at = w.pieces[0].start
	}
	for _, p := range w.pieces {
		w.piece(p)
	}
	w.close(0)
}

// add appends p. Neighbours that look the same become one, so that Text sees
// all that stands side by side.
func (w *pen) add(p piece) {
	if n := len(w.pieces); n > 0 {
		if last := &w.pieces[n-1]; last.style == p.style && last.url == p.url {
			last.end = p.end
			return
		}
	}
	w.pieces = append(w.pieces, p)
}

// shown is s less what the receiver doesn't have.
func (w *pen) shown(s style) style {
	for _, m := range marks {
		if w.mark(m) == "" {
			s &^= m
		}
	}
	return s
}

func (w *pen) mark(s style) string {
	switch s {
	case bold:
		return w.d.Bold
	case italic:
		return w.d.Italic
	case strike:
		return w.d.Strike
	case code:
		return w.d.Code
	}
	return ""
}

// piece writes p. Space at its ends stays outside of its marks, and is written
// when more words follow.
func (w *pen) piece(p piece) {
	words := strings.TrimRight(w.text[p.start:p.end], " \t")
	end := p.start + len(words)
	words = strings.TrimLeft(words, " \t")
	if words == "" {
		if p.style&code == 0 { // other styles may go on over a space
			w.close(w.opened() &^ code)
		}
		return
	}
	start := end - len(words)
	w.close(p.style)
	if p.style == 0 && p.url == "" { // with the space, which may be indentation
		if next, _ := utf8.DecodeRuneInString(w.text[w.at:]); w.closed && !apart(next) {
			w.out = append(w.out, w.d.Part...)
		}
		w.out = w.d.Text(w.out, w.text[w.at:end], w.before)
	} else {
		w.lead(start, p.style)
		w.marks(p.style)
		w.core(words, p)
	}
	w.before, _ = utf8.DecodeLastRuneInString(words)
	w.at, w.closed = end, false
}

// lead writes the space in front of marked words, or what parts the mark from
// the character there.
func (w *pen) lead(start int, s style) {
	if w.at < start {
		w.out = w.d.Text(w.out, w.text[w.at:start], w.before)
		w.before = ' '
		return
	}
	next, _ := utf8.DecodeRuneInString(w.text[start:])
	opens := len(w.open) == 0 && s != 0 || len(w.open) > 0 && w.opened() != s
	if opens && (w.closed || !apart(w.before)) || w.closed && !apart(next) {
		w.out = append(w.out, w.d.Part...)
	}
}

func (w *pen) core(words string, p piece) {
	switch {
	case p.url != "":
		w.out = w.d.Link(w.out, words, p.url)
	case p.style&code != 0:
		w.out = w.d.Raw(w.out, words)
	default:
		w.out = w.d.Text(w.out, words, w.before)
	}
}

func (w *pen) opened() (s style) {
	for _, m := range w.open {
		s |= m
	}
	return s
}

// marks opens what of s is not open.
func (w *pen) marks(s style) {
	s &^= w.opened()
	for _, m := range marks {
		if s&m != 0 {
			w.stroke(m)
			w.open = append(w.open, m)
		}
	}
}

// stroke writes a mark, which then stands in front of what follows.
func (w *pen) stroke(m style) {
	mark := w.mark(m)
	w.out = append(w.out, mark...)
	w.before, _ = utf8.DecodeLastRuneInString(mark)
}

// close closes the marks that are not in s, and those inside of them.
func (w *pen) close(s style) {
	for i, m := range w.open {
		if s&m != 0 {
			continue
		}
		for j := len(w.open) - 1; j >= i; j-- {
			w.stroke(w.open[j])
		}
		w.open, w.closed = w.open[:i], true
		return
	}
}
