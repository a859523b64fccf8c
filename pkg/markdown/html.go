package markdown

import (
	"bytes"
	"strings"

	"github.com/yuin/goldmark/ast"
)

// htmlState is what tags have said about the words that follow, up to the end
// of the block that they stand in.
type htmlState struct {
	styles [len(marks)]int // how many tags of each style are open
	mute   string          // the open element whose words are not shown
	pre    bool
	link   bool
	lists  []bool // the open lists, and whether their items are numbered
}

// closeHTML ends all elements that are open.
func (w *walk) closeHTML() {
	w.p.lists = w.p.lists[:len(w.p.lists)-len(w.html.lists)]
	w.html = htmlState{}
	w.p.style, w.p.url = 0, ""
}

func (w *walk) rawHTML(n *ast.RawHTML) {
	tag := n.Segments.Value(w.body)
	if bytes.HasPrefix(tag, []byte("<!")) || bytes.HasPrefix(tag, []byte("<?")) {
		return
	}
	w.tag(tag)
}

// htmlBlock draws the words of lines that are HTML.
func (w *walk) htmlBlock(n *ast.HTMLBlock) {
	raw := n.Lines().Value(w.body)
	if n.HasClosure() {
		raw = append(raw, n.ClosureLine.Value(w.body)...)
	}
	for len(raw) > 0 && !w.p.full() {
		open := bytes.IndexByte(raw, '<')
		if open < 0 {
			open = len(raw)
		}
		w.htmlWords(raw[:open])
		raw = raw[open:]
		size := tagLen(raw)
		if size == 0 { // no tag, or one without an end
			size = min(1, len(raw))
			w.htmlWords(raw[:size])
		} else if raw[1] != '!' && raw[1] != '?' {
			w.tag(raw[:size])
		}
		raw = raw[size:]
	}
}

// htmlWords draws words between tags: line ends and runs of space are a space.
func (w *walk) htmlWords(s []byte) {
	switch {
	case w.html.mute != "":
	case w.html.pre:
		for line := range bytes.Lines(s) {
			w.prose(bytes.TrimRight(line, "\n"))
			if bytes.HasSuffix(line, []byte("\n")) {
				w.p.feed()
			}
		}
	default:
		words := bytes.Join(bytes.Fields(s), []byte(" "))
		if len(s) > 0 && space(s[0]) && !w.p.empty() {
			w.p.words([]byte(" "))
		}
		w.prose(words)
		if len(words) > 0 && space(s[len(s)-1]) {
			w.p.words([]byte(" "))
		}
	}
}

func space(c byte) bool { return c == ' ' || c == '\t' || c == '\n' }

// tagLen is the size of the tag, comment or declaration that s begins with; 0
// if it is none. One without an end takes all of s.
func tagLen(s []byte) int {
	switch {
	case len(s) < 2:
		return 0
	case bytes.HasPrefix(s, []byte("<!--")):
		if end := bytes.Index(s, []byte("-->")); end >= 0 {
			return end + len("-->")
		}
		return len(s)
	case !letter(s[1]) && bytes.IndexByte([]byte("/!?"), s[1]) < 0:
		return 0
	}
	if end := tagEnd(s); end > 0 {
		return end
	}
	if end := bytes.IndexByte(s, '>'); end >= 0 { // a quote that is never closed
		return end + 1
	}
	return len(s)
}

// tagEnd is behind the > that ends the tag, which isn't in quotes; 0 if there
// is none.
func tagEnd(s []byte) int {
	quote := byte(0)
	for i, c := range s {
		switch {
		case c == quote:
			quote = 0
		case quote == 0 && (c == '"' || c == '\''):
			quote = c
		case quote == 0 && c == '>':
			return i + 1
		}
	}
	return 0
}

func letter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// elements that look like something, and those that begin a line of their own.
var (
	styled = map[string]style{
		"b": bold, "strong": bold, "summary": bold, "th": bold, "h1": bold, "h2": bold, "h3": bold, "h4": bold, "h5": bold, "h6": bold,
		"i": italic, "em": italic, "s": strike, "del": strike, "strike": strike,
		"code": code, "kbd": code, "samp": code, "tt": code,
	}
	onItsOwn = map[string]bool{
		"p": true, "div": true, "br": true, "hr": true, "ul": true, "ol": true, "li": true, "dl": true, "dt": true, "dd": true,
		"table": true, "tr": true, "summary": true, "details": true, "blockquote": true, "pre": true,
		"h1": true, "h2": true, "h3": true, "h4": true, "h5": true, "h6": true,
	}
	unseen = map[string]bool{"script": true, "style": true, "template": true, "title": true}
)

