package slack

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/event/eventtest"
	"github.com/sigpost/sigpost/pkg/match"
	"github.com/sigpost/sigpost/pkg/problem"
	"github.com/sigpost/sigpost/pkg/secret"
	"github.com/sigpost/sigpost/pkg/sink"
	"github.com/sigpost/sigpost/pkg/sink/sinktest"
)

func newSink(tb testing.TB, format string) *Webhook {
	tb.Helper()
	s, err := New(Config{URL: secret.Fixed("https://hooks.slack.com/services/T/B/x"), Format: format})
	if err != nil {
		tb.Fatal(err)
	}
	w, ok := s.(*Webhook)
	if !ok {
		tb.Fatalf("%T is no webhook", s)
	}
	return w
}

func TestSuite(t *testing.T) {
	for _, format := range []string{FormatBlocks, FormatAttachment} {
		t.Run(format, func(t *testing.T) {
			sinktest.Run(t, sinktest.Suite{Sink: newSink(t, format), Dir: "testdata/" + format, Check: check})
		})
	}
}

func TestAttachmentIsTheReferenceDocument(t *testing.T) {
	for _, name := range []string{"scan_completed", "secret_expiring"} {
		want, err := os.ReadFile("testdata/certifyclouds." + name + ".json")
		if err != nil {
			t.Fatal(err)
		}
		var doc message
		if err := json.Unmarshal(want, &doc); err != nil {
			t.Fatal(err)
		}
		in := doc.Attachments[0]
		e := event.Event{Product: "CertifyClouds", Title: "other", Severity: event.Success, Time: time.Unix(in.TS, 0), Original: &event.Original{Title: in.Title, Text: in.Text}}
		if in.Color == event.Error.Color() {
			e.Severity = event.Error
		}
		for _, f := range in.Fields {
			e.Original.Fields = append(e.Original.Fields, event.Field{Name: f.Title, Value: f.Value, Short: f.Short})
		}
		var got bytes.Buffer
		if err := json.Indent(&got, newSink(t, FormatAttachment).Render(&e).Body, "", "  "); err != nil {
			t.Fatal(err)
		}
		if got.String() != strings.TrimSpace(string(want)) {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got.String(), want)
		}
	}
}

func TestNewTellsWhatIsWrong(t *testing.T) {
	literal := func(s string) (h secret.Handle) {
		if err := h.UnmarshalText([]byte(s)); err != nil {
			t.Fatal(err)
		}
		return h
	}
	for _, c := range []struct {
		config Config
		keys   string
	}{
		{Config{}, "url"},
		{Config{Format: "cards"}, "format url"},
		{Config{URL: literal("https://hooks.slack.com/services/x"), Format: "blocks"}, ""},
		{Config{URL: literal("http://127.0.0.1:8080/x")}, ""},
		{Config{URL: literal("http://[::1]:8080/x")}, ""},
		{Config{URL: literal("http://localhost/x")}, ""},
		{Config{URL: literal("http://hooks.slack.com/hush")}, "url"},
		{Config{URL: literal("https:///hush")}, "url"},
		{Config{URL: literal("https://user:hush@hooks.slack.com/x")}, "url"},
		{Config{URL: literal("hush")}, "url"},
		{Config{URL: literal("https://hooks.slack.com/x"), Channel: "C0OPS0001", Conversation: "both", API: "x"}, "channel conversation api"},
		{Config{URL: literal("https://hooks.slack.com/x"), Token: literal("secret://bot"), Channel: "C0OPS0001"}, "url"},
		{Config{Token: literal("xoxb-hush"), Channel: "C0OPS0001"}, "token"},
		{Config{Token: literal("secret://bot")}, "channel"},
		{Config{Channel: "#ops"}, "token"},
		{Config{Token: literal("secret://bot"), Channel: "ops"}, "channel"},
		{Config{Token: literal("secret://bot"), Channel: "#Ops"}, "channel"},
		{Config{Token: literal("secret://bot"), Channel: "#a b"}, "channel"},
		{Config{Token: literal("secret://bot"), Channel: "U0HOOK0001"}, "channel"},
		{Config{Token: literal("secret://bot"), Channel: "#bücher_1-2"}, ""},
		{Config{Token: literal("secret://bot"), Channel: "#運用"}, ""},
		{Config{Token: literal("env://BOT"), Channel: "D0OPS0001", Conversation: "none", Format: "attachment"}, ""},
		{Config{Token: literal("secret://bot"), Channel: "G0OPS0001", Conversation: "threads"}, "conversation"},
		{Config{Token: literal("secret://bot"), Channel: "#ops", API: "http://slack.com/api/"}, "api"},
		{Config{Token: literal("secret://bot"), Channel: "#ops", API: "https://slack.com/api/?x=y"}, "api"},
		{Config{Token: literal("secret://bot"), Channel: "#ops", API: "http://127.0.0.1:1"}, ""},
		{Config{URL: literal("secret://x"), Mentions: []Mention{{}, {To: []string{"here", "@hook", "<!here>", "U1"}}}}, "mentions[0].to mentions[1].to[1] mentions[1].to[2] mentions[1].to[3]"},
		{Config{URL: literal("secret://x"), Mentions: []Mention{{To: make([]string, 11)}}}, "mentions[0].to " + strings.Join(indexed("mentions[0].to", 11), " ")},
		{Config{URL: literal("secret://x"), Mentions: []Mention{{To: []string{"here"}, Filter: match.Filter{Events: []string{"[", ""}, Severity: []event.Severity{"bad"}}}}}, "mentions[0].events[0] mentions[0].events[1] mentions[0].severity[0]"},
		{Config{URL: literal("secret://slack-ops")}, ""},
	} {
		_, err := New(c.config)
		var keys []string
		for _, p := range problem.All(err) {
			keys = append(keys, p.Key)
			if strings.Contains(p.Text, "hush") {
				t.Errorf("problem shows the address: %v", p)
			}
		}
		if got := strings.Join(keys, " "); got != c.keys {
			t.Errorf("%+v: problems with %q, want %q", c.config, got, c.keys)
		}
	}
}

