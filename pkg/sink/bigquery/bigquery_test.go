package bigquery

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/event/eventtest"
	"github.com/sigpost/sigpost/pkg/problem"
	"github.com/sigpost/sigpost/pkg/secret"
	"github.com/sigpost/sigpost/pkg/sink"
	"github.com/sigpost/sigpost/pkg/sink/bigquery/bigquerytest"
	"github.com/sigpost/sigpost/pkg/sink/sinktest"
)

func newSink(tb testing.TB, change func(*Config)) *Sink {
	tb.Helper()
	c := Config{Project: "acme-data", Dataset: "sigpost"}
	if change != nil {
		change(&c)
	}
	s, err := New(c)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func testEvent() *event.Event {
	e := eventtest.Canonical()[0].Event
	e.ID, e.Source, e.Received = "delivery-1", "github", eventtest.Now.Add(1500*time.Microsecond)
	e.Raw = []byte(`{"action":"opened","n":1}`)
	e.Gauge = &event.Gauge{Label: "Health score", Value: 87, Max: 100}
	return &e
}

// columnsOf is the row in a request.
func columnsOf(t *testing.T, m sink.Message) map[string]any {
	t.Helper()
	var request struct {
		Rows []struct {
			JSON map[string]any `json:"json"`
		} `json:"rows"`
	}
	if err := bigquerytest.Check(m.Body); err != nil {
		t.Fatalf("%v\n%.2000s", err, m.Body)
	}
	if err := json.Unmarshal(m.Body, &request); err != nil {
		t.Fatal(err)
	}
	return request.Rows[0].JSON
}

func TestGolden(t *testing.T) {
	sinktest.Run(t, sinktest.Suite{Sink: newSink(t, nil), Dir: "testdata/row", Check: bigquerytest.Check})
}

func TestRow(t *testing.T) {
	e := testEvent()
	e.Type, e.Key, e.State = "run:errored", "acme/prod", event.StateOpen
	got := columnsOf(t, newSink(t, nil).Render(e))
	for column, want := range map[string]any{
		"delivery_id": "delivery-1", "source": "github", "type": "run:errored", "action": "errored",
		"subject": "acme/prod", "state": "open", "received_at": eventtest.Now.UTC().Format("2006-01-02T15:04:05") + ".001500Z",
		"payload": `{"action":"opened","n":1}`, "payload_bytes": 25.0, "payload_cut": nil,
	} {
		if got[column] != want {
			t.Errorf("%s is %#v, want %#v", column, got[column], want)
		}
	}
}

func TestTheSameEventHasTheSameInsertID(t *testing.T) {
	s, a, b := newSink(t, nil), testEvent(), testEvent()
	b.Round, b.Received, b.Title = "2", b.Received.Add(time.Hour), "Sent again"
	if insertID(a) != insertID(b) {
		t.Error("an event that is sent again is another row")
	}
	if b.Source = "other"; insertID(a) == insertID(b) {
		t.Error("two sources' events with the same id are one row")
	}
	if !strings.Contains(string(s.Render(a).Body), insertID(a)) {
		t.Error("the insertId isn't in the request")
	}
}

func TestPayloadOff(t *testing.T) {
	off := false
	s := newSink(t, func(c *Config) { c.Payload = &off })
	for _, m := range []sink.Message{s.Render(testEvent()), s.RenderReduced(testEvent())} {
		got := columnsOf(t, m)
		if got["payload"] != nil || got["payload_cut"] != nil || got["payload_bytes"] != 25.0 || strings.Contains(string(m.Body), "opened\\") {
			t.Errorf("the row holds the payload or says it was cut: %v", got)
		}
	}
}

func TestReduced(t *testing.T) {
	e := testEvent()
	for range 50 {
		e.Fields = append(e.Fields, event.Field{Name: "n", Value: "v"})
	}
	got := columnsOf(t, newSink(t, nil).RenderReduced(e))
	facts, _ := got["facts"].([]any)
	if got["payload"] != nil || got["payload_cut"] != true || len(facts) != reducedFacts {
		t.Errorf("payload %v, cut %v, %d facts", got["payload"], got["payload_cut"], len(facts))
	}
	if len(e.Fields) < 50 {
		t.Error("the event was changed")
	}
}

func TestBounded(t *testing.T) {
	e := testEvent()
	long := strings.Repeat("\\\"", 20<<10)
	e.Title, e.Key, e.ID, e.Type, e.Place.Name = long, long, long, long, long
	for range 2 * maxFacts {
		e.Fields = append(e.Fields, event.Field{Name: long, Value: long, URL: "https://example.com/" + strings.Repeat("x", 7900)})
	}
	e.Raw = []byte(`{"body":"` + strings.Repeat(`\"`, 12<<20) + `","number":7}`)
	s := newSink(t, nil)
	got := columnsOf(t, s.Render(e))
	if text, _ := got["payload"].(string); !strings.Contains(text, `"number":7`) || got["payload_cut"] != true {
		t.Errorf("what follows a long text is lost: %.200q", text)
	}
	columnsOf(t, s.RenderReduced(e))
}

func TestNew(t *testing.T) {
	provider := "//iam.googleapis.com/projects/123/locations/global/workloadIdentityPools/pool/providers/aws"
	for _, c := range []struct {
		name string
		c    Config
		keys string
	}{
		{"nothing", Config{}, "dataset project"},
		{"names with dots", Config{Project: "acme-data", Dataset: "acme.sigpost", Table: "a.b"}, "dataset table"},
		{"an old project", Config{Project: "example.com:acme", Dataset: "d"}, ""},
		{"a path as project", Config{Project: "../x", Dataset: "d"}, "project"},
		{"upper case", Config{Project: "Acme", Dataset: "D"}, "project"},
		{"a query as table", Config{Project: "acme-data", Dataset: "d", Table: "t?x=1"}, "table"},
		{"plain http", Config{Project: "acme-data", Dataset: "d", URL: "http://example.com"}, "url"},
		{"a path", Config{Project: "acme-data", Dataset: "d", URL: "https://example.com/bigquery/v2"}, "url"},
		{"an emulator", Config{Project: "acme-data", Dataset: "d", URL: "http://127.0.0.1:9050"}, ""},
		{"a provider", Config{Project: "acme-data", Dataset: "d", WorkloadIdentity: provider}, ""},
		{"an https provider", Config{Project: "acme-data", Dataset: "d", WorkloadIdentity: "https:" + provider}, "workload_identity"},
		{"both", Config{Project: "acme-data", Dataset: "d", WorkloadIdentity: provider, Credentials: secret.Fixed("x")}, "workload_identity"},
		{"a key in the file", Config{Project: "acme-data", Dataset: "d", Credentials: literal(t, "not-a-reference")}, "credentials"},
	} {
		_, err := New(c.c)
		var keys []string
		for _, p := range problem.All(err) {
			keys = append(keys, p.Key)
			if strings.Contains(p.Text, "not-a-reference") {
				t.Errorf("%s: the error repeats the secret", c.name)
			}
		}
		if !same(keys, strings.Fields(c.keys)) {
			t.Errorf("%s: problems with %v, want %q (%v)", c.name, keys, c.keys, err)
		}
	}
}

func same(a, b []string) bool {
	seen := map[string]int{}
	for _, x := range a {
		seen[x]++
	}
	for _, x := range b {
		seen[x]--
	}
	for _, n := range seen {
		if n != 0 {
			return false
		}
	}
	return true
}

func literal(t *testing.T, text string) (h secret.Handle) {
	t.Helper()
	if err := h.UnmarshalText([]byte(text)); err != nil {
		t.Fatal(err)
	}
	return h
}

func TestJudge(t *testing.T) {
	s := newSink(t, nil)
	reason := func(r string) string {
		return `{"error":{"code":403,"message":"free text","errors":[{"domain":"global","message":"free text","reason":"` + r + `"}],"status":"X"}}`
	}
	row := func(r, location string) string {
		return `{"kind":"bigquery#tableDataInsertAllResponse","insertErrors":[{"index":0,"errors":[{"reason":"` + r + `","location":"` + location + `","debugInfo":"","message":"free text"}]}]}`
	}
	const taken = -1
	for _, c := range []struct {
		name   string
		status int
		body   string
		class  sink.Class
		code   string
	}{
		{"taken", 200, `{"kind":"bigquery#tableDataInsertAllResponse"}`, taken, ""},
		{"no errors", 200, `{"insertErrors":[]}`, taken, ""},
		{"a page", 200, `<html>sign in</html>`, sink.Retry, "an answer that is not BigQuery's"},
		{"null", 200, `null`, sink.Retry, "an answer that is not BigQuery's"},
		{"broken off", 200, `{"kind":"bigquery#tableDa`, sink.Retry, "an answer that is not BigQuery's"},
		{
			"cut off, repeating the row", 200, `{"kind":"k","insertErrors": [{"index": 0,"errors": [{"reason": "invalid","message": "free text`,
			sink.Reduce, "invalid",
		},
		{"cut off, of another reason", 200, `{"kind":"k","insertErrors": [{"errors": [{"reason": "timeout","message": "free text`, sink.Retry, "an answer that is not BigQuery's"},
		{"an old table", 200, row("invalid", "payload_cut"), sink.Reduce, "invalid (column payload_cut)"},
		{"a place that is a text", 200, row("invalid", "free text"), sink.Reduce, "invalid"},
		{"a row's time-out", 200, row("timeout", ""), sink.Retry, "timeout"},
		{"stopped", 200, row("stopped", ""), sink.Retry, "stopped"},
		{"a new reason", 200, row("somethingNew", ""), sink.Retry, "insertErrors"},
		{"an error without reason", 200, `{"insertErrors":[{"index":0,"errors":[]}]}`, sink.Retry, "insertErrors"},
		{"a bad request", 400, reason("invalid"), sink.Reduce, "invalid"},
		{"a bad request without JSON", 400, `nonsense`, sink.Reduce, "invalid"},
		{"a token that is over", 401, reason("authError"), sink.Retry, "unauthenticated"},
		{"no right", 403, reason("accessDenied"), sink.Retry, "accessDenied"},
		{"403 without JSON", 403, ``, sink.Retry, "accessDenied"},
		{"too fast", 403, reason("rateLimitExceeded"), sink.Retry, "rateLimitExceeded"},
		{"quota", 403, reason("quotaExceeded"), sink.Retry, "quotaExceeded"},
		{"billing", 403, reason("billingNotEnabled"), sink.Retry, "billingNotEnabled"},
		{"no API", 403, reason("accessNotConfigured"), sink.Retry, "accessNotConfigured"},
		{"no table", 404, reason("notFound"), sink.Retry, "notFound"},
		{"too large", 413, `<html>`, taken, ""}, // as the status says
		{"trouble", 503, reason("backendError"), taken, ""},
		{"a redirect", 302, ``, taken, ""},
	} {
		err := s.Judge(c.status, []byte(c.body))
		var a *sink.AnswerError
		switch {
		case c.class == taken && err != nil, c.class != taken && !errors.As(err, &a):
			t.Errorf("%s: %v", c.name, err)
		case c.class != taken && (a.Class != c.class || a.Code != c.code+hints[c.code]):
			t.Errorf("%s: class %v, code %q, want %v, %q", c.name, a.Class, a.Code, c.class, c.code)
		case a != nil && strings.Contains(a.Error(), "free text"):
			t.Errorf("%s: the error repeats the answer", c.name)
		case c.code == "quotaExceeded" && a.After != quotaPause:
			t.Errorf("after a quota it waits %s", a.After)
		case (c.status == 401 || c.code == "accessDenied") && !a.Denied:
			t.Errorf("%s: a rotated key isn't looked for", c.name)
		}
	}
}

func TestEmulatorGetsNoToken(t *testing.T) {
	asked := false
	meta := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true }))
	defer meta.Close()
	t.Setenv(metadataVariable, strings.TrimPrefix(meta.URL, "http://"))
	s := newSink(t, func(c *Config) { c.URL = "http://127.0.0.1:9050/" })
	p, err := s.Seal(context.Background(), testEvent(), s.Render(testEvent()), time.Now())
	if err != nil || asked || len(p.Header) > 0 {
		t.Errorf("asked %v, header %v, error %v", asked, p.Header, err)
	}
	if got := p.URL.Reveal(); got != "http://127.0.0.1:9050/bigquery/v2/projects/acme-data/datasets/sigpost/tables/events/insertAll" {
		t.Errorf("address is %s", got)
	}
}
