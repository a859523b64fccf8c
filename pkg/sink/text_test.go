package sink

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/sigpost/sigpost/pkg/event"
)

func TestCut(t *testing.T) {
	for _, c := range []struct {
		in    string
		limit int
		want  string
	}{
		{"short", 5, "short"},
		{"äöüß", 4, "äöüß"},
		{"", 3, ""},
		{"abc", 0, ""},
		{"abc", -1, ""},
		{"abc", 1, "…"},
		{"abcdef", 4, "abc…"},
		{"the quick brown fox jumps over", 22, "the quick brown fox…"},
		{"the quick brown fox jumps over", 20, "the quick brown fox…"},
		{"the quick brown fox jumps over", 21, "the quick brown fox…"},
		{"the quick brown fox\njumps over", 20, "the quick brown fox…"},
		{"the quick brown fox jumps over", 19, "the quick brown…"},
		{"the quick brown fôx ⟶ over", 20, "the quick brown fôx…"},
		{"e\u0301e\u0301e\u0301", 4, "e\u0301…"},
		{"ab👍🏽cd", 4, "ab…"},
		{"a👩‍👩‍👧bc", 5, "a…"},
	} {
		if got := Cut(c.in, c.limit); got != c.want {
			t.Errorf("Cut(%q, %d) = %q, want %q", c.in, c.limit, got, c.want)
		}
	}
}

func TestCleanAndLine(t *testing.T) {
	for in, want := range map[string]string{
		"plain\ttext\n":    "plain\ttext\n",
		"a\r\nb\rc":        "a\nb\nc",
		"a\xffb":           "a\uFFFDb",
		"a\x00b\x1b[31mc":  "ab[31mc",
		"\u202eevil\u2066": "evil",
		"👩‍👧 e\u0301":      "👩‍👧 e\u0301",
	} {
		if got := Clean(in); got != want {
			t.Errorf("Clean(%q) = %q, want %q", in, got, want)
		}
	}
	if got := Line(" a\r\n\r\n b\tc\u2028d "); got != "a b c d" {
		t.Errorf("Line: %q", got)
	}
}

func TestWebURL(t *testing.T) {
	for u, ok := range map[string]bool{
		"https://example.com/a?b=c&d=(e)": true, "http://example.com": true,
		"": false, "https://": false, "javascript:alert(1)": false, "//example.com": false, "/a": false,
		"data:text/html,x": false, "https://example.com/a b": false, "https://example.com/|a": false,
		"https://example.com/>": false, "https://example.com/\n": false, "https://example.com/\xff": false,
		"https://example.com/\u202e": false, "https://example.com/" + strings.Repeat("a", 100): false,
	} {
		want := ""
		if ok {
			want = u
		}
		if got := WebURL(u, 100); got != want {
			t.Errorf("WebURL(%q) = %q", u, got)
		}
	}
}

func TestExcerpt(t *testing.T) {
	body := "# Steps\r\n\r\n<!-- hide -->\n- [x] **done**\n- [ ] `todo` ![i](http://x/i.png)\n> see [docs](https://example.com)\n\n```go\ncode\n```\n1\n2\n3\n4"
	want := "Steps\n☑ done\n☐ todo i\nsee docs\ncode\n1…"
	if got := Excerpt(event.Text{Body: body, Format: event.Markdown}, 500); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := Excerpt(event.Text{Body: "**as is**\n\n\nb"}, 500); got != "**as is**\nb" {
		t.Errorf("plain: %q", got)
	}
}

func TestExcerptTellsThatMoreFollows(t *testing.T) {
	for _, format := range []event.Format{event.Plain, event.Markdown} {
		if got := Excerpt(event.Text{Body: "a" + strings.Repeat("\n", 20<<10) + "b", Format: format}, 500); got != "a…" {
			t.Errorf("%q: got %q", format, got)
		}
	}
}

