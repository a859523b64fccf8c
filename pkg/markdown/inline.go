package markdown

import (
	"bytes"
	"html"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/yuin/goldmark/ast"
)

func (w *walk) inlines(parent ast.Node) {
	for n := parent.FirstChild(); n != nil && !w.p.full(); n = n.NextSibling() {
		w.inline(n)
	}
}

// levels are the styles of an ast.Emphasis.
var levels = [...]style{1: italic, 2: bold, struckLevel: strike}

func (w *walk) inline(n ast.Node) {
	switch n := n.(type) {
	case *ast.Text:
		w.text(n)
	case *ast.CodeSpan:
		w.styled(n, code)
	case *ast.Emphasis:
		w.styled(n, levels[n.Level])
	case *ast.String:
		w.p.words(n.Value)
	case *ast.AutoLink:
		url := ""
		if n.AutoLinkType == ast.AutoLinkURL {
			url = string(n.URL(w.body))
		}
		w.linked(url, func() { w.p.words(n.Label(w.body)) })
	case *ast.Link:
		w.link(n)
	case *ast.Image:
		w.image(n)
	case *ast.RawHTML:
		w.rawHTML(n)
	default:
		w.inlines(n)
	}
}

func (w *walk) styled(n ast.Node, s style) {
	p := w.p
	before := p.style
	p.style |= s
	w.inlines(n)
	p.style = before
}

// linked draws with a link to url, unless it is part of one already.
func (w *walk) linked(url string, draw func()) {
	p := w.p
	if p.url != "" || url == "" {
		draw()
		return
	}
	p.url = url
	draw()
	p.url = ""
}

// link is a link that says where it leads, if its words say something else.
func (w *walk) link(n *ast.Link) {
	url := w.destination(n.Destination)
	w.linked(url, func() {
		size := len(w.p.text)
		w.inlines(n)
		if host := disguised(string(w.p.text[min(size, len(w.p.text)):]), url); host != "" {
			w.p.words([]byte(" (" + host + ")"))
		}
	})
}

// image is a link to the picture, with the words that describe it.
func (w *walk) image(n *ast.Image) {
	w.linked(w.destination(n.Destination), func() {
		size := len(w.p.text)
		w.inlines(n)
		if len(w.p.text) == size {
			w.p.words([]byte("image"))
		}
	})
}

// destination is an address without the escapes of Markdown.
func (w *walk) destination(raw []byte) string {
	if bytes.IndexByte(raw, '\\') < 0 && bytes.IndexByte(raw, '&') < 0 {
		return string(raw)
	}
	return string(unescaped(nil, raw))
}

// text draws words, and the end of a line: GitHub breaks lines where a writer
// did.
func (w *walk) text(n *ast.Text) {
	segment := n.Segment
	if segment.Start < w.skip {
		segment.Start = min(w.skip, segment.Stop)
	}
	value := segment.Value(w.body)
	switch {
	case w.html.mute != "":
	case n.IsRaw() || w.p.style&code != 0:
		w.p.words(value)
	case w.table:
		w.row(segment.Start, value)
	default:
		w.prose(value)
	}
	if n.SoftLineBreak() || n.HardLineBreak() {
		w.p.feed()
		if w.table {
			w.p.style &^= bold // the first row is the heading
		}
	}
}

// prose draws s without the escapes of Markdown and HTML.
func (w *walk) prose(s []byte) {
	if bytes.IndexByte(s, '\\') < 0 && bytes.IndexByte(s, '&') < 0 {
		w.p.words(s)
		return
	}
	w.p.words(unescaped(nil, s))
}

// row draws the cells of a table that are in s.
func (w *walk) row(start int, s []byte) {
	if start >= w.ruled.Start && start < w.ruled.Stop {
		return
	}
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' {
			i++
			continue
		}
		if s[i] == '|' {
			w.prose(s[:i])
			w.p.cell = true
			s, i = s[i+1:], -1
		}
	}
	w.prose(s)
}

// unescaped appends s to b without the escapes of Markdown and HTML: backslashes
// and character references. https://spec.commonmark.org/0.31.2/#backslash-escapes
func unescaped(b, s []byte) []byte {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && i+1 < len(s) && punctuation(s[i+1]):
			i++
			b = append(b, s[i])
		case c == '&':
			words, size := reference(s[i:])
			b = append(b, words...)
			i += size - 1
		default:
			b = append(b, c)
		}
	}
	return b
}

func punctuation(c byte) bool {
	return strings.IndexByte("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", c) >= 0
}

// reference is what a character reference such as "&amp;" stands for, and its
// size: "&" itself if it is none. One that is a control character is a space.
func reference(s []byte) (string, int) {
	const longest = len("&CounterClockwiseContourIntegral;")
	end := bytes.IndexByte(s[:min(len(s), longest)], ';')
	if end < 2 {
		return "&", 1
	}
	raw := string(s[:end+1])
	words := html.UnescapeString(raw)
	if words == raw || strings.HasSuffix(words, ";") && words != ";" { // only a part was known
		return "&", 1
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == utf8.RuneError || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			return ' '
		}
		return r
	}, words), end + 1
}
