package generic

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/problem"
	"github.com/sigpost/sigpost/pkg/secret"
	"github.com/sigpost/sigpost/pkg/sink/sinktest"
)

func newSink(tb testing.TB, changes ...func(*Config)) *Sink {
	tb.Helper()
	c := Config{URL: secret.Fixed("https://example.com/hooks")}
	for _, change := range changes {
		change(&c)
	}
	s, err := New(c)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

var (
	colors = regexp.MustCompile(`^#[0-9A-F]{6}$`)
	stamps = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}$`)
)

// check says what is not as the reference has it.
func check(body []byte) error {
	if len(body) > maxBytes {
		return fmt.Errorf("%d bytes are more than %d", len(body), maxBytes)
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	var d document
	if err := dec.Decode(&d); err != nil {
		return err
	}
	switch {
	case d.Title == "":
		return errors.New("no title")
	case !colors.MatchString(d.Color):
		return fmt.Errorf("color is %q", d.Color)
	case d.Timestamp != "" && !stamps.MatchString(d.Timestamp):
		return fmt.Errorf("timestamp is %q", d.Timestamp)
	case d.Fields == nil && bytes.Contains(body, []byte(`"fields":`)):
		return errors.New("empty fields")
	}
	for _, f := range d.Fields {
		if f.Title == "" || f.Value == "" {
			return fmt.Errorf("field %q has the value %q", f.Title, f.Value)
		}
	}
	return nil
}

func TestGeneric(t *testing.T) {
	sinktest.Run(t, sinktest.Suite{Sink: newSink(t), Dir: "testdata/generic", Check: check})
}

func TestReferenceDocumentsAreReproduced(t *testing.T) {
	noon := time.Date(2024, time.December, 14, 13, 0, 0, 0, time.FixedZone("CET", 3600))
	for name, e := range map[string]event.Event{
		"secret_expiring": {Severity: event.Error, Original: &event.Original{
			Title: "Secret Expiring Alert", Text: "Found 3 secrets expiring within 30 days",
			Fields: []event.Field{{Name: "Vault", Value: "kv-production"}, {Name: "Secrets", Value: "api-key, db-password, cert-primary"}},
		}},
		"secrets_expiring_soon": {Severity: event.Warning, Original: &event.Original{
			Title: "Secrets Expiring Soon", Text: "Found 5 secrets expiring within 30 days",
			Fields: []event.Field{
				{Name: "kv-production", Value: "api-key (expires 2024-12-20), db-conn (expires 2024-12-25)"},
				{Name: "kv-staging", Value: "service-account (expires 2025-01-02)"},
			},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			e.Product, e.Time, e.Title, e.URL = "CertifyClouds", noon, "3 secrets expire", "https://example.com"
			file, err := os.ReadFile("testdata/reference/" + name + ".json")
			if err != nil {
				t.Fatal(err)
			}
			var want bytes.Buffer
			if err := json.Compact(&want, file); err != nil {
				t.Fatal(err)
			}
			if got := drawDocument(&e); !bytes.Equal(got, want.Bytes()) {
				t.Errorf("got  %s\nwant %s", got, want.Bytes())
			}
		})
	}
}

func TestMessageHasEveryItem(t *testing.T) {
	e := event.Event{Title: "Health changed", Time: time.Unix(0, 0)}
	l := event.List{Name: "New issues", Omitted: 2}
	for i := range 12 {
		l.Items = append(l.Items, event.Item{Label: "Capacity", Text: fmt.Sprintf("pool %d is full.", i), Detail: "add disks"})
	}
	e.Lists = []event.List{l, {Items: []event.Item{{Text: "fan", Done: true}}}}
	var d document
	if err := json.Unmarshal(newSink(t).Render(&e).Body, &d); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"New issues:\n", "Capacity: pool 11 is full. Resolution: add disks\n", "and 2 more\n", "Resolved:\nfan"} {
		if !strings.Contains(d.Message, want) {
			t.Errorf("message lacks %q:\n%s", want, d.Message)
		}
	}
}

func TestMessageIsNeverEmpty(t *testing.T) {
	for _, text := range []string{"", " \n"} {
		e := event.Event{Title: "Scan completed", Original: &event.Original{Title: "Scan Completed", Text: text}}
		var d document
		if err := json.Unmarshal(newSink(t).Render(&e).Body, &d); err != nil || d.Message != "Scan Completed" {
			t.Errorf("text %q: message %q, %v", text, d.Message, err)
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
	good, value := literal(t, "https://example.com"), literal(t, "x")
	for _, c := range []struct {
		config Config
		keys   string
	}{
		{Config{}, "url"},
		{Config{URL: literal(t, "http://example.com")}, "url"},
		{Config{URL: literal(t, "http://[::1]:8080/")}, ""},
		{Config{URL: good, Headers: map[string]secret.Handle{"Authorization": literal(t, "env://AUTH"), "X-Team": value}}, ""},
		{
			Config{URL: good, Headers: map[string]secret.Handle{"host": value, "content-length": value, "TE": value, "connection": value}},
			"headers.TE headers.connection headers.content-length headers.host",
		},
		{
			Config{URL: good, Headers: map[string]secret.Handle{"Authorization": value, "X-Api-Key": value, "private-token": value, "X-Team": value}},
			"headers.Authorization headers.X-Api-Key headers.private-token",
		},
		{Config{URL: good, Headers: map[string]secret.Handle{"": value, "X Team": value, "X:": value}}, "headers headers headers"},
		{Config{URL: good, Headers: map[string]secret.Handle{"X-A": value, "x-a": value}}, "headers.x-a"},
		{Config{URL: good, Format: "xml"}, "format"},
		{Config{URL: good, Bearer: value, Signing: value}, "bearer signing"},
		{Config{URL: good, Bearer: literal(t, "env://TOKEN"), Headers: map[string]secret.Handle{"authorization": literal(t, "env://AUTH")}}, "headers.authorization"},
		{Config{URL: good, Signing: literal(t, "env://KEY"), Headers: map[string]secret.Handle{"Webhook-Id": value}}, "headers.Webhook-Id"},
		{Config{URL: good, Format: Binary, Headers: map[string]secret.Handle{"CE-Type": value}}, "headers.CE-Type"},
		{Config{URL: good, Format: Structured, Headers: map[string]secret.Handle{"Content-Type": value, "CE-Type": value}}, "headers.Content-Type"},
		{Config{URL: good, Headers: map[string]secret.Handle{"Content-Type": value, "CE-Type": value, "Webhook-Id": value}}, ""},
		{Config{URL: good, Headers: map[string]secret.Handle{"X-A": {}, "X-B": literal(t, "a\r\nb")}}, "headers.X-A headers.X-B"},
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

func TestEndpoint(t *testing.T) {
	s, err := New(Config{URL: secret.Fixed("https://example.com"), Headers: map[string]secret.Handle{"authorization": secret.Fixed("Bearer hidden")}})
	if err != nil {
		t.Fatal(err)
	}
	end, err := s.Endpoint(t.Context())
	if err != nil || end.Header["Authorization"].Reveal() != "Bearer hidden" || len(end.Header) != 1 {
		t.Errorf("endpoint %v: %v", end, err)
	}
	s.headers["Authorization"] = secret.Fixed("hidden\nX-Other: y")
	if _, err := s.Endpoint(t.Context()); err == nil || strings.Contains(err.Error(), "hidden") {
		t.Errorf("error is %v", err)
	}
	s.c.URL = secret.Fixed("http://example.com/hidden")
	if _, err := s.Endpoint(t.Context()); err == nil || strings.Contains(err.Error(), "hidden") {
		t.Errorf("error is %v", err)
	}
}

func FuzzRender(f *testing.F) {
	f.Add("Issue #1 opened", "a **b**", "https://example.com/(a)", int64(1), 5)
	f.Add("", "\x00\xff", "javascript:alert(1)", int64(-1)<<40, 5000)
	f.Fuzz(func(t *testing.T, title, text, u string, sec int64, n int) {
		link := event.Link{Name: title, URL: u}
		e := event.Event{Title: title, URL: u, Place: link, Actor: link, Product: title, Time: time.Unix(sec, 0)}
		for range min(max(n, 0), 300) {
			e.Fields = append(e.Fields, event.Field{Name: title, Value: text, URL: u})
			e.Lists = append(e.Lists, event.List{Name: title, Omitted: n, Items: []event.Item{{Label: title, Text: text, Detail: title, Note: text}}})
		}
		if n%2 == 0 {
			e.Text.Body = text
		}
		if n%3 == 0 {
			e.Original = &event.Original{Title: title, Text: text, Fields: e.Fields}
		}
		if err := check(drawDocument(&e)); err != nil {
			t.Fatal(err)
		}
	})
}