func TestShown(t *testing.T) {
	items, more := Shown(event.List{Items: make([]event.Item, 7), Omitted: 10})
	if len(items) != MaxItems || more != 12 {
		t.Errorf("%d items and %d more", len(items), more)
	}
	if items, more = Shown(event.List{}); len(items) != 0 || more != 0 {
		t.Errorf("%d items and %d more of none", len(items), more)
	}
}

func FuzzText(f *testing.F) {
	for _, s := range []string{"", "a\xff b", "e\u0301\u0323", "👩‍👩‍👧 👍🏽", "a\r\nb\u202ec", "# a\n- [ ] **b** [c](d)", "https://example.com/"} {
		f.Add(s, 3)
	}
	f.Fuzz(func(t *testing.T, raw string, limit int) {
		limit %= 1 << 12
		s := Clean(raw)
		if !utf8.ValidString(s) || Clean(s) != s || strings.ContainsAny(s, "\x00\r\u202e") {
			t.Errorf("Clean(%q) = %q", raw, s)
		}
		cut := Cut(s, limit)
		if !utf8.ValidString(cut) || utf8.RuneCountInString(cut) > max(limit, 0) {
			t.Errorf("Cut(%q, %d) = %q", s, limit, cut)
		}
		if head, was := strings.CutSuffix(cut, Ellipsis); cut != s && limit > 0 && (!was || !strings.HasPrefix(s, head)) {
			t.Errorf("Cut(%q, %d) = %q is no beginning with an ellipsis", s, limit, cut)
		}
		for _, format := range []event.Format{event.Plain, event.Markdown} {
			x := Excerpt(event.Text{Body: raw, Format: format}, limit)
			if !utf8.ValidString(x) || utf8.RuneCountInString(x) > max(limit, 0) || strings.Count(x, "\n") >= ExcerptLines {
				t.Errorf("Excerpt(%q, %d) = %q", raw, limit, x)
			}
		}
		if u := WebURL(raw, limit); u != "" && (u != raw || len(u) > limit || strings.ContainsAny(u, "<>|\" \n")) {
			t.Errorf("WebURL(%q, %d) = %q", raw, limit, u)
		}
	})
}

func TestLineOfPlainTextIsTheSame(t *testing.T) {
	for in, want := range map[string]string{
		"": "", " ": "", "a": "a", "a b": "a b", " a": "a", "a ": "a", "a  b": "a b", "a\nb": "a b", "a\x7fb": "ab", "é  b": "é b",
	} {
		if got := Line(in); got != want {
			t.Errorf("Line(%q) = %q, want %q", in, got, want)
		}
	}
	if got := Clean("a\nb\r\nc\x00"); got != "a\nb\nc" {
		t.Errorf("Clean = %q", got)
	}
}

func TestCutKeepsFlagsWhole(t *testing.T) {
	flags := "see " + strings.Repeat("🇩🇪", 20)
	for limit := 6; limit < 40; limit++ {
		cut := strings.TrimSuffix(Cut(flags, limit), Ellipsis)
		if halves := utf8.RuneCountInString(strings.TrimPrefix(cut, "see")) - strings.Count(cut, " "); halves%2 != 0 {
			t.Errorf("limit %d: half a flag is left in %q", limit, cut)
		}
	}
}

func TestExcerptDropsMarkdownMarks(t *testing.T) {
	for in, want := range map[string]string{
		"The **server** `panics` ~~not~~ __now__":      "The server panics not now",
		"# Head\n\n- one\n* two\n- [x] done\n- [ ] to": "Head\n• one\n• two\n☑ done\n☐ to",
		"see [docs](https://x.example) ![shot](u)":     "see docs shot",
		"<b>bold</b><!-- hidden --> > 2":               "bold > 2",
		"```go\ncode()\n```":                           "code()",
		"> quoted\n\n---\nend":                         "quoted\nend",
		"2 * 3 and a_b":                                "2 * 3 and a_b",
		"1\n2\n3\n4\n5\n6\n7":                          "1\n2\n3\n4\n5\n6…",
	} {
		if got := Excerpt(event.Text{Body: in, Format: event.Markdown}, 500); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
}
