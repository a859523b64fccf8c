package markdown

import (
	"strings"
	"sync"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// grammar is CommonMark with GitHub's strikethrough and bare addresses. Tables,
// tasks and footnotes are found while walking: goldmark's own extensions would
// double the time that a program needs to start, since they compile regular
// expressions and bring the HTML renderer.
var grammar = sync.OnceValue(func() parser.Parser {
	return parser.NewParser(
		parser.WithBlockParsers(parser.DefaultBlockParsers()...),
		parser.WithInlineParsers(append(parser.DefaultInlineParsers(),
			util.Prioritized(footnote{}, 150), // before links
			util.Prioritized(struck{}, 500),
			util.Prioritized(address{}, 600),
		)...),
		parser.WithParagraphTransformers(util.Prioritized(definitions{}, 100)),
	)
})

// parse fills the page with what Markdown says. A body that the parser can't
// take is shown as it stands: better an ugly message than none.
func (p *page) parse(body string) {
	sound, cut := tame(body)
	p.more = p.more || cut
	defer func() {
		if recover() != nil {
			more := p.more
			p.reset(p.limit)
			p.more, p.walk = more, walk{}
			p.plain(body)
		}
	}()
	p.walk.document(p, sound)
}

// The parser is quadratic, in parts cubic, in how deep blocks are nested and in
// how many marks of emphasis or brackets one block has. A body is read up to
// the line where it has more of them than anyone writes.
const (
	maxDepth = 24
	maxMarks = 1000
	harmless = 256 // bytes that can't have enough of either
)

// tame is the lines of s that the parser can take in reasonable time, and
// whether that isn't all.
func tame(s string) (sound string, cut bool) {
	if len(s) <= harmless {
		return s, false
	}
	at, marks := 0, 0
	for line := range strings.Lines(s) {
		o := outline(line)
		if o.begins {
			marks = 0
		}
		for i := range len(o.rest) {
			switch o.rest[i] {
			case '*', '_', '~', '[', ']':
				marks++
			}
		}
		if o.depth > maxDepth || marks > maxMarks {
			return s[:at], true
		}
		at += len(line)
	}
	return s, false
}

// outlined is what a line begins with.
type outlined struct {
	depth  int    // of quotes, lists and indentation
	begins bool   // it surely ends the block above
	rest   string // what follows
}

func outline(line string) (o outlined) {
	spaces, item := 0, false
	o.rest = line
	for o.rest != "" {
		size := 1
		switch o.rest[0] {
		case ' ':
			spaces++
		case '\t':
			spaces += 4
		case '>':
			o.depth++
		default:
			if size = marker(o.rest); size > 0 {
				o.depth++
			}
			item = item || size == 1 && spaces < 4
		}
		if size == 0 {
			break
		}
		o.rest = o.rest[size:]
	}
	// An item without words doesn't end a paragraph.
	blank := strings.TrimSpace(o.rest) == ""
	o.begins = blank && strings.Trim(line, "> \t\n") == "" || !blank && item
	o.depth += spaces / 4
	return o
}

// marker is the size of the bullet or number that s begins with; 0 if it is
// none.
func marker(s string) int {
	switch digits := len(s) - len(strings.TrimLeft(s, "0123456789")); {
	case digits > 0 && digits < len(s) && (s[digits] == '.' || s[digits] == ')'):
		return digits + 1
	case strings.IndexByte("-*+", s[0]) < 0, len(s) > 1 && s[1] > ' ':
		return 0
	}
	return 1
}

// struckLevel is the level of an ast.Emphasis that is struck through.
const struckLevel = 3

// struck finds ~~text~~ and ~text~.
// https://github.github.com/gfm/#strikethrough-extension-
type struck struct{}

func (struck) Trigger() []byte { return []byte{'~'} }

func (s struck) Parse(_ ast.Node, block text.Reader, pc parser.Context) ast.Node {
	before := block.PrecendingCharacter()
	line, segment := block.PeekLine()
	node := parser.ScanDelimiter(line, before, 1, s)
	if node == nil || node.OriginalLength > 2 || before == '~' {
		return nil
	}
	node.Segment = segment.WithStop(segment.Start + node.OriginalLength)
	block.Advance(node.OriginalLength)
	pc.PushDelimiter(node)
	return node
}

func (struck) IsDelimiter(b byte) bool { return b == '~' }

func (struck) CanOpenCloser(opener, closer *parser.Delimiter) bool {
	return opener.Char == closer.Char && opener.OriginalLength == closer.OriginalLength
}

func (struck) OnMatch(int) ast.Node { return ast.NewEmphasis(struckLevel) }
