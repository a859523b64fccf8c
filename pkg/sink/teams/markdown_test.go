package teams

import (
	"strings"
	"testing"

	"github.com/sigpost/sigpost/pkg/event"
)

func TestMarkdown(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"styles", "**b** *i* ~~s~~ `c` ***both***", "**b** _i_ s c **_both_**"},
		{"in a word", "foo**bar**baz x*y*z", "foobarbaz xyz"},
		{"heading", "# H **h**\ntext", "**H h**\n\ntext"},
		{"lists", "- a\n  - b\n    1. c\n- [x] d\n\npara\n\n3. e\n4. f", "- a\n- ◦ b\n- \u00a0\u00a01\\. c\n- ☑ d\n\npara\n\n3. e…"},
		{"a list in numbers", "1. a\n   - b\n2. c", "1. a\n\n- ◦ b\n\n2. c"},
		{"a list goes on", "- a\n\n  b\n- c", "- a\n\nb\n\n- c"},
		{"code is words", "```\nif x {\n    - y\n\tz_z()\n}\n```", "if x {\n\n\u00a0\u00a0\u00a0\u00a0\\- y\n\n\u00a0\u00a0\u00a0\u00a0z\\_z\\(\\)\n\n}"},
		{"quote", "> a\n> b", "a\n\nb"},
		{"table", "| a | b |\n|---|---|\n| 1 | 2 |", "**a** · **b**\n\n1 · 2"},
		{"links", "[a](https://x.example/(b)) [*c*](javascript:d) <https://y.example/z_z>", "[a](https://x.example/%28b%29) _c_ [https://y.example/z\\_z](https://y.example/z_z)"},
		{"an entity in an address", "[a](https://x.example/?b&amp;lt;=c)", "[a](https://x.example/?b&lt%3B=c)"},
		{"no image", "see!<https://x.example>", "see\\![https://x.example](https://x.example)"},
		{"mentions and templates", "<at>all</at> &lt;at&gt;all &amp;lt; {~~{DATE(x)}}~~ $`{y}`", "all <\u200bat\\>all &\u200blt; {\u200b{DATE\\(x\\)}} $\u200b{y}"},
		{"marks of its own", "\\# a \\*b\\* \\_c\\_\n\\- d\n1\\. e", "\\# a \\*b\\* \\_c\\_\n\n\\- d\n\n1\\. e"},
		{"marks in marks", "**\\*a\\*** *\\- b*\n*\\- c*", "**\\*a\\*** _- b_\n\n_- c_"},
	} {
		e := &event.Event{Text: event.Text{Body: c.in, Format: event.Markdown}}
		got := excerpt(e, plans[0])

		if got != c.want {
			t.Errorf("%s: %q becomes\n %q, want\n %q", c.name, c.in, got, c.want)
		}
		if err := markdownText(got); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	e := &event.Event{Text: event.Text{Body: "[**a**](https://x.example) b", Format: event.Markdown}}
	if got := excerpt(e, plan{text: 50}); got != "**a** b" {
		t.Errorf("without links: %q", got)
	}
}

func FuzzExcerpt(f *testing.F) {
	f.Add("a **b** _c_\n- d\n  1. e\n> <at>f</at>", 30, true)
	f.Add("{~~{DATE(x)}}~~ $`{y}` [a](https://x.example/(b)) &lt;at> \\- 1\\. # b", 100, false)
	f.Fuzz(func(t *testing.T, body string, text int, links bool) {
		e := &event.Event{Text: event.Text{Body: body, Format: event.Markdown}}
		p := plan{text: max(text%1500, 1), links: links}
		got := excerpt(e, p)
		if got == "" {
			return
		}
		if err := markdownText(got); err != nil {
			t.Fatalf("%q: %v", body, err)
		}
		if !links && strings.Contains(got, "](") {
			t.Fatalf("%q has a link: %q", body, got)
		}
	})
}
