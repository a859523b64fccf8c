package markdown

import (
	"fmt"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// chat is a dialect that has everything.
var chat = &Dialect{
	Bold: "*", Italic: "_", Strike: "~", Code: "`", Part: "¦", Fence: "```", Quote: "> ",
	Break: "\n", ItemBreak: "\n", Gap: "\n\n",
	Item: func(b []byte, m Marker) []byte { return append(append(b, m.Indent("  ")...), m.Glyph()...) },
	Text: Plain.Text,
	Raw:  func(b []byte, words string) []byte { return append(b, words...) },
	URL: func(address string) string {
		if strings.HasPrefix(address, "https://") || strings.HasPrefix(address, "http://") {
			return address
		}
		return ""
	},
	Link: func(b []byte, words, url string) []byte { return append(b, "<"+url+"|"+words+">"...) },
	Size: utf8.RuneCount,
}

// bare has no marks for letters to touch, and no blocks of code.
var bare = &Dialect{
	Bold: "**", Italic: "_", Break: "//", ItemBreak: "/",
	Item: chat.Item, Text: chat.Text, URL: chat.URL, Link: chat.Link, Size: chat.Size,
}

var roomy = Limit{Text: 10_000, Size: 10_000}

func TestRender(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"emphasis", "**b** __b__ *i* _i_ ~~s~~ ~s~ ***both***", "*b b* _i i_ ~s s~ *_both_*"},
		{"emphasis in emphasis", "**bold _both_ bold**", "*bold _both_ bold*"},
		{"emphasis over lines", "**one\ntwo**", "*one*\n*two*"},
		{"emphasis in a word", "foo**bar**baz", "foo¦*bar*¦baz"},
		{"emphasis side by side", "**a**_b_", "*a*¦_b_"},
		{"no emphasis", "2 * 3 * 4, snake_case_name, a ~ b, **open", "2 * 3 * 4, snake_case_name, a ~ b, **open"},
		{"space stays outside", "a **&#32;b&#32;** c", "a *b* c"},
		{"code", "`a *b* <c>` and ``d`e``", "`a *b* <c>` and `d`e`"},
		{"code side by side", "`a` `b`", "`a` `b`"},
		{"code over lines", "`a\nb`", "`a b`"},
		{"heading", "# One\n\nTwo **x**\n===\n\n### Three ###", "*One*\n\n*Two x*\n\n*Three*"},
		{"soft and hard breaks", "a\nb  \nc\\\nd", "a\nb\nc\nd"},
		{"paragraphs", "a\n\n\n\nb", "a\n\nb"},
		{"quote", "> a\n> b\n\nc", "> a\n> b\n\nc"},
		{"quote in a quote", "> a\n> > b", "> a\n\n> b"},
		{"alert", "> [!WARNING]\n> Hot", "> *Warning*\n\n> Hot"},
		{"no alert", "> [!ODD] a", "> [!ODD] a"},
		{"list", "- a\n- b\n* c\n+ d", "• a\n• b\n\n• c\n\n• d"},
		{"nested list", "- a\n  - b\n    - c\n- d", "• a\n  ◦ b\n    ◦ c\n• d"},
		{"numbers", "3. a\n3. b\n   1. c\n", "3. a\n4. b\n  1. c"},
		{"list goes on", "- a\n  b\n\n  c\n- d", "• a\n  b\n\n  c\n• d"},
		{"tasks", "- [ ] a\n- [x] b\n- [X] c\n- [y] d\n- [x]e\n\n1. [ ] f", "☐ a\n☑ b\n☑ c\n• [y] d\n• [x]e\n\n☐ f"},
		{"empty items", "-\n- a\n-", "• a"},
		{"quote in a list", "- > a\n- b", "> • a\n• b"},
		{"fence", "a\n```go\nif x {\n\n\ty()\n}\n\n```\nb", "a\n\n```\nif x {\n\n\ty()\n}\n```\n\nb"},
		{"fence without end", "~~~\na *b*", "```\na *b*\n```"},
		{"two fences", "```\na\n```\n```\nb\n```", "```\na\n```\n\n```\nb\n```"},
		{"indented code", "a\n\n    b\n      c", "a\n\n```\nb\n  c\n```"},
		{"link", "[a **b** c](https://x.example/y \"title\")", "<https://x.example/y|a b c>"},
		{"bold link", "**[a](https://x.example)** [**b**](https://x.example)", "*<https://x.example|a> <https://x.example|b>*"},
		{"link by reference", "[a][r] [r] [b][]\n\n[r]: https://x.example\n[B]: <https://y.example>", "<https://x.example|a> <https://x.example|r> <https://y.example|b>"},
		{"unsafe links", "[a](javascript:alert(1)) [b](/rel) [c](#top) [d](data:x) [e](<mailto:x@y>)", "a b c d e"},
		{"escaped address", "[a](https://x.example/\\(b\\)?c&amp;d)", "<https://x.example/(b)?c&d|a>"},
		{"link without words", "[](https://x.example) b", "b"},
		{"image", "![shot](https://x.example/i.png) ![](https://x.example/i.png) ![x](i.png)", "<https://x.example/i.png|shot> <https://x.example/i.png|image> x"},
		{"badge", "[![CI](https://x.example/b.svg)](https://x.example/ci)", "<https://x.example/ci|CI>"},
		{"angle addresses", "<https://x.example/a_b> <me@x.example>", "<https://x.example/a_b|https://x.example/a_b> me@x.example"},
		{"bare addresses", "https://x.example/_a_?b=(c), (https://y.example/d). http://z.example/e**f**", "<https://x.example/_a_?b=(c)|https://x.example/_a_?b=(c)>, (<https://y.example/d|https://y.example/d>). <http://z.example/e**f|http://z.example/e**f>**"},
		{"no addresses", "xhttps://a.example https:// ftp://b.example `https://c.example` [d https://d.example](https://e.example)", "xhttps://a.example https:// ftp://b.example `https://c.example` <https://e.example|d https://d.example (e.example)>"},
		{"table", "| a | b |\n|---|:-:|\n| 1 | `2` |\n| [3](https://x.example) | 4 \\| 5 |\n| 6 |", "*a* · *b*\n1 · `2`\n<https://x.example|3> · 4 | 5\n6"},
		{"bare table", "a | b\n-- | --\nc | d", "*a* · *b*\nc · d"},
		{"no table", "a | b\nc | d", "a | b\nc | d"},
		{"footnote", "a[^1] b[^n] [^c]\n\n[^1]: One note\n[^n]: Word", "a[1] b[n] [^c]\n\n[1]: One note\n[n]: Word"},
		{"references", "&amp; &lt;b&gt; &copy; &#65;&#x42; &nope; &ampx; &#12x; &", "& <b> © AB &nope; &ampx; &#12x; &"},
		{"control characters by reference", "a&#0;b&#7;c&#10;d&#x202e;e", "a b c d e"},
		{"escapes", "\\*a\\* \\[b\\] \\q \\\\", "*a* [b] \\q \\"},
		{"shortcodes stay", ":rocket: :+1:", ":rocket: :+1:"},
		{"rule", "a\n\n---\n\nb", "a\n\nb"},
	} {
		if got := Render(c.in, chat, roomy); got != c.want {
			t.Errorf("%s: %q becomes\n %q, want\n %q", c.name, c.in, got, c.want)
		}
	}
}