func indexed(key string, n int) (keys []string) {
	for i := range n {
		keys = append(keys, fmt.Sprintf("%s[%d]", key, i))
	}
	return keys
}

func TestEndpoint(t *testing.T) {
	if ep, err := newSink(t, "").Endpoint(t.Context()); err != nil || ep.URL.Reveal() != "https://hooks.slack.com/services/T/B/x" {
		t.Errorf("endpoint: %v", err)
	}
	s, err := New(Config{URL: secret.Fixed("http://hooks.slack.com/hush")})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Endpoint(t.Context()); err == nil || strings.Contains(err.Error(), "hush") {
		t.Errorf("a plain http address: %v", err)
	}
}

func TestJudge(t *testing.T) {
	const none = sink.Class(-1)
	for _, c := range []struct {
		status int
		body   string
		class  sink.Class
		code   string
	}{
		{200, "ok", none, ""},
		{204, "", none, ""},
		{200, `{"ok":true}`, none, ""},
		{200, "null", none, ""},
		{200, `[1]`, none, ""},
		{200, `{"ok":false,"error":"ratelimited"}`, sink.Retry, "ratelimited"},
		{200, `{"ok":false,"error":"channel_not_found"}`, sink.Refused, "channel_not_found"},
		{200, `{"ok":false,"error":"free <text>"}`, sink.Refused, "unknown_error"},
		{200, `{"ok":false}`, sink.Refused, "unknown_error"},
		{200, `{"ok":false,"error":"msg_blocks_too_long"}`, sink.Reduce, "msg_blocks_too_long"},
		{400, "invalid_blocks\n", sink.Reduce, "invalid_blocks"},
		{400, "invalid_blocks: downloading image failed", sink.Reduce, "invalid_blocks"},
		{400, "downloading image failed [json-pointer:/blocks/1/image_url]", sink.Reduce, "invalid_blocks"},
		{400, "msg_blocks_too_long", sink.Reduce, "msg_blocks_too_long"},
		{400, "invalid_payload", sink.Refused, "invalid_payload"},
		{403, "action_prohibited", sink.Refused, "action_prohibited"},
		{410, "channel_is_archived", sink.Refused, "channel_is_archived"},
		{404, "<html>not here</html>", none, ""},
		{500, "rollup_error", none, ""},
		{429, "ratelimited", none, ""},
		{302, "invalid_blocks", none, ""},
	} {
		err := newSink(t, "").Judge(c.status, []byte(c.body))
		var a *sink.AnswerError
		if !errors.As(err, &a) {
			if c.class != none {
				t.Errorf("%d %q: %v", c.status, c.body, err)
			}
			continue
		}
		if a.Class != c.class || a.Code != c.code {
			t.Errorf("%d %q: %+v", c.status, c.body, a)
		}
	}
}

func TestQuietEventsAreALineAndAFooter(t *testing.T) {
	m := drawBlocks(&event.Event{Title: "Run completed", Severity: event.Error, Quiet: true, Product: "Scalr", URL: "https://example.com", Text: event.Text{Body: "x"}}, full)
	if len(m.Blocks) != 1 || m.Blocks[0].Type != "section" || len(m.Attachments[0].Blocks) != 1 {
		t.Errorf("%+v", m)
	}
}

