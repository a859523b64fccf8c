package markdown

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/yuin/goldmark/parser"
)

// The marks of strict: characters that its words never have.
const (
	boldMark = '\ue001' + iota
	italicMark
	strikeMark
	codeMark
	fenceMark
	linkOpen
	linkMiddle
	linkClose
	quoteMark
)

// strict writes marks that can't be mistaken for words.
func strict(part string) *Dialect {
	words := func(b []byte, s string) []byte {
		for _, r := range s {
			if r < 0xe000 || r > 0xe0ff {
				b = utf8.AppendRune(b, r)
			} else {
				b = append(b, '?')
			}
		}
		return b
	}
	return &Dialect{
		Bold: string(rune(boldMark)), Italic: string(rune(italicMark)), Strike: string(rune(strikeMark)), Code: string(rune(codeMark)),
		Part: part, Fence: string(rune(fenceMark)), Quote: string(rune(quoteMark)), Break: "\n", ItemBreak: "\n",
		Item: chat.Item, Raw: words, URL: chat.URL, Size: utf8.RuneCount,
		Text: func(b []byte, s string, _ rune) []byte { return words(b, s) },
		Link: func(b []byte, s, url string) []byte {
			b = words(utf8.AppendRune(b, linkOpen), url)
			b = words(utf8.AppendRune(b, linkMiddle), s)
			return utf8.AppendRune(b, linkClose)
		},
	}
}

// sound tells what is wrong with the structure of a text in strict.
func sound(s string) error {
	fenced := false
	for line := range strings.SplitSeq(s, "\n") {
		if line == string(rune(fenceMark)) {
			fenced = !fenced
			continue
		}
		if fenced {
			if strings.IndexFunc(line, isMark) >= 0 {
				return fmt.Errorf("marks in a block of code: %q", line)
			}
			continue
		}
		if err := soundLine(line); err != nil {
			return fmt.Errorf("%w: %q", err, line)
		}
	}
	if fenced {
		return fmt.Errorf("a fence is open: %q", s)
	}
	return nil
}

func isMark(r rune) bool { return r >= boldMark && r <= quoteMark }

func soundLine(line string) error {
	var open []rune
	last := '\n'
	for _, r := range line {
		top := rune(0)
		if len(open) > 0 {
			top = open[len(open)-1]
		}
		switch {
		case r == quoteMark && last == '\n':
		case r == linkOpen:
			open = append(open, linkMiddle)
		case r == linkMiddle && top == linkMiddle && last != linkOpen:
			open[len(open)-1] = linkClose
		case r >= boldMark && r <= codeMark && r != top || r == linkOpen:
			open = append(open, r)
		case (r == top && r <= codeMark || r == linkClose && top == linkClose) && isMark(r):
			if r != linkClose && last == r || last == linkMiddle {
				return fmt.Errorf("%U marks nothing", r)
			}
			if r != linkClose && unicode.IsSpace(last) && (last == ' ' || last == '\t') {
				return fmt.Errorf("%U is behind a space", r)
			}
			open = open[:len(open)-1]
		case isMark(r):
			return fmt.Errorf("%U is out of place", r)
		case (r == ' ' || r == '\t') && last >= boldMark && last <= codeMark && last == top:
			return fmt.Errorf("%U is in front of a space", last)
		}
		last = r
	}
	if len(open) > 0 {
		return fmt.Errorf("%U is open", open)
	}
	return nil
}

var wholeTag = regexp.MustCompile(`</?[A-Za-z]+>`)

