package pagerduty

import (
	"bytes"
	"encoding/json"
	"errors"
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

const routingKey = "routingkeyroutingkeyroutingkey32"

func newSink(tb testing.TB, changes ...func(*Config)) *Sink {
	tb.Helper()
	c := Config{Key: secret.Fixed(routingKey)}
	for _, change := range changes {
		change(&c)
	}
	s, err := New(c)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func TestAlerts(t *testing.T) {
	sinktest.Run(t, sinktest.Suite{Sink: newSink(t), Dir: "testdata/events", Check: check})
}

// as draws every event as one kind.
type as struct {
	*Sink
	kind string
}

func (a as) Render(e *event.Event) sink.Message { return a.draw(e, a.kind) }

func TestChangeEvents(t *testing.T) {
	sinktest.Run(t, sinktest.Suite{Sink: as{newSink(t), kindChange}, Dir: "testdata/changes", Check: check})
}

func TestHugeEventsAreShortened(t *testing.T) {
	for _, c := range eventtest.Hostile() {
		for _, kind := range []string{kindTrigger, kindChange} {
			if n := len(newSink(t).draw(&c.Event, kind).Body); n > maxBytes {
				t.Errorf("%s: %s has %d bytes", c.Name, kind, n)
			}
		}
	}
	wide := strings.Repeat("\U0001F600", 2000)
	e := event.Event{Title: wide, Key: wide, Severity: event.Error}
	item := event.Item{Label: wide, Text: wide, Detail: wide, Note: wide}
	for range 200 {
		e.Fields = append(e.Fields, event.Field{Name: wide + "a", Value: wide})
		e.Lists = append(e.Lists, event.List{Name: "l", Items: []event.Item{item, item, item, item, item, item, item, item}})
	}
	body := newSink(t).Render(&e).Body
	if err := check(body); err != nil || len(body) > maxBytes || len(body) < maxBytes/8 {
		t.Errorf("%d bytes: %v", len(body), err)
	}
}

func TestDetailsKeepTheirKeys(t *testing.T) {
	e := event.Event{
		Title: "x", ID: "d1", Severity: event.Error, Product: "GitHub", Type: "t", Actor: event.Link{Name: "octocat"},
		Fields: []event.Field{
			{Name: "Total secrets", Value: "847"},
			{Name: "Actor", Value: "x"},
			{Name: "total  SECRETS", Value: "2"},
			{Name: "***", Value: "y"},
			{Name: "Größe", Value: "3 m"},
			{Name: "Empty"},
			{Name: "CPU %", Value: "9"},
		},
		Gauge: &event.Gauge{Label: "Health score", Value: 64},
		Lists: []event.List{{Name: "New issues", Omitted: 2, Items: []event.Item{{Label: "Capacity", Text: "full.", Note: "impact −30", Detail: "add disks"}}}},
	}
	want := `{"total_secrets":"847","actor_2":"x","total_secrets_2":"2","detail":"y","größe":"3 m","cpu":"9","health_score":64,` +
		`"new_issues":["Capacity: full. (impact −30). Resolution: add disks","and 2 more"],"actor":"octocat","sender":"GitHub","event_type":"t","event_id":"d1"}`
	if got := string(encode(detailsOf(&e, full))); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestDedupKeysTellSubjectsApart(t *testing.T) {
	long := strings.Repeat("k", 250)
	seen := map[string]event.Event{}
	for _, e := range []event.Event{
		{Source: "github", Key: "acme/api#1"},
		{Source: "github", Key: "acme/api#2"},
		{Source: "gitlab", Key: "acme/api#1"},
		{Source: "github", ID: "a"},
		{Source: "github", ID: "b"},
		{Source: "github", Key: "a"},
		{Source: "github", Key: long + "a"},
		{Source: "github", Key: long + "b"},
		{Source: "github", Key: "a\x00b"},
		{Source: "github", Key: "a\x01b"},
		{Source: "github", Key: "\xff"},
		{Source: "github", Key: "\xfe"},
	} {
		key := dedupKey(&e)
		if other, taken := seen[key]; taken || len(key) > maxDedup {
			t.Errorf("%q is the key of %v and %v", key, e, other)
		}
		seen[key] = e
	}
}

func TestSeverityAndImage(t *testing.T) {
	s := newSink(t, func(c *Config) { c.Critical = []match.Filter{{Events: []string{"dead"}}} })
	for _, c := range []struct {
		event event.Event
		want  string
	}{
		{event.Event{Severity: event.Error}, "error"},
		{event.Event{Severity: event.Warning}, "warning"},
		{event.Event{Severity: event.Info}, "info"},
		{event.Event{Severity: "dire"}, "info"},
		{event.Event{Severity: event.Warning, Type: "dead"}, "critical"},
	} {
		if got := s.severity(&c.event); got != c.want {
			t.Errorf("%v is %s", c.event, got)
		}
	}
	g := &event.Gauge{Label: "Health score", Value: 64, Max: 100, Image: "https://example.com/gauge/x.png"}
	e := event.Event{Title: "x", Severity: event.Error, URL: "https://example.com/", Gauge: g}
	want := `"images":[{"src":"https://example.com/gauge/x.png","href":"https://example.com/","alt":"Health score 64 of 100"}]`
	if body := s.Render(&e).Body; !bytes.Contains(body, []byte(want)) || check(body) != nil {
		t.Errorf("no image: %s", body)
	}
	for _, bad := range []string{"", "http://example.com/gauge.png", "data:image/png;base64,AA", "https://example.com/" + strings.Repeat("a", 3000)} {
		g.Image = bad
		if body := s.Render(&e).Body; bytes.Contains(body, []byte("images")) {
			t.Errorf("%.50q is an image", bad)
		}
	}
}

func literal(t *testing.T, s string) (h secret.Handle) {
	t.Helper()
	if err := h.UnmarshalText([]byte(s)); err != nil {
		t.Fatal(err)
	}
	return h
}

func TestNewReportsEveryProblem(t *testing.T) {
	bad := []match.Filter{{}, {Events: []string{"["}, Severity: []event.Severity{"dire"}}}
	_, err := New(Config{Key: literal(t, routingKey), URL: literal(t, "http://example.com"), Critical: bad, Acknowledge: bad, Changes: bad})
	var keys []string
	for _, p := range problem.All(err) {
		keys = append(keys, p.Key)
	}
	want := "key url critical[1].events[0] critical[1].severity[0] acknowledge[1].events[0] acknowledge[1].severity[0] changes[1].events[0] changes[1].severity[0]"
	if got := strings.Join(keys, " "); got != want || strings.Contains(err.Error(), routingKey) {
		t.Errorf("problems with %q: %v", got, err)
	}
}

func TestSealAddsTheKeyAndTheAddress(t *testing.T) {
	for _, c := range []struct{ url, kind, want string }{
		{"", kindTrigger, "https://events.pagerduty.com/v2/enqueue"},
		{"", kindChange, "https://events.pagerduty.com/v2/change/enqueue"},
		{"https://events.eu.pagerduty.com/", kindResolve, "https://events.eu.pagerduty.com/v2/enqueue"},
		{"https://events.eu.pagerduty.com/v2/enqueue", kindChange, "https://events.eu.pagerduty.com/v2/change/enqueue"},
		{"http://127.0.0.1:8080/inbox/receive/pagerduty/on-call", kindTrigger, "http://127.0.0.1:8080/inbox/receive/pagerduty/on-call/v2/enqueue"},
	} {
		s := newSink(t, func(cfg *Config) {
			if c.url != "" {
				cfg.URL = literal(t, c.url)
			}
		})
		m := s.draw(&event.Event{Title: "x"}, c.kind)
		p, err := s.Seal(t.Context(), nil, m, time.Time{})
		if err != nil || p.URL.Reveal() != c.want || !json.Valid(p.Body) || !bytes.Contains(p.Body, []byte(`{"routing_key":"`+routingKey+`",`)) {
			t.Errorf("%v: %s, %v: %s", c, p.URL.Reveal(), err, p.Body)
		}
		if bytes.Contains(m.Body, []byte(routingKey)) {
			t.Error("the message that is shown has the key")
		}
	}
}

func TestBadKeysAndAddressesAreRefusedWithoutRepeatingThem(t *testing.T) {
	for _, c := range []struct{ key, url, problem string }{
		{"hidden", "", "key"},
		{routingKey[1:] + `"`, "", "key"},
		{routingKey, "https://example.com/?hidden=1", "url"},
		{routingKey, "http://example.com/hidden", "url"},
		{routingKey + "\n", "", "key"},
	} {
		s := &Sink{Config{Key: secret.Fixed(c.key), URL: secret.Fixed(c.url + strings.Repeat(DefaultURL, 1-min(1, len(c.url))))}}
		_, end := s.Endpoint(t.Context())
		_, seal := s.Seal(t.Context(), nil, s.draw(&event.Event{Title: "x"}, kindTrigger), time.Time{})
		for _, err := range []error{end, seal} {
			var p *problem.Problem
			if !errors.As(err, &p) || p.Key != c.problem || strings.Contains(err.Error(), "hidden") || strings.Contains(err.Error(), routingKey[1:]) {
				t.Errorf("%v: %v", c, err)
			}
		}
	}
}

func TestJudge(t *testing.T) {
	refusal, err := os.ReadFile("testdata/answers/400.json")
	if err != nil {
		t.Fatal(err)
	}
	accepted, err := os.ReadFile("testdata/answers/202.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		status int
		body   string
		code   string
	}{
		{202, string(accepted), ""},
		{400, string(refusal), "unrecognized_object"},
		{400, `{"status":"invalid event","message":"Event object is invalid","errors":["Length of 'routing_key' is incorrect (should be 32 characters)"]}`, "invalid_routing_key"},
		{400, `{"status":"invalid event","message":"Event object is invalid","errors":["'payload.summary' is missing or blank"]}`, "invalid_event"},
		{400, `{"status":"` + routingKey + `"}`, ""},
		{400, `<html>`, ""},
		{400, ``, ""},
		{500, `x`, ""},
		{403, `{"status":"invalid event"}`, ""},
	} {
		got := newSink(t).Judge(c.status, []byte(c.body))
		var a *sink.AnswerError
		if c.code == "" && got != nil || c.code != "" && (!errors.As(got, &a) || a.Code != c.code || a.Class != sink.Refused || a.Denied != (c.code == "invalid_routing_key")) {
			t.Errorf("%d %s: %v", c.status, c.body, got)
		}
	}
}

// Sent again on purpose, an event has the same alert and the same ID to look for.
func TestRoundsDontShow(t *testing.T) {
	e := event.Event{ID: "d1", Source: "github", Title: "x", Severity: event.Error}
	again := e
	again.ID += "\n2026-03-02T09:30:00Z"
	if a, b := newSink(t).Render(&e).Body, newSink(t).Render(&again).Body; !bytes.Equal(a, b) {
		t.Errorf("%s\n%s", a, b)
	}
}

func TestAThrottledKeyIsLeftAlone(t *testing.T) {
	err := newSink(t).Judge(429, []byte(`{"status":"throttle exceeded"}`))
	var a *sink.AnswerError
	if !errors.As(err, &a) || !a.Temporary() || a.RetryAfter() != time.Minute {
		t.Errorf("%#v", err)
	}
}

func FuzzRender(f *testing.F) {
	f.Add("Issue #1 opened", "a **b**", "https://example.com/(a)", int64(1), 5)
	f.Add("", "\x00\xff", "javascript:alert(1)", int64(-1)<<40, 5000)
	f.Add("İ_ſ ǅ", "ß", "https://", int64(1)<<40, 30)
	s := newSink(f)
	f.Fuzz(func(t *testing.T, title, text, u string, sec int64, n int) {
		l := event.Link{Name: title, URL: u}
		e := event.Event{
			ID: text, Source: text, Type: title, Key: title + text, Title: title, URL: u, Place: l, Actor: l, Product: title,
			Time: time.Unix(sec, 0), Gauge: &event.Gauge{Label: text, Value: n, Image: u}, Text: event.Text{Body: text},
		}
		for range min(max(n, 0), 300) {
			e.Fields = append(e.Fields, event.Field{Name: title, Value: text, URL: u})
			e.Lists = append(e.Lists, event.List{Name: title, Omitted: n, Items: []event.Item{{Label: title, Text: text, Detail: title, Note: text}}})
		}
		for _, kind := range []string{kindTrigger, kindResolve, kindChange, kindAcknowledge} {
			if err := check(s.draw(&e, kind).Body); err != nil {
				t.Fatal(err)
			}
		}
		remembered := ""
		for range 4 {
			step := s.Next(&e, remembered)
			if step == nil {
				break
			}
			var err error
			if remembered, err = s.Note(&e, remembered, step, nil, nil); err != nil || len(remembered) > sink.MaxMemory {
				t.Fatal(remembered, err)
			}
		}
		if s.Next(&e, remembered) != nil {
			t.Fatal("the delivery has no end")
		}
	})
}
