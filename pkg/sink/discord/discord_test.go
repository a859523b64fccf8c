package discord

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"mime"
	"mime/multipart"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/match"
	"github.com/sigpost/sigpost/pkg/problem"
	"github.com/sigpost/sigpost/pkg/secret"
	"github.com/sigpost/sigpost/pkg/sink"
	"github.com/sigpost/sigpost/pkg/sink/sinktest"
)

const hook = "https://discord.com/api/webhooks/1/not-a-token"

func made(tb testing.TB, mentions ...Mention) *Sink {
	tb.Helper()
	s, err := New(Config{URL: secret.Fixed(hook), Mentions: mentions})
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func TestSink(t *testing.T) {
	sinktest.Run(t, sinktest.Suite{Sink: made(t), Dir: "testdata/embed", Check: check})
}

func drawn(t *testing.T, m sink.Message) message {
	t.Helper()
	var got message
	if err := json.Unmarshal(m.Body, &got); err != nil {
		t.Fatal(err)
	}
	return got
}

func TestEndpoint(t *testing.T) {
	for in, want := range map[string]string{
		hook:                             hook + "?wait=true",
		hook + "?thread_id=7":            hook + "?thread_id=7&wait=true",
		hook + "?wait=false&thread_id=7": hook + "?thread_id=7&wait=true",
		hook + "/?wait=1#part":           hook + "/?wait=true",
		hook + "/slack":                  "", hook + "/github/?wait=true": "", "http://discord.com/api": "", "hush": "",
	} {
		s := &Sink{url: secret.Fixed(in)}
		got, err := s.Endpoint(t.Context())
		if (err == nil) != (want != "") || err == nil && got.URL.Reveal() != want {
			t.Errorf("%s: %v", in, err)
		}
		if err != nil && (strings.Contains(err.Error(), "not-a-token") || strings.Contains(err.Error(), "hush")) {
			t.Errorf("the error tells the address: %v", err)
		}
	}
}

func TestNewTellsAllThatIsWrong(t *testing.T) {
	var literal secret.Handle
	if err := literal.UnmarshalText([]byte(hook + "/slack")); err != nil {
		t.Fatal(err)
	}
	_, err := New(Config{URL: literal, Mentions: []Mention{
		{},
		{To: []string{"here", "@ops", "123", "&", "role:1", "1234567890123456789x"}, Filter: match.Filter{Events: []string{"["}}},
		{To: make([]string, maxMentions+1)},
	}})
	var keys []string
	for _, p := range problem.All(err) {
		keys = append(keys, p.Key)
	}
	want := []string{"url", "mentions[0].to", "mentions[1].to[1]", "mentions[1].to[2]", "mentions[1].to[3]", "mentions[1].to[4]", "mentions[1].to[5]", "mentions[1].events[0]", "mentions[2].to"}
	if len(keys) < len(want) || !reflect.DeepEqual(keys[:len(want)], want) {
		t.Errorf("got %v", keys)
	}
}

func TestMentions(t *testing.T) {
	const user, role = "123456789012345678", "876543210987654321"
	onError := match.Filter{Severity: []event.Severity{event.Error}}
	s := made(t, Mention{To: []string{user, "&" + role, user}, Filter: onError}, Mention{To: []string{"here", user}, Filter: onError},
		Mention{To: []string{"everyone"}, Filter: match.Filter{From: []string{"other"}}})
	e := event.Event{Title: "<@" + user + "> @everyone <@&1>", Severity: event.Error}
	m := drawn(t, s.Render(&e))
	if m.Content != "<@&"+role+"> <@"+user+"> @here" || !reflect.DeepEqual(m.Allowed, allowed{Parse: []string{"everyone"}, Roles: []string{role}, Users: []string{user}}) {
		t.Errorf("content %q, allowed %+v", m.Content, m.Allowed)
	}
	if err := check(s.Render(&e).Body); err != nil {
		t.Error(err)
	}
	e.Severity = event.Info
	body := s.Render(&e).Body
	if m := drawn(t, sink.Message{Body: body}); m.Content != "" || !bytes.Contains(body, []byte(`"allowed_mentions":{"parse":[]}`)) {
		t.Errorf("an event that calls nobody: %s", body)
	}
}

func TestEscape(t *testing.T) {
	for in, want := range map[string]string{
		"plain words, 100% (ok) a & b":                "plain words, 100% (ok) a & b",
		"[click](https://evil.test)":                  `\[click\](https\://evil.test)`,
		"@everyone @HERE a@b.test":                    "@\u200beveryone @\u200bHERE a@b.test",
		"<@1> <@&2> <#3> <t:4:R> </run:5> <:party:6>": `\<@1> \<@&2> \<#3> \<t\:4\:R> \</run\:5> \<\:party\:6>`,
		"||spoiler|| **b** __u__ ~~s~~ `c`":           `\|\|spoiler\|\| \*\*b\*\* \_\_u\_\_ \~\~s\~\~ ` + "\\`c\\`",
		"# head":                                      `\# head`,
		"-# small":                                    `\-# small`,
		">>> all":                                     `\>>> all`,
		"12. item":                                    `12\. item`,
		"  - item":                                    `  \- item`,
		`back\*`:                                      `back\\\*`,
		":smile: x":                                   `\:smile: x`,
	} {
		if got := escape(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestLinks(t *testing.T) {
	for _, c := range []struct{ label, url, want string }{
		{"docs", "https://a.test/b_(c)", "[docs](https://a.test/b_%28c%29)"},
		{"a](https://evil.test)[b", "https://a.test", `a\]\(`},
		{"x] y", "https://a.test", "[x) y](https://a.test)"},
		{"https://a.test", "https://a.test", "<https://a.test>"},
		{"https://b.test", "https://a.test", `https\://b.test <https://a.test>`},
		{"js", "javascript:alert(1)", "js"},
		{"", "https://a.test", ""},
	} {
		got := link(c.label, c.url, 100)
		if c.label == "a](https://evil.test)[b" {
			if strings.Contains(got, "](https://evil") {
				t.Errorf("a link came through: %s", got)
			}
			continue
		}
		if got != c.want {
			t.Errorf("%q: got %q, want %q", c.label, got, c.want)
		}
	}
}

func TestGaugeIsAFile(t *testing.T) {
	e := event.Event{Title: "Health", Time: time.Unix(1, 0), Gauge: &event.Gauge{Label: "Health score", Value: 64, Max: 100, Warning: 71, Success: 95}}
	s := made(t)
	m := s.Render(&e)
	kind, params, err := mime.ParseMediaType(m.ContentType)
	if err != nil || kind != "multipart/form-data" {
		t.Fatalf("content type %q: %v", m.ContentType, err)
	}
	r := multipart.NewReader(bytes.NewReader(m.Body), params["boundary"])
	f, err := r.ReadForm(1 << 20)
	if err != nil {
		t.Fatal(err)
	}
	payload := f.Value["payload_json"][0]
	for _, want := range []string{`"image":{"url":"attachment://gauge.png"}`, `"attachments":[{"id":0,"filename":"gauge.png","description":"Health score 64 of 100"}]`} {
		if !strings.Contains(payload, want) {
			t.Errorf("no %s in %s", want, payload)
		}
	}
	if h := f.File["files[0]"][0]; h.Filename != "gauge.png" || h.Header.Get("Content-Type") != "image/png" {
		t.Errorf("file %+v", h)
	}
	small := s.RenderReduced(&e)
	if !strings.HasPrefix(small.ContentType, "application/json") || bytes.Contains(small.Body, []byte("attachment")) || !bytes.Contains(small.Body, []byte("64 of 100")) {
		t.Errorf("reduced: %s %s", small.ContentType, small.Body)
	}
}

func TestJudge(t *testing.T) {
	limited, err := os.ReadFile("testdata/discord-429.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		status int
		body   string
		class  sink.Class
		code   string // "": the status is right
		after  time.Duration
	}{
		{429, string(limited), sink.Retry, "rate_limited", 64570 * time.Millisecond},
		{429, `{"retry_after":0.0001}`, sink.Retry, "rate_limited", time.Millisecond},
		{429, `{"retry_after":1e300,"global":true}`, sink.Retry, "rate_limited", maxRetryAfter},
		{429, `{"retry_after":-5}`, sink.Retry, "rate_limited", 0},
		{429, `{"retry_after":"soon"}`, 0, "", 0},
		{429, "<html>1015</html>", 0, "", 0},
		{404, `{"message":"Unknown Webhook","code":10015}`, sink.Refused, "unknown_webhook", 0},
		{401, `{"message":"Invalid Webhook Token","code":50027}`, sink.Refused, "invalid_webhook_token", 0},
		{400, `{"message":"Invalid Form Body","code":50035,"errors":{}}`, sink.Reduce, "invalid_form_body", 0},
		{413, `{"message":"Request entity too large","code":40005}`, sink.Reduce, "request_entity_too_large", 0},
		{400, `{"code":20028,"retry_after":2.5}`, sink.Retry, "channel_write_rate_limited", 2500 * time.Millisecond},
		{400, `{"code":1}`, 0, "", 0},
		{400, "null", 0, "", 0},
		{200, `{"code":50035}`, 0, "", 0},
		{204, "", 0, "", 0},
		{503, `{"code":50035}`, 0, "", 0},
	} {
		err := (&Sink{}).Judge(c.status, []byte(c.body))
		var a *sink.AnswerError
		if !errors.As(err, &a) {
			if err != nil || c.code != "" {
				t.Errorf("%d %s: %v", c.status, c.body, err)
			}
			continue
		}
		if a.Class != c.class || a.Code != c.code || a.After != c.after {
			t.Errorf("%d %s: %+v", c.status, c.body, a)
		}
	}
}

func FuzzRender(f *testing.F) {
	f.Add("Title <@1>", "**body** [a](https://b.test) `c", "field", "https://a.test/(x)", 5, false)
	f.Add("@everyone\n# x", "> - # <t:1:R> ||x||\n```\n@here", ":smile:", "https://a.test/\\", math.MinInt, true)
	f.Fuzz(func(t *testing.T, title, body, name, url string, n int, markdown bool) {
		e := event.Event{
			Title: title, URL: url, Severity: event.Warning, Action: name, Product: name,
			Place: event.Link{Name: name, URL: url}, Actor: event.Link{Name: title, URL: url}, Time: time.Unix(int64(n), 0),
			Text: event.Text{Body: body}, Gauge: &event.Gauge{Label: name, Value: n, Min: 0, Max: 100},
			Fields: []event.Field{{Name: name, Value: body, URL: url, Short: true}, {Name: body, Value: title, Short: true}},
			Lists:  []event.List{{Name: title, Items: []event.Item{{Label: name, URL: url, Text: body, Detail: title, Note: name, Code: markdown}, {Text: title, URL: url, Done: true}}}},
		}
		if markdown {
			e.Text.Format = event.Markdown
		}
		s := made(t)
		if err := check(encode(s.draw(&e, reduced))); err != nil {
			t.Errorf("reduced: %v", err)
		}
		e.Gauge = nil
		if err := check(s.Render(&e).Body); err != nil {
			t.Error(err)
		}
	})
}

func BenchmarkRender(b *testing.B) {
	s := made(b)
	e := event.Event{Title: "Issue #1 opened", URL: "https://a.test", Text: event.Text{Body: "some **words**", Format: event.Markdown}, Time: time.Unix(1, 0)}
	b.ReportAllocs()
	for b.Loop() {
		s.Render(&e)
	}
}