// seeds are bodies with everything in them, and some that mean harm.
var seeds = []string{
	"# a **b**\n\n- [x] c\n  1. _d_ ~~e~~\n\n> `f` [g](https://h.example)\n\n```go\ni\n```\n| j | k |\n|---|---|\n| l | m |\n",
	"<details><summary>a</summary>\n\n<ul><li>b<li>c</ul><img src='https://d.example' alt=e>\n</details>",
	"> [!NOTE]\n> **a\n> b** <b>c\n> d\\*&amp;&#x200d;🇩🇪👩‍👩‍👧 e\u0301",
	"***a** b* **c*d*e** [**f](https://g.example)** `**` ![](https://h.example)<b>i</b>",
	"https://a.example/_b_*c*~d~ a|b\n--|--\n[^1] **|** c\n\n[^1]: https://d.example",
	"- a\n\n      b\n- > c\n  ```\n  d\n\t1. e\n\n[f]: https://g.example 'h'\n[f] [i][f]",
	"<!-- a --> b <!-- c\n<script>d</script>\n<a href=\"https://e.example\">*f*</a> <td>g<td>h <pre>\n i\n</pre>",
	"@everyone <!channel> <@U1> <at>all</at> {{DATE(x)}} ${y} \u202eevil\u2066 :rocket:",
}

func FuzzRender(f *testing.F) {
	for _, s := range seeds {
		f.Add(s, 30, 60)
		f.Add(s, 800, 3000)
	}
	dialects := []*Dialect{strict("\u200b"), strict(""), Plain}
	f.Fuzz(func(t *testing.T, body string, text, size int) {
		if !utf8.ValidString(body) || strings.ContainsFunc(body, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }) {
			return
		}
		l := Limit{Lines: 6, Text: text % 2000, Size: size % 5000}
		for i, d := range dialects {
			for _, render := range []func(string, *Dialect, Limit) string{Render, RenderPlain} {
				got := render(body, d, l)
				if !utf8.ValidString(got) || utf8.RuneCountInString(got) > max(l.Size, 0) {
					t.Fatalf("%d: %q with %+v is %q", i, body, l, got)
				}
				if again := render(body, d, l); again != got {
					t.Fatalf("%d: %q is once %q and once %q", i, body, got, again)
				}
				if d == Plain {
					if strings.Count(got, "\n") >= l.Lines {
						t.Fatalf("%q has too many lines: %q", body, got)
					}
					continue
				}
				if err := sound(got); err != nil {
					t.Fatalf("%d: %q with %+v: %v", i, body, l, err)
				}
				for _, link := range strings.Split(got, string(rune(linkOpen)))[1:] {
					if !strings.HasPrefix(link, "https://") && !strings.HasPrefix(link, "http://") {
						t.Fatalf("%q has a link to %.50q", body, link)
					}
				}
			}
		}
		// What looks like a tag is one, unless it is code or escaped, or what is
		// left and right of a tag looks like one too.
		if !strings.ContainsAny(body, "`~\\&\t") && !strings.Contains(body, "    ") && !strings.Contains(wholeTag.ReplaceAllString(body, ""), "<") {
			if got := Render(body, Plain, l); wholeTag.MatchString(got) {
				t.Fatalf("%q has a tag: %q", body, got)
			}
		}
	})
}

// deadline is many times what any body may take, since tests share a machine.
const deadline = 2 * time.Second

func TestHostileBodiesAreFast(t *testing.T) {
	const n = 100 << 10
	for _, s := range []string{
		"> ", "- ", "1. ", "1) ", ">", "* ", "> - ", "- > 1. ", "*a ", "**a* ", "*a **a ", "a_b*", "_a *", "*a_", "_*a*", "a**b_c_", "~a*", "~~a_",
		"[", "![", "[a](", "[]", "]", "[a]", "[a]: b\n", "[^a", "[^a]:", "[^a]", "![[]()", "*[a](b)", "**[", "[a](<b", "[a](b ", "`a ``", "`a",
		"<a ", "<b>", "<b><i>", "<ul><li>", "<!--", "<![CDATA[", "<?", "</", "<!x ", "<a href='", "<a href=\"", "<a '>", "<td>", "<pre>",
		"&", "&#", "&amp;", "\\", "|", "|-", "a|b\n-|-\n", "a\n\n", "x\n=\n", "#", "- a\n", "- a\n ", "  - ", "\t- ", "```\n", "~~~\n\n", "https://", "https://a", "http://a(", ":", "://",
		"a", "é", "👩‍", "\u0301", "\u0e33", "🇩", " ", "\n",
	} {
		body := strings.Repeat(s, n/len(s))
		for name, b := range map[string]string{
			"":            body,
			" in a block": "<div>" + body,
			" with feeds": body[:min(len(body), 2000)] + "a" + strings.Repeat("\n", n),
			" and quotes": "> " + body[:min(len(body), 800)] + "\n" + strings.Repeat("> a\n", n/4),
		} {
			start := time.Now()
			Render(b, chat, Limit{Text: 40_000, Size: 40_000})
			if took := time.Since(start); took > deadline {
				t.Errorf("%q%s takes %v", s, name, took)
			}
		}
	}
}

