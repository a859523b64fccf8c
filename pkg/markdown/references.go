package markdown

import (
	"bytes"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// references is a parser's context that is used again for the next body, with
// the links that the body defines in other places.
type references struct {
	parser.Context
	known map[string]parser.Reference
}

// context is r, ready for a body.
func (r *references) context() parser.Context {
	if r.Context == nil {
		r.Context = parser.NewContext()
		r.known = map[string]parser.Reference{}
	}
	return r
}

// forget drops all that a body left.
func (r *references) forget() {
	clear(r.known)
	if r.LastDelimiter() != nil {
		r.Context = nil
		return
	}
	r.SetOpenedBlocks(nil)
	for key := range parser.ContextKeyMax + 1 {
		r.Set(key, nil)
	}
}

// AddReference keeps the first of several with the same label.
func (r *references) AddReference(ref parser.Reference) {
	key := util.ToLinkReference(ref.Label())
	if _, ok := r.known[key]; !ok {
		r.known[key] = ref
	}
}

// Reference finds what AddReference has kept.
func (r *references) Reference(label string) (parser.Reference, bool) {
	ref, ok := r.known[label]
	return ref, ok
}

// definitions takes link definitions out of paragraphs. Most have none, which
// the first character tells.
type definitions struct{}

func (definitions) Transform(n *ast.Paragraph, r text.Reader, pc parser.Context) {
	if n.Lines().Len() == 0 {
		return
	}
	segment := n.Lines().At(0)
	if bytes.HasPrefix(bytes.TrimLeft(segment.Value(r.Source()), " "), []byte("[")) {
		parser.LinkReferenceParagraphTransformer.Transform(n, r, pc)
	}
}

// footnote finds [^1] where the body has that note, which is drawn as [1].
// https://docs.github.com/get-started/writing-on-github/getting-started-with-writing-and-formatting-on-github/basic-writing-and-formatting-syntax#footnotes
type footnote struct{}

func (footnote) Trigger() []byte { return []byte{'['} }

// maxLabel is the bytes of a footnote's label, with brackets.
const maxLabel = 32

func (footnote) Parse(_ ast.Node, block text.Reader, _ parser.Context) ast.Node {
	line, _ := block.PeekLine()
	if !bytes.HasPrefix(line, []byte("[^")) {
		return nil
	}
	end := bytes.IndexAny(line[:min(len(line), maxLabel)], "] ")
	if end < len("[^1") || line[end] != ']' {
		return nil
	}
	label := line[:end+1]
	if !bytes.Contains(block.Source(), append(bytes.Clone(label), ':')) {
		return nil
	}
	block.Advance(len(label))
	return ast.NewString(append([]byte("["), label[len("[^"):]...))
}
