package eventtest

import (
	"math/rand/v2"
	"strings"
	"time"

	"github.com/sigpost/sigpost/pkg/event"
)

// Random is any event at all, as r has it: texts of hostile pieces, numbers and
// times at their ends, parts that are missing, empty or far too many. Most are
// small, so that what matters meets; one in three is dense: whatever can be long
// is longer than a message holds.
func Random(r *rand.Rand) event.Event {
	g := gen{r, r.IntN(3) == 0}
	e := event.Event{
		ID: g.text(60), Round: g.text(10), Source: g.name(), Kind: g.name(), Product: g.text(40),
		Type: g.pick(g.text(60), "issues.opened", "run:errored", "push"), Key: g.pick(g.text(400), "acme/api#1347"),
		State:    event.State(g.pick("", "open", "update", "resolved", g.text(5))),
		Severity: g.severity(), Muted: g.one(4), Quiet: g.one(4),
		Title: g.text(g.size()), Recovery: g.text(100), URL: g.url(), Action: g.text(80),
		Place: event.Link{Name: g.text(100), URL: g.url()}, Actor: event.Link{Name: g.text(100), URL: g.url()},
		Time: g.time(), Received: g.time(),
		Text: event.Text{Body: g.body(), Format: event.Format(g.pick("", "markdown", "markdown", g.text(5)))},
	}
	for range g.count(300) {
		e.Fields = append(e.Fields, g.field())
	}
	for range g.count(60) {
		e.Lists = append(e.Lists, g.list())
	}
	if g.one(3) {
		e.Gauge = &event.Gauge{
			Label: g.text(80), Value: g.number(), Min: g.number(), Max: g.number(), Severity: g.severity(),
			Warning: g.number(), Success: g.number(), Image: g.url(),
		}
	}
	if g.one(5) {
		e.Original = &event.Original{Title: g.text(200), Text: g.body(), Fields: []event.Field{g.field(), g.field()}}
	}
	if !g.one(4) {
		e.Raw = []byte(g.pick(`{"action":"opened","n":1.5e3}`, `{"a":"`+g.text(g.size())+`"}`, g.text(100), "payload=%7B%22a%22%3A%22"+g.text(20)))
	}
	if g.one(6) {
		e.RawBytes = len(e.Raw) + r.IntN(1000)
	}
	return e
}

// pieces are what hostile texts are made of: what the receivers read as
// mentions, links, marks and templates, and characters that are not what they
// seem.
var pieces = []string{
	"<!channel>", "<!here>", "<!everyone|x>", "<@U012ABCDEF>", "<#C012ABCDEF>", "<!subteam^S012ABCDEF>", "<!date^0^{date}|x>",
	"@everyone", "@here", "<@86868686868686868>", "<@&86868686868686868>", "<#86868686868686868>", "</cmd:1>", "<:e:1>", "<t:0:R>",
	"<at>Ada</at>", "<at>", "</at>", "&lt;at&gt;", "&#60;at&#62;", "&lt;!channel&gt;", "&amp;lt;", "&#8238;", "&", "<", ">", "|",
	"[a](https://evil.example)", "[a](javascript:alert(1))", "](", ")", "![i](http://evil.example/i.png)", "<https://evil.example|ok>",
	"https://evil.example/a_b_c", "mailto:a@b.example", "[github.com](https://evil.example)", "[a]: https://evil.example\n", "[a][a]",
	"*", "**", "_", "__", "~", "~~", "`", "```", "\n```go\n", "`<!channel>`", "\n```\n<@U012ABCDEF> <at>Ada</at> @everyone\n```\n", "# ", "\n# h\n", "> ", "\n> ", ">>> ", "- ", "\n- [ ] a\n", "\n  - b\n", "1. ", "\n1) ", "***",
	"||", "-# ", "\\", "\\*", "\\\\", "| a | b |\n|---|---|\n| c | d |\n", "<script>alert(1)</script>", "<!-- ", "<b>", "[^1]", "\n---\n", "\n\n",
	"{{DATE(2026-01-01T00:00:00Z)}}", "${x}", "{{ .Title }}", "%s%n", "${jndi:ldap://x}", ":boom:", "\"", "'", "\u0022}]",
	"\x00", "\x07", "\x1b[31m", "\x7f", "\u0085", "\u2028", "\r\n", "\r", "\t", "\n", " ", "        ", "\u00a0", "\u3000",
	"\u202e", "\u202d", "\u2066", "\u2069", "\u200f", "\u200b", "\ufeff", "\u00ad", "\u061c", "שלום", "مرحبا",
	"\xff", "\xc3", "\xed\xa0\x80", "\xf0\x9f", "\ufffd", "e\u0301", "Z\u0301\u0323\u0301", "👩‍👩‍👧‍👦", "🏳️‍🌈", "👍🏽", "🇩🇪🇫🇷", "😀", "\u200d", "\ufe0f", "漢字", "ﷺ",
	"a", "null", "2026-01-02", "x.y-z", "#1347", "naïve", "Crash on empty config", "words of a sentence", "acme/api", "Wide",
}

