package teams

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/event/eventtest"
	"github.com/sigpost/sigpost/pkg/problem"
	"github.com/sigpost/sigpost/pkg/secret"
	"github.com/sigpost/sigpost/pkg/sink/sinktest"
)

func newSink(tb testing.TB, format string) *Sink {
	tb.Helper()
	s, err := New(Config{URL: secret.Fixed("https://example.com/?sig=x"), Format: format})
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func TestAdaptiveCard(t *testing.T) {
	sinktest.Run(t, sinktest.Suite{Sink: newSink(t, ""), Dir: "testdata/adaptive-card", Check: checkCard})
}

func TestMessageCard(t *testing.T) {
	sinktest.Run(t, sinktest.Suite{Sink: newSink(t, MessageCard), Dir: "testdata/message-card", Check: checkMessageCard})
}

func TestReferenceDocumentsAreReproduced(t *testing.T) {
	for name, e := range map[string]event.Event{
		"rotation_failed": {Severity: event.Error, Title: "Rotation failed", URL: "https://example.com", Original: &event.Original{
			Title: "Rotation Failed", Text: "Failed to rotate secret for MyApp/client-secret",
			Fields: []event.Field{{Name: "Application", Value: "MyApp"}, {Name: "Secret", Value: "client-secret"}, {Name: "Error", Value: "Insufficient permissions"}},
		}},
		"secret_expiring": {Severity: event.Error, Title: "3 secrets expire", Original: &event.Original{
			Title: "Secret Expiring Alert", Text: "Found 3 secrets expiring within 30 days",
			Fields: []event.Field{{Name: "Vault", Value: "kv-production"}, {Name: "Secrets", Value: "api-key, db-password, cert-primary"}},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			file, err := os.ReadFile("testdata/reference/" + name + ".json")
			if err != nil {
				t.Fatal(err)
			}
			var want bytes.Buffer
			if err := json.Compact(&want, file); err != nil {
				t.Fatal(err)
			}
			if got := newSink(t, MessageCard).Render(&e).Body; !bytes.Equal(got, want.Bytes()) {
				t.Errorf("got  %s\nwant %s", got, want.Bytes())
			}
		})
	}
}

func TestReducedIsSmallerAndHasNoGauge(t *testing.T) {
	for _, format := range []string{AdaptiveCard, MessageCard} {
		s := newSink(t, format)
		for _, c := range append(eventtest.Canonical(), eventtest.Hostile()...) {
			full, reduced := s.Render(&c.Event).Body, s.RenderReduced(&c.Event).Body
			if len(reduced) > len(full) || len(reduced) > reducedBytes {
				t.Errorf("%s %s: %d bytes of %d", format, c.Name, len(reduced), len(full))
			}
			if bytes.Contains(reduced, []byte("Chart.Gauge")) {
				t.Errorf("%s %s: has a gauge", format, c.Name)
			}
		}
	}
}

func TestHeadlineAndLinkSurviveAnyBudget(t *testing.T) {
	e := event.Event{Title: "Disk full", URL: "https://example.com/a", Time: eventtest.Now, Text: event.Text{Body: strings.Repeat("<*_ ", 9000)}}
	for range 60 {
		e.Fields = append(e.Fields, event.Field{Name: strings.Repeat("#", 90), Value: strings.Repeat("`", 900)})
		e.Lists = append(e.Lists, event.List{Items: []event.Item{{Text: strings.Repeat("[", 900)}}})
	}
	body := string(newSink(t, "").Render(&e).Body)
	if err := checkCard([]byte(body)); err != nil {
		t.Error(err)
	}
	for _, want := range []string{"[Disk full](https://example.com/a)", `"url":"https://example.com/a"`} {
		if !strings.Contains(body, want) {
			t.Errorf("%s is gone", want)
		}
	}
}

func TestEscape(t *testing.T) {
	for in, want := range map[string]string{
		"a_b [x](y)":        `a\_b \[x\]\(y\)`,
		"- one\n12. two":    "\\- one\n\n12\\. two",
		"<at>all</at>":      "<\u200bat\\>all<\u200b/at\\>",
		"{{DATE(x)}} ${a}":  "{\u200b{DATE\\(x\\)}} $\u200b{a}",
		"&lt;at&gt; R&D;":   "&\u200blt;at&\u200bgt; R&\u200bD;",
		"v1.2 costs 5 - 3.": "v1.2 costs 5 - 3.",
	} {
		if got := escape(in); got != want {
			t.Errorf("escape(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestNewReportsEveryProblem(t *testing.T) {
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
		{Config{Format: "blocks"}, "url format"},
		{Config{URL: literal("http://example.com/hook")}, "url"},
		{Config{URL: literal("no address")}, "url"},
		{Config{URL: literal("http://127.0.0.1:8080/hook")}, ""},
		{Config{URL: literal("https://example.com/hook"), Format: AdaptiveCard}, ""},
		{Config{URL: literal("secret://teams"), Format: MessageCard}, ""},
	} {
		_, err := New(c.config)
		var keys []string
		for _, p := range problem.All(err) {
			keys = append(keys, p.Key)
		}
		if got := strings.Join(keys, " "); got != c.keys {
			t.Errorf("problems with %q, want %q: %v", got, c.keys, err)
		}
	}
}

func TestEndpointRefusesUnencryptedAddressWithoutShowingIt(t *testing.T) {
	s, err := New(Config{URL: secret.Fixed("http://example.com/?sig=hidden")})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Endpoint(t.Context()); err == nil || strings.Contains(err.Error(), "hidden") {
		t.Errorf("error is %v", err)
	}
	if end, err := newSink(t, "").Endpoint(t.Context()); err != nil || end.URL.Reveal() != "https://example.com/?sig=x" {
		t.Errorf("endpoint: %v", err)
	}
}

func FuzzRender(f *testing.F) {
	f.Add("Issue #1 opened", "a **b**\n- c", "https://example.com/(a)", int64(1), 5)
	f.Add("<at>all</at> {{DATE(x)}}", "${x} [a](b)", "javascript:alert(1)", int64(-1), 50)
	card, legacy := newSink(f, ""), newSink(f, MessageCard)
	f.Fuzz(func(t *testing.T, title, text, u string, sec int64, n int) {
		link := event.Link{Name: title, URL: u}
		e := event.Event{
			Title: title, URL: u, Action: text, Place: link, Actor: link, Product: title, Time: time.Unix(sec, 0),
			Text: event.Text{Body: text, Format: event.Markdown}, Muted: n%2 == 0, Quiet: n%7 == 0,
			Gauge: &event.Gauge{Label: text, Value: n, Max: n / 2, Warning: n / 4, Success: n / 3},
		}
		for i := range min(max(n, 0), 60) {
			e.Fields = append(e.Fields, event.Field{Name: title, Value: text, URL: u})
			e.Lists = append(e.Lists, event.List{Name: title, Omitted: n, Items: []event.Item{{Label: title, URL: u, Text: text, Detail: title, Note: text, Done: i%2 == 0}}})
		}
		if n%3 == 0 {
			e.Original = &event.Original{Title: title, Text: text, Fields: e.Fields}
		}
		for _, body := range [][]byte{card.Render(&e).Body, card.RenderReduced(&e).Body} {
			if err := checkCard(body); err != nil {
				t.Fatal(err)
			}
		}
		for _, body := range [][]byte{legacy.Render(&e).Body, legacy.RenderReduced(&e).Body} {
			if err := checkMessageCard(body); err != nil {
				t.Fatal(err)
			}
		}
	})
}