// tag does what a tag says about the words that follow.
func (w *walk) tag(raw []byte) {
	closes := len(raw) > 1 && raw[1] == '/'
	body := bytes.Trim(raw, "</>")
	end := bytes.IndexFunc(body, func(r rune) bool { return r <= ' ' || r == '/' })
	if end < 0 {
		end = len(body)
	}
	name, attributes := strings.ToLower(string(body[:end])), body[end:]
	if w.html.mute != "" {
		if closes && name == w.html.mute {
			w.html.mute = ""
		}
		return
	}
	if onItsOwn[name] {
		w.p.feed()
	}
	if s := styled[name]; s != 0 {
		w.style(s, closes)
	}
	switch name {
	case "a":
		w.anchor(attributes, closes)
	case "pre":
		w.html.pre = !closes
	case "ul", "ol":
		w.htmlList(name == "ol", closes)
	default:
		if !closes {
			w.opens(name, attributes)
		}
	}
}

// opens does what the beginning of an element says, for those whose end says
// nothing.
func (w *walk) opens(name string, attributes []byte) {
	switch name {
	case "img":
		w.picture(attributes)
	case "li":
		w.htmlItem()
	case "td", "th":
		w.p.cell = true
	default:
		if unseen[name] {
			w.html.mute = name
		}
	}
}

// htmlList opens or closes a list.
func (w *walk) htmlList(numbered, closes bool) {
	p, n := w.p, len(w.html.lists)
	if !closes {
		p.openList()
		w.html.lists = append(w.html.lists, numbered)
	} else if n > 0 {
		p.closeList()
		w.html.lists = w.html.lists[:n-1]
	}
}

func (w *walk) htmlItem() {
	if len(w.html.lists) == 0 {
		w.htmlList(false, false)
	}
	m := &w.p.lists[len(w.p.lists)-1]
	m.Kind = Bullet
	if w.html.lists[len(w.html.lists)-1] {
		m.Kind = Number
		m.Number++
	}
}

// style opens or closes a style, unless another tag or Markdown holds it.
func (w *walk) style(s style, closes bool) {
	for i, m := range marks {
		n := &w.html.styles[i]
		switch {
		case m != s:
		case !closes:
			*n++
			w.p.style |= s
		case *n > 0:
			if *n--; *n == 0 {
				w.p.style &^= s
			}
		}
	}
}

func (w *walk) anchor(attributes []byte, closes bool) {
	p := w.p
	switch {
	case closes && w.html.link:
		p.url, w.html.link = "", false
	case !closes && p.url == "":
		p.url = attribute(attributes, "href")
		w.html.link = p.url != ""
	}
}

// picture is a link to it, as an image of Markdown is.
func (w *walk) picture(attributes []byte) {
	alt := attribute(attributes, "alt")
	if strings.TrimSpace(alt) == "" {
		alt = "image"
	}
	w.linked(attribute(attributes, "src"), func() { w.p.words([]byte(alt)) })
}

// attribute is the value of an attribute; "" if it isn't there.
func attribute(s []byte, name string) string {
	for len(s) > 0 {
		s = bytes.TrimLeft(s, " \t\n/")
		end := bytes.IndexAny(s, "= \t\n")
		if end < 0 {
			return ""
		}
		found := strings.EqualFold(string(s[:end]), name)
		s = bytes.TrimLeft(s[end:], " \t\n")
		if len(s) == 0 || s[0] != '=' {
			continue
		}
		s = bytes.TrimLeft(s[1:], " \t\n")
		var value []byte
		if value, s = attributeValue(s); found {
			return string(unescaped(nil, value))
		}
	}
	return ""
}

// attributeValue is the value that s begins with, without its quotes, and what
// follows.
func attributeValue(s []byte) (value, rest []byte) {
	if len(s) > 0 && (s[0] == '"' || s[0] == '\'') {
		value, rest, _ = bytes.Cut(s[1:], s[:1])
		return value, rest
	}
	end := bytes.IndexAny(s, " \t\n")
	if end < 0 {
		end = len(s)
	}
	return s[:end], s[end:]
}