// plain is how many of the last pieces are ordinary words in ASCII.
const plain = 4

type gen struct {
	r     *rand.Rand
	dense bool
}

func (g gen) one(of int) bool { return g.r.IntN(of) == 0 }

func (g gen) pick(of ...string) string { return of[g.r.IntN(len(of))] }

// size is a length in bytes: most often short, now and then about where limits
// are.
func (g gen) size() int {
	ends := []int{0, 1, 20, 20, 80, 80, 80, 150, 256, 300, 1024, 2000, 3000, 4096}
	if g.dense {
		ends = ends[len(ends)-5:]
	}
	n := ends[g.r.IntN(len(ends))]
	return max(0, n+g.r.IntN(9)-4)
}

// text is at most about n bytes of pieces; often one piece many times, since
// that is what most limits are crossed with.
func (g gen) text(n int) string {
	if n <= 0 || !g.dense && g.one(8) {
		return ""
	}
	if g.dense && !g.one(3) {
		return strings.Repeat(pieces[len(pieces)-1-g.r.IntN(plain)]+" ", 1+n/2)[:n]
	}
	if g.one(4) {
		p := pieces[g.r.IntN(len(pieces))]
		return strings.Repeat(p, max(1, g.r.IntN(1+n)/len(p)))
	}
	var b strings.Builder
	for target := g.r.IntN(1 + n); b.Len() <= target; {
		b.WriteString(pieces[g.r.IntN(len(pieces))])
		if g.one(3) {
			b.WriteByte(' ')
		}
	}
	return b.String()
}

func (g gen) body() string {
	if g.one(40) {
		return g.text(100 << 10)
	}
	return g.text(g.size())
}

// name is a name of the configuration, or what pretends to be one.
func (g gen) name() string { return g.pick("github", "array", "", g.text(20)) }

func (g gen) severity() event.Severity {
	return event.Severity(g.pick("error", "error", "warning", "success", "info", "", g.text(6)))
}

func (g gen) url() string {
	return g.pick("", "https://example.com/a", "https://example.com/?q="+g.text(60), "http://example.com/"+strings.Repeat("a", g.size()),
		"javascript:alert(1)", "https://", "https://user:word@example.com/", "https://example.com/a)b(c)|d", "data:text/html,x", g.text(80))
}

func (g gen) number() int {
	ends := []int{0, 0, 1, -1, 50, 71, 95, 100, 100, 1 << 31, -1 << 31, 1<<63 - 1, -1 << 63}
	return ends[g.r.IntN(len(ends))]
}

func (g gen) time() time.Time {
	switch g.r.IntN(8) {
	case 0:
		return time.Time{}
	case 1:
		return time.Unix(-1<<50, 0)
	case 2:
		return time.Unix(1<<50, 0)
	case 3:
		return time.Date(9999, time.December, 31, 23, 59, 59, 1e9-1, time.FixedZone("", -12*3600))
	case 4:
		return time.Date(1, time.January, 1, 0, 0, 0, 0, time.FixedZone("", 14*3600))
	}
	return Now.Add(time.Duration(g.r.Int64N(int64(time.Hour))))
}

// count is a number of things, far too many now and then.
func (g gen) count(many int) int {
	switch {
	case g.one(20):
		return g.r.IntN(1 + many)
	case g.dense:
		return 6 + g.r.IntN(10)
	}
	return g.r.IntN(9)
}

func (g gen) field() event.Field {
	return event.Field{Name: g.text(g.size() / 4), Value: g.text(g.size()), URL: g.url(), Short: g.one(2)}
}

func (g gen) list() event.List {
	l := event.List{Name: g.text(60), Omitted: g.number()}
	for range g.count(60) {
		l.Items = append(l.Items, event.Item{
			Label: g.text(40), URL: g.url(), Text: g.text(g.size()), Detail: g.text(200), Note: g.text(40), Code: g.one(2), Done: g.one(3),
		})
	}
	return l
}
