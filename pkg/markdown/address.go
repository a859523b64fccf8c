package markdown

import (
	"bytes"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

// address finds bare http and https addresses. Others that GitHub finds
// (www., mail) are left as words.
// https://github.github.com/gfm/#autolinks-extension-
type address struct{}

// Trigger is the colon of the scheme, which is rarer than what comes before an
// address: the scheme itself is words already and is taken back.
func (address) Trigger() []byte { return []byte{':'} }

func (address) Parse(parent ast.Node, block text.Reader, pc parser.Context) ast.Node {
	line, segment := block.PeekLine()
	if !bytes.HasPrefix(line, []byte("://")) || pc.IsInLinkLabel() {
		return nil
	}
	words, ok := parent.LastChild().(*ast.Text)
	if !ok || words.Segment.Stop != segment.Start || words.SoftLineBreak() || words.HardLineBreak() {
		return nil
	}
	scheme := schemeLen(words.Segment.Value(block.Source()))
	if scheme == 0 {
		return nil
	}
	n := addressLen(line[len("://"):])
	if n == 0 {
		return nil
	}
	start, end := segment.Start-scheme, segment.Start+len("://")+n
	if words.Segment.Stop -= scheme; words.Segment.IsEmpty() {
		parent.RemoveChild(parent, words)
	}
	block.Advance(len("://") + n)
	return ast.NewAutoLink(ast.AutoLinkURL, ast.NewTextSegment(text.NewSegment(start, end)))
}

// schemeLen is the length of a scheme that ends s and begins a word.
func schemeLen(s []byte) int {
	for _, scheme := range []string{"https", "http"} {
		n := len(s) - len(scheme)
		if n < 0 || string(s[n:]) != scheme {
			continue
		}
		if n == 0 || !alphanumeric(s[n-1]) {
			return len(scheme)
		}
	}
	return 0
}

func alphanumeric(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z'
}

// addressLen is how much of s belongs to an address: up to what can't be part
// of one, less the punctuation that ends a sentence and a parenthesis that
// isn't its own.
func addressLen(s []byte) int {
	n := bytes.IndexAny(s, " \t\r\n<>\"|`\\")
	if n < 0 {
		n = len(s)
	}
	opened, closed := bytes.Count(s[:n], []byte("(")), bytes.Count(s[:n], []byte(")"))
	for ; n > 0; n-- {
		switch s[n-1] {
		case ')':
			if closed <= opened {
				return n
			}
			closed--
		case '?', '!', '.', ',', ':', ';', '*', '_', '~', '\'', ']':
		default:
			return n
		}
	}
	return 0
}
