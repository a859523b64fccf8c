package markdown

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestCut(t *testing.T) {
	long := strings.Repeat("word ", 30) + "word"
	for _, c := range []struct {
		name, in string
		l        Limit
		want     string
	}{
		{"fits", "**a** b", Limit{Lines: 6, Text: 3, Size: 10}, "*a* b"},
		{"lines", "1\n2\n3", Limit{Lines: 2, Text: 99, Size: 99}, "1\n2…"},
		{"lines of code", "```\n1\n2\n\n3\n```\nb", Limit{Lines: 2, Text: 99, Size: 99}, "```\n1\n2…\n```"},
		{"a word", "one two three four", Limit{Text: 16, Size: 99}, "one two three…"},
		{"a sentence", "Some words. Others follow here and go on for longer", Limit{Text: 24, Size: 99}, "Some words. …"},
		{"in bold", "a **" + long + "**", Limit{Text: 14, Size: 99}, "a *word word*…"},
		{"in both", "a ***" + long + "*** b", Limit{Text: 14, Size: 99}, "a *_word word_*…"},
		{"in code", "a `" + long + "` b", Limit{Text: 14, Size: 99}, "a `word word`…"},
		{"in a link", "a [" + long + "](https://x.example) b", Limit{Text: 14, Size: 99}, "a <https://x.example|word word>…"},
		{"in a fence", "```\n" + long + "\n```\nb", Limit{Text: 14, Size: 99}, "```\nword word…\n```"},
		{"in a quote", "> " + long, Limit{Text: 14, Size: 99}, "> word word…"},
		{"in a list", "- a\n- **" + long + "**", Limit{Text: 14, Size: 99}, "• a\n• *word word*…"},
		{"before a line", "Some words\n**" + strings.Repeat("x", 50), Limit{Text: 13, Size: 99}, "Some words…"},
		{"no half references", "a &amp;&amp;&amp;&amp;&amp;&amp; b", Limit{Text: 6, Size: 99}, "a &&…"},
		{"emoji", "ab 👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦 *b*", Limit{Text: 14, Size: 99}, "ab 👩‍👩‍👧‍👦…"},
		{"flags", "*a* 🇩🇪🇩🇪🇩🇪🇩🇪🇩🇪", Limit{Text: 8, Size: 99}, "_a_ 🇩🇪🇩🇪…"},
		{"combined over marks", "ab**c**\u0301 d*e*", Limit{Text: 6, Size: 99}, "ab¦*c*¦\u0301…"},
		{"right to left", "**שלום עולם** " + strings.Repeat("שלום ", 9), Limit{Text: 14, Size: 99}, "*שלום עולם*…"},
		{"more", "a *b*", Limit{Text: 99, Size: 99, More: true}, "a _b_…"},
		{"more prose", "a b.", Limit{Text: 99, Size: 99, More: true}, "a b. …"},
		{"too long with its marks", "**a** **b** **c** **d** **e** **f**", Limit{Text: 99, Size: 10}, "*a b c d*…"},
		{"too long with its address", "[a](https://x.example/" + strings.Repeat("y", 50) + ") b", Limit{Text: 99, Size: 20}, ""},
		{"nothing fits", "a *b* c d", Limit{Text: 2, Size: 99}, ""},
		{"no room", "a *b* c d", Limit{Text: 0, Size: 0}, ""},
		{"below no room", "a *b* c d", Limit{Lines: -1, Text: -5, Size: -5}, ""},
	} {
		if got := Render(c.in, chat, c.l); got != c.want {
			t.Errorf("%s: %q becomes\n %q, want\n %q", c.name, c.in, got, c.want)
		}
	}
}

func TestALongHeadDoesNotHideTheRest(t *testing.T) {
	body := "<!-- " + strings.Repeat("Please fill in this form. ", 300) + "-->\n\n**It fails**\n"
	if got := Render(body, chat, Limit{Lines: 6, Text: 100, Size: 100}); got != "*It fails*" {
		t.Errorf("got %q", got)
	}
	long := strings.Repeat("A *long* text that nobody reads. ", 3000)
	got := Render(long, chat, Limit{Lines: 6, Text: 100, Size: 100})
	if !strings.HasPrefix(got, "A _long_ text") || !strings.HasSuffix(got, "…") || utf8.RuneCountInString(got) > 100 {
		t.Errorf("got %q", got)
	}
	if got := Render(long, Plain, Limit{Text: 1 << 20, Size: 1 << 20}); len(got) > MaxBytes || len(got) < MaxBytes/2 || !strings.HasSuffix(got, "…") {
		t.Errorf("%d bytes are drawn, ending %q", len(got), got[len(got)-20:])
	}
}
