package markdown

import (
	"strconv"
	"strings"
)

// simple fills the page with a body that uses the commonest parts of Markdown
// only, in their plainest form: paragraphs, headings, lists of one level,
// **bold** and `code`. It tells whether it could; if not, the page is to be
// thrown away. It reads most bodies in a fifth of the time that the parser
// takes, and has no opinion of its own: whatever could mean anything else is
// left to the parser, and a test has both read the same.
func (p *page) simple(body string) bool {
	s := scan{p: p}
	for line := range strings.Lines(body) {
		if !s.line(strings.TrimRight(line, " \n")) {
			return false
		}
		if p.full() {
			return true
		}
	}
	s.end()
	p.feed()
	return true
}

// scan is where simple is.
type scan struct {
	p      *page
	within block // what the line above belongs to
	marker byte  // that the items of the list have: '-', '*', '.' or ')'
	number int   // of the next item
	ended  bool  // a list ended with an empty line
}

type block uint8

const (
	nothing block = iota
	paragraph
	list
)

func (s *scan) line(l string) bool {
	text := strings.TrimLeft(l, " ")
	indent := len(l) - len(text)
	if text == "" {
		s.ended = s.ended || s.within == list
		s.end()
		return true
	}
	size := marker(text)
	if size == 0 && strings.IndexByte("=+-#>\t", text[0]) < 0 {
		return s.prose(text, indent)
	}
	if indent > 0 {
		return false
	}
	if text[0] == '#' {
		return s.heading(text)
	}
	return size > 0 && text[0] != '+' && s.item(text, size)
}

// prose draws a line of a paragraph.
func (s *scan) prose(text string, indent int) bool {
	if indent > 3 || s.within == list || s.ended && indent > 0 {
		return false // code, or a part of the item
	}
	if s.within == nothing {
		s.p.block()
	}
	s.within, s.ended = paragraph, false
	return s.words(text)
}

// end ends a list or paragraph.
func (s *scan) end() {
	if s.within == list {
		s.p.closeList()
	}
	s.within = nothing
}

func (s *scan) heading(text string) bool {
	words := strings.TrimLeft(text, "#")
	level := len(text) - len(words)
	if level > 6 || len(words) < 2 || words[0] != ' ' || words[1] == ' ' || words[len(words)-1] == '#' {
		return false
	}
	s.end()
	s.ended = false
	s.p.block()
	s.p.style = bold
	ok := s.words(words[1:])
	s.p.style = 0
	return ok
}

// item draws an item whose marker has that size. Only a list that stands alone
// is simple.
func (s *scan) item(text string, size int) bool {
	marker := text[size-1]
	const longest = len("999999999.")
	if size > longest || len(text) < size+2 || text[size] != ' ' || s.within == paragraph || s.within == list && s.marker != marker || s.ended {
		return false
	}
	words := text[size+1:]
	if !letter(words[0]) && words[0] != '`' && !strings.HasPrefix(words, "**") {
		return false // perhaps a block inside of the item
	}
	if s.within != list {
		s.p.block()
		s.p.openList()
		s.within, s.marker = list, marker
		s.number, _ = strconv.Atoi(text[:size-1]) // 0 for bullets
	}
	m := Marker{Kind: Bullet}
	if size > 1 {
		m = Marker{Kind: Number, Number: s.number}
		s.number++ // only the first number counts
	}
	s.p.lists[len(s.p.lists)-1] = m
	return s.words(words)
}

// words draws a line of words.
func (s *scan) words(l string) bool {
	p, base := s.p, s.p.style
	from := 0
	for i := 0; i < len(l); i++ {
		if strings.IndexByte(special, l[i]) < 0 {
			continue
		}
		if l[i] != '`' && l[i] != '*' {
			if !itself(l, i) {
				return false
			}
			continue
		}
		words, size, look := marked(l, i)
		if size == 0 {
			return false
		}
		p.words([]byte(l[from:i]))
		p.style |= look
		p.words([]byte(words))
		p.style = base
		i += size - 1
		from = i + 1
	}
	p.words([]byte(l[from:]))
	p.feed()
	return true
}

// special are the characters that can mean something in a line.
const special = "`*\\[]<~|\t&:_"

// itself tells whether the special character l[i] surely means itself.
func itself(l string, i int) bool {
	inside := i > 0 && i+1 < len(l)
	switch l[i] {
	case '&':
		return i+1 == len(l) || l[i+1] != '#' && !alphanumeric(l[i+1])
	case ':':
		return !strings.HasPrefix(l[i:], "://")
	case '_':
		return inside && alphanumeric(l[i-1]) && alphanumeric(l[i+1])
	}
	return false
}

// marked is the words between the marks at l[i:], the size of it all, and how
// they look; no size if they aren't simple.
func marked(l string, i int) (words string, size int, look style) {
	mark, look := "`", code
	if l[i] == '*' {
		mark, look = "**", bold
	}
	rest, ok := strings.CutPrefix(l[i:], mark)
	end := strings.Index(rest, mark)
	if !ok || end < 1 {
		return "", 0, 0
	}
	words, after := rest[:end], rest[end+len(mark):]
	if look == code {
		ok = words[0] != ' ' && words[end-1] != ' ' && !strings.HasPrefix(after, mark)
	} else {
		ok = (i == 0 || l[i-1] == ' ') && alphanumeric(words[0]) && alphanumeric(words[end-1]) &&
			!strings.ContainsAny(words, special) && (after == "" || strings.Contains(" .,;!?", after[:1]))
	}
	if !ok {
		return "", 0, 0
	}
	return words, 2*len(mark) + end, look
}