func TestDeepNestingIsCutOff(t *testing.T) {
	stairs := ""
	for i := range 60 {
		stairs += strings.Repeat("  ", i) + "- a\n"
	}
	for name, body := range map[string]string{
		"quotes":   "a *b*\n\n" + strings.Repeat("> ", 10_000) + "c",
		"lists":    "a *b*\n\n" + strings.Repeat("- ", 10_000) + "c",
		"emphasis": "a *b*\n\n" + strings.Repeat("*c ", 10_000),
		"brackets": "a *b*\n\n" + strings.Repeat("[", 10_000),
	} {
		if got := Render(body, chat, roomy); !strings.HasPrefix(got, "a _b_") || !strings.HasSuffix(got, "…") {
			t.Errorf("%s: %.100q", name, got)
		}
	}
	if got := Render(stairs, chat, roomy); strings.Count(got, "a") < 24 {
		t.Errorf("stairs: %q", got)
	}
	if got := Render(strings.Repeat("*", 9000)+"a"+strings.Repeat("*", 9000), chat, Limit{Lines: 6, Text: 50, Size: 90}); utf8.RuneCountInString(got) > 90 {
		t.Errorf("stars: %q", got)
	}
}

func TestTame(t *testing.T) {
	const change = "- **api:** read the [config](https://x.example) once ([#12](https://x.example/12))\n"
	for _, c := range []struct {
		name, in string
		cut      bool
	}{
		{"a long list of changes", strings.Repeat(change, 180), false},
		{"long quotes", "> - " + strings.Repeat("a *b*\n>\n> ", 900), false},
		{"a deep list", strings.Repeat("- ", 15) + strings.Repeat("a", harmless), false},
		{"emphasis", strings.Repeat("*a_", 600), true},
		{"emphasis in lines", strings.Repeat("*a_\n", 600), true},
		{"emphasis in a quote", strings.Repeat("> *a_\n", 600), true},
		{"emphasis behind empty items", strings.Repeat("*a_\n+\n2. \n", 600), true},
		{"emphasis behind indented items", strings.Repeat("*a_\n    - b\n", 600), true},
		{"brackets", strings.Repeat("[]", 600), true},
		{"quotes", "a\n" + strings.Repeat("> ", 600), true},
		{"numbers", "a\n" + strings.Repeat("1) ", 600), true},
		{"indentation", "a\n" + strings.Repeat("\t", 600), true},
	} {
		if got, cut := tame(c.in); cut != c.cut || !cut && got != c.in || !strings.HasPrefix(c.in, got) {
			t.Errorf("%s: %v with %d of %d bytes", c.name, cut, len(got), len(c.in))
		}
	}
}

func TestABodyThatTheParserCannotTakeIsShown(t *testing.T) {
	p := new(page)
	p.reset(roomy)
	p.walk.refs.Context = struct{ parser.Context }{} // any call panics
	p.parse("a *b*")
	if got := p.draw(chat); got != "a *b*" {
		t.Errorf("got %q", got)
	}
}

func TestAllocations(t *testing.T) {
	const prose = "The server panics when the configuration is empty.\nStart it and see."
	const body = "The server **panics** when `config.yaml` is empty.\n\n1. Empty the file\n2. Start it"
	l := Limit{Lines: 6, Text: 800, Size: 3000}
	// Some more than needed: the race detector empties pools.
	for s, most := range map[string]float64{prose: 20, body: 80} {
		if got := testing.AllocsPerRun(100, func() { Render(s, chat, l) }); got > most {
			t.Errorf("%v allocations for %q, not more than %v", got, s, most)
		}
	}
}