func TestRenderHTML(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"comments", "a <!-- b\nc --> d\n\n<!-- e\n\nf -->\n\ng", "a d\n\ng"},
		{"comment without end", "a\n\n<!-- b\n\nc", "a"},
		{"tags in a line", "<b>a</b> <em>b</em> <kbd>c</kbd> <del>d</del> <span class=\"x\">e</span> <b>f", "*a* _b_ `c` ~d~ e *f*"},
		{"a style ends with its block", "<b>a\n\nb", "*a*\n\nb"},
		{"tags of another block", "<b>a\n\n<b>b</b> c <script>d\n\ne", "*a*\n\n*b* c\n\ne"},
		{"break", "a<br>b<br/>c", "a\nb\nc"},
		{"image", `<img width="9" alt="a shot" src="https://x.example/i.png" /> <img src='https://x.example/j.png'>`, "<https://x.example/i.png|a shot> <https://x.example/j.png|image>"},
		{"anchor", `<a href="https://x.example/?a&amp;b">c *d*</a> <a name=x>e</a> <a href="javascript:x">f</a>`, "<https://x.example/?a&b|c d> e f"},
		{"details", "<details>\n<summary>More</summary>\n\ntext\n\n</details>", "*More*\n\ntext"},
		{"block", "<div>\n<p>a &amp; b</p>\n<ul>\n<li>c</li>\n<li><p>d</p></li></ul><ol><li>e<li>f</ol></div>", "a & b\n• c\n• d\n1. e\n2. f"},
		{"table", "<table>\n<tr><th>a</th><th>b</th></tr>\n<tr><td>1</td><td>2</td></tr>\n</table>", "*a* · *b*\n1 · 2"},
		{"pre", "<pre>\na\n  b\n</pre>", "a\nb"},
		{"unseen", "<script>alert(1)</script>\n\n<style>\n.a{}\n</style>\n\na <script>b</script> c", "a c"},
		{"no tag", "a < b > c <3 <- <>", "a < b > c <3 <- <>"},
		{"tag without end", "<div>a</div\n<b class='x\n\ny", "a\n\ny"},
		{"doctype", "<!DOCTYPE html>\n<?php x ?>\n\na", "a"},
	} {
		if got := Render(c.in, chat, roomy); got != c.want {
			t.Errorf("%s: %q becomes\n %q, want\n %q", c.name, c.in, got, c.want)
		}
	}
}