func TestUntrustedMarksAreInert(t *testing.T) {
	const z = zeroWidth
	for in, want := range map[string]string{
		"snake_case_name":      "snake_case_name",
		"*bold*":               z + "*" + z + "bold" + z + "*" + z,
		"a`b":                  "a" + z + "`" + z + "b",
		"<!channel> & <@U1>":   "&lt;!channel&gt; &amp; &lt;@U1&gt;",
		"> quoted\n> > twice":  z + "&gt; quoted\n" + z + "&gt; &gt; twice",
		"2 * 3 ~ 6, __init__.": "2 " + z + "*" + z + " 3 " + z + "~" + z + " 6, " + strings.Repeat(z+"_"+z, 2) + "init" + strings.Repeat(z+"_"+z, 2) + ".",
	} {
		if got := inert(in); got != want {
			t.Errorf("inert(%q) = %q, want %q", in, got, want)
		}
	}
	if got := link("a|b>", "https://example.com/?a=1&b", 50); got != "<https://example.com/?a=1&amp;b|a¦b&gt;>" {
		t.Error(got)
	}
	if got := link("a", "javascript:alert(1)", 50); got != "a" {
		t.Error(got)
	}
}

// fuzzBytes is how long the fuzzed texts are at most. Longer ones are made of
// them: on one of 100 kB the fuzzer spends its minute with making it shorter. Run it
// with -fuzzminimizetime 20x, else that takes most of the time all the same.
const fuzzBytes = 64

// conversed is the steps of a conversation about e: it opens something, e resolves
// that, and e opens it again.
func conversed(t *testing.T, c *Conversation, e event.Event) (all []sink.Message) {
	t.Helper()
	e.Key = "k"
	memory := ""
	for i, state := range []event.State{event.StateOpen, event.StateResolved, event.StateOpen} {
		e.ID, e.State = fmt.Sprint(i), state
		for step := c.Next(&e, memory); step != nil; step = c.Next(&e, memory) {
			all = append(all, step.Message)
			if less := c.ReduceStep(&e, step.Message); less.Body != nil {
				all = append(all, less)
			}
			var err error
			if memory, err = c.Note(&e, memory, step, []byte(`{"ok":true,"channel":"C0OPS0001","ts":"1700000000.000001"}`), nil); err != nil {
				t.Fatal(err)
			}
			if len(memory) > sink.MaxMemory {
				t.Fatalf("%d bytes to remember", len(memory))
			}
		}
	}
	return all
}

func FuzzRender(f *testing.F) {
	short := func(s string) string { return s[:min(len(s), fuzzBytes)] }
	for _, c := range append(eventtest.Canonical(), eventtest.Hostile()...) {
		times := uint8(min(len(c.Event.Title)/fuzzBytes, 255))
		f.Add(short(c.Event.Title), short(c.Event.URL), short(c.Event.Text.Body), int64(1), 0, times)
	}
	blocks, attachments := newSink(f, FormatBlocks), newSink(f, FormatAttachment)
	talker := &Conversation{Bot: Bot{channel: "#ops"}}
	f.Fuzz(func(t *testing.T, s, u, body string, ts int64, n int, times uint8) {
		if max(len(s), len(u), len(body)) > fuzzBytes {
			t.Skip("too long")
		}
		// One of the three is long at a time, up to 16 kB.
		switch long := 1 + int(times); uint(n) % 3 {
		case 0:
			s = strings.Repeat(s, long)
		case 1:
			body = strings.Repeat(body, long)
		default:
			u += strings.Repeat(s, long)
		}
		e := event.Event{
			Title: s, URL: u, Severity: event.Severities[uint(n)%4], Product: s, Action: s, Quiet: n%5 == 4, Time: time.Unix(ts, 0),
			Place: event.Link{Name: s, URL: u}, Actor: event.Link{Name: body, URL: u},
			Fields: []event.Field{{Name: s, Value: body, URL: u, Short: true}, {Name: body, Value: s}},
			Lists:  []event.List{{Name: s, Omitted: n, Items: []event.Item{{Label: s, URL: u, Text: body, Detail: s, Note: body, Code: n%2 == 0, Done: n%3 == 0}, {Text: s, URL: u}}}},
			Text:   event.Text{Body: body, Format: event.Markdown},
			Gauge:  &event.Gauge{Label: s, Value: n, Max: 100, Image: u},
		}
		if n%7 == 6 {
			e.Original = &event.Original{Title: s, Text: body, Fields: e.Fields}
		}
		for _, m := range append(conversed(t, talker, e), blocks.Render(&e), blocks.RenderReduced(&e), attachments.Render(&e), attachments.RenderReduced(&e)) {
			if err := check(m.Body); err != nil {
				t.Errorf("%v\n%s", err, m.Body)
			}
		}
	})
}
