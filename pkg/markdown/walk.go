package markdown

import (
	"bytes"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

// walk goes through what the parser made of a body. It is part of a page for
// its memory.
type walk struct {
	p     *page
	body  []byte
	refs  references
	skip  int // bytes of the body before this are no words
	table bool
	ruled text.Segment // the row of dashes of a table
	html  htmlState
}

func (w *walk) reset() {
	w.p, w.skip, w.table, w.html = nil, 0, false, htmlState{}
}

// document fills p with body.
func (w *walk) document(p *page, body string) {
	w.p = p
	w.body = append(w.body[:0], body...)
	root := grammar().Parse(text.NewReader(w.body), parser.WithContext(w.refs.context()))
	w.blocks(root)
	p.feed()
	w.refs.forget()
}

func (w *walk) blocks(parent ast.Node) {
	for n := parent.FirstChild(); n != nil && !w.p.full(); n = n.NextSibling() {
		w.block(n)
	}
}

func (w *walk) block(n ast.Node) {
	p := w.p
	if n.Kind() != ast.KindListItem && n.Kind() != ast.KindTextBlock {
		p.block()
	}
	switch n := n.(type) {
	case *ast.Heading:
		p.style = bold
		w.inlines(n)
		p.style = 0
	case *ast.Paragraph, *ast.TextBlock:
		w.paragraph(n)
	case *ast.Blockquote:
		p.quotes++
		w.alert(n)
		w.blocks(n)
		p.quotes--
	case *ast.List:
		w.list(n)
	case *ast.CodeBlock, *ast.FencedCodeBlock:
		w.code(n.Lines())
	case *ast.HTMLBlock:
		w.htmlBlock(n)
	case *ast.ThematicBreak, *ast.LinkReferenceDefinition:
	default:
		w.blocks(n)
	}
	p.feed()
	w.closeHTML()
}

func (w *walk) paragraph(n ast.Node) {
	w.table = false
	if lines := n.Lines(); lines.Len() > 1 {
		first, second := lines.At(0), lines.At(1)
		if w.table = isTable(first.Value(w.body), second.Value(w.body)); w.table {
			w.ruled = second
			w.p.style |= bold
		}
	}
	w.inlines(n)
	w.p.style, w.table = 0, false
}

// list draws the items of a list with its markers.
func (w *walk) list(l *ast.List) {
	p := w.p
	number := l.Start
	p.openList()
	for n := l.FirstChild(); n != nil && !p.full(); n = n.NextSibling() {
		m := Marker{Kind: Bullet}
		if l.IsOrdered() {
			m = Marker{Kind: Number, Number: number}
			number++
		}
		if first := n.FirstChild(); first != nil && first.Type() == ast.TypeBlock && first.Lines().Len() > 0 {
			segment := first.Lines().At(0)
			if kind, size := task(segment.Value(w.body)); size > 0 {
				m.Kind = kind
				w.skip = segment.Start + size
			}
		}
		p.lists[len(p.lists)-1] = m
		w.blocks(n)
		p.feed()
	}
	p.closeList()
}

// task is the state of the task that a line describes, and how much of the line
// tells that. https://github.github.com/gfm/#task-list-items-extension-
func task(line []byte) (Kind, int) {
	if len(line) < 4 || line[0] != '[' || line[2] != ']' || line[3] != ' ' && line[3] != '\t' {
		return 0, 0
	}
	switch line[1] {
	case ' ':
		return Open, 4
	case 'x', 'X':
		return Done, 4
	}
	return 0, 0
}

// code draws lines of code: with the indentation they have, without empty ones
// around them.
func (w *walk) code(lines *text.Segments) {
	p := w.p
	p.fences++
	p.line.fence = p.fences
	last := lines.Len()
	for last > 0 {
		if segment := lines.At(last - 1); len(bytes.TrimSpace(segment.Value(w.body))) > 0 {
			break
		}
		last--
	}
	for i := 0; i < last && !p.full(); i++ {
		segment := lines.At(i)
		value := bytes.TrimRight(segment.Value(w.body), " \t\n")
		if len(value) > 0 || i > 0 {
			p.words(value)
			p.feed()
		}
	}
	p.line.fence = 0
}

// alerts are the first lines of quotes that GitHub draws as boxes.
// https://docs.github.com/get-started/writing-on-github/getting-started-with-writing-and-formatting-on-github/basic-writing-and-formatting-syntax#alerts
var alerts = map[string]string{
	"[!NOTE]": "Note", "[!TIP]": "Tip", "[!IMPORTANT]": "Important", "[!WARNING]": "Warning", "[!CAUTION]": "Caution",
}

// alert draws the name of the box that a quote is, if it is one.
func (w *walk) alert(n ast.Node) {
	first, ok := n.FirstChild().(*ast.Paragraph)
	if !ok || first.Lines().Len() == 0 {
		return
	}
	segment := first.Lines().At(0)
	name, ok := alerts[string(bytes.TrimSpace(segment.Value(w.body)))]
	if !ok {
		return
	}
	w.skip = segment.Stop
	w.p.style = bold
	w.p.words([]byte(name))
	w.p.style = 0
	w.p.feed()
}

// isTable tells whether the first two lines of a paragraph begin a table: a row
// and a row of dashes. https://github.github.com/gfm/#tables-extension-
func isTable(row, rule []byte) bool {
	row, rule = bytes.TrimSpace(row), bytes.TrimSpace(rule)
	if !bytes.Contains(row, []byte("|")) || !bytes.Contains(rule, []byte("|")) || !bytes.Contains(rule, []byte("-")) {
		return false
	}
	return len(bytes.Trim(rule, "|-: \t")) == 0
}