func TestRenderWithoutWhatADialectLacks(t *testing.T) {
	for in, want := range map[string]string{
		"foo**bar**baz **a** (_b_) x_y_z **a**b": "foobarbaz **a** (_b_) x_y_z ab",
		"é**a**é 汉**a**。 “**a**”":                "éaé 汉a。 “**a**”",
		"~~a~~ `b` **c `d`** `e`**f**":           "a b **c d** ef",
		"- a\n- b\n\nc\n\n1. d\n\n   e\n2. f":    "• a/• b//c//1. d//  e//2. f",
		"```\na\nb\n```\n> c":                    "a//b//c",
		"- a\n\n1. b":                            "• a//1. b",
	} {
		if got := Render(in, bare, roomy); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
	const body = "# a\n**b** [c](https://x.example) ~~d~~ `e`\n- f\n  - [x] g"
	if got, want := Render(body, Plain, roomy), "a\n\nb c d e\n\n• f\n  ☑ g"; got != want {
		t.Errorf("plain: %q, want %q", got, want)
	}
}

func TestRenderPlain(t *testing.T) {
	for in, want := range map[string]string{
		"**as** <b>it</b> &amp; is": "**as** <b>it</b> &amp; is",
		"  a\n\tb\n\n\n  \nc\n":     "  a\n\tb\n\nc",
		"":                          "",
		" \n\u200b\n":               "",
	} {
		if got := RenderPlain(in, chat, roomy); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
}

// simpleBodies are read without the parser.
var simpleBodies = []string{
	"It fails (again), since v1.2 - see the log!\nA 2nd line: 5+5=10, #12 is old; \"so\" it's 'fine' @you > me.\n\n\nEnd ",
	"a\n1 b\n12\n   indent\n", "", "\n\n", "R & D, snake_case_name",
	"The server **panics** when `config.yaml` is empty.\n\n1. Empty the file\n2. Start it",
	"## Changes\n- Parser **fixed**, `a_b*c` new\n- Second\n# End\n\n* one\n* two\n\ntext",
	"3) a\n3) b\n\n**a** **b c**, `d` `e`", "# **a** `b`\n**c**",
}

// notSimple are bodies that only look so.
var notSimple = []string{
	"a *b*", "a_b_ c", "_a_", "- a\n- - b", "- a\nb", "- a\n\n- b", "a\n- b", "a\n2. b", "- a\n* b", "- [ ] a", "a\n===", "a\n---", "1. a\n\n   b", "1. a\n\n\n   b",
	"    a", "\ta", "a `b", "``a``", "` a `", "[a", "a\\", "&amp;", "<b", "> a", "~a", "a | b", "https://x.example", "**a", "a**b**c", "** a **", "**a *b* c**",
	"# a #", "####### a", "#a", "- # a", "-", "- ", "***a***", "**a**b", "+ a", "1234567890. a", "- a\n  b", "* * *", "- 1. a", "```\na\n```", "**a\nb**", "- **",
}

func TestSimpleBodiesSkipTheParser(t *testing.T) {
	p := new(page)
	for want, bodies := range map[bool][]string{true: simpleBodies, false: notSimple} {
		for _, body := range bodies {
			p.reset(roomy)
			if got := p.simple(body); got != want {
				t.Errorf("simple(%q) is %v", body, got)
			}
			if err := sameReading(body); err != nil {
				t.Error(err)
			}
		}
	}
}

// sameReading tells where simple and the parser differ about a body that is
// simple.
func sameReading(body string) error {
	if _, cut := tame(body); cut { // the parser isn't asked
		return nil
	}
	for _, l := range []Limit{roomy, {Lines: 6, Text: 40, Size: 99}} {
		quick, slow := new(page), new(page)
		quick.reset(l)
		slow.reset(l)
		if !quick.simple(body) {
			return nil
		}
		slow.parse(body)
		for _, d := range []*Dialect{strict("\u200b"), bare} {
			if a, b := quick.draw(d), slow.draw(d); a != b {
				return fmt.Errorf("%q is read as\n %q, and by the parser as\n %q", body, a, b)
			}
		}
	}
	return nil
}

func FuzzSimple(f *testing.F) {
	for _, body := range append(simpleBodies, notSimple...) {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		if !utf8.ValidString(body) || strings.ContainsFunc(body, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }) {
			return
		}
		if err := sameReading(body); err != nil {
			t.Fatal(err)
		}
	})
}

func TestABodyLeavesNothingForTheNext(t *testing.T) {
	for range 20 { // the race detector has pools forget
		Render("[r] <b>a\n\n[r]: https://x.example", chat, roomy)
		if got := Render("[r] `b`", chat, roomy); got != "[r] `b`" {
			t.Fatalf("got %q", got)
		}
	}
}
