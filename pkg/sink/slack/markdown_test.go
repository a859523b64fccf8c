package slack

import (
	"strings"
	"testing"

	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/markdown"
	"github.com/sigpost/sigpost/pkg/sink"
)

func TestMarkdown(t *testing.T) {
	const z = zeroWidth
	for _, c := range []struct{ name, in, slack, both string }{
		{"styles", "**b** *i* ~~s~~ `c`", "*b* _i_ ~s~ `c`", "*b* _i_ s `c`"},
		{"in a word", "foo**bar**baz", "foo" + z + "*bar*" + z + "baz", "foo" + z + "*bar*" + z + "baz"},
		{"heading, list, tasks", "# H\n- a\n  - b\n- [x] c\n\n1. d", "*H*\n• a\n    ◦ b\n☑ c\n1. d", "*H*\n• a\n    ◦ b\n☑ c\n1. d"},
		{"code", "```\nif a < b && c > \"`\" {\n```\n`x<y>`", "```\nif a &lt; b &amp;&amp; c &gt; \"'\" {\n```\n`x&lt;y&gt;`", "```\nif a &lt; b &amp;&amp; c &gt; \"'\" {\n```\n`x&lt;y&gt;`"},
		{"no end of a fence", "~~~\n```\n~~~", "```\n'''\n```", "```\n'''\n```"},
		{"quote", "> a > b\n\n\\> c", "> a &gt; b\n" + z + "&gt; c", "> a &gt; b\n" + z + "&gt; c"},
		{"links", "[a|b](https://x.example/?c&d) [e](javascript:f) https://y.example", "<https://x.example/?c&amp;d|a¦b> e <https://y.example|https://y.example>", "a|b e https://y.example"},
		{"long address", "[a](https://x.example/?" + strings.Repeat("&", 900) + ")", "a", "a"},
		{"image", "![shot](https://x.example/i.png)", "<https://x.example/i.png|shot>", "shot"},
		{"mentions", "<!channel> &lt;!here&gt; <@U1> `<!channel>` @user @everyone", "&lt;!channel&gt; &lt;!here&gt; &lt;@U1&gt; `&lt;!channel&gt;` @user @everyone", "&lt;!channel&gt; &lt;!here&gt; &lt;@U1&gt; `&lt;!channel&gt;` @user @everyone"},
		{"marks of its own", "\\*a\\* \\_b\\_ c\\`d \\~e", z + "*" + z + "a" + z + "*" + z + " " + z + "_" + z + "b" + z + "_" + z + " c" + z + "`" + z + "d " + z + "~" + z + "e", ""},
		{"a link for Discord", "\\[a](https://x.example) **[b**](https://x.example)", "", "[a]" + z + "(https://x.example) " + z + "*" + z + z + "*" + z + "b" + z + "*" + z + z + "*" + z},
		{"right to left", "**שלום** [עולם](https://x.example)", "*שלום* <https://x.example|עולם>", "*שלום* עולם"},
	} {
		text := event.Text{Body: c.in, Format: event.Markdown}
		l := markdown.Limit{Lines: sink.ExcerptLines, Text: 500, Size: 500}
		if got := sink.Draw(text, dialect, l); c.slack != "" && got != c.slack {
			t.Errorf("%s: %q becomes\n %q, want\n %q", c.name, c.in, got, c.slack)
		}
		if got := sink.Draw(text, shared, l); c.both != "" && got != c.both {
			t.Errorf("%s, as attachment: %q becomes\n %q, want\n %q", c.name, c.in, got, c.both)
		}
	}
}

func TestExcerptHasTheRoomThatIsLeft(t *testing.T) {
	body := strings.Repeat("[**&amp;&lt;**](https://example.com/"+strings.Repeat("a", 400)+") ", 200)
	e := event.Event{Title: "t", Text: event.Text{Body: body, Format: event.Markdown}}
	for _, format := range []string{FormatBlocks, FormatAttachment} {
		s := newSink(t, format)
		for _, m := range []sink.Message{s.Render(&e), s.RenderReduced(&e)} {
			if err := check(m.Body); err != nil {
				t.Errorf("%s: %v", format, err)
			}
			if !strings.Contains(string(m.Body), "&amp;&lt;") {
				t.Errorf("%s: nothing of the text is left: %.400s", format, m.Body)
			}
		}
	}
}

func FuzzExcerpt(f *testing.F) {
	f.Add("# a **b** _c_\n- d\n  1. e\n> <!channel>\n```\n`f` & <g>\n```", 60, 90)
	f.Add("[a|b](https://x.example/?<c>&d) \\[e](f) `a``b` https://y.example|z> ***g**h*", 800, 3000)
	f.Fuzz(func(t *testing.T, body string, text, size int) {
		l := markdown.Limit{Lines: sink.ExcerptLines, Text: text % 1000, Size: size % 4000}
		for _, d := range []*markdown.Dialect{dialect, shared} {
			got := sink.Draw(event.Text{Body: body, Format: event.Markdown}, d, l)
			if err := within("excerpt", got, 0, max(l.Size, 0)); err != nil {
				t.Fatalf("%q: %v", body, err)
			}
			if strings.Count(got, "```")%2 != 0 {
				t.Fatalf("%q leaves a fence open: %q", body, got)
			}
			if d == shared && strings.Contains(got, "](") && !strings.Contains(got, "`") {
				t.Fatalf("%q has a Markdown link: %q", body, got)
			}
		}
	})
}
