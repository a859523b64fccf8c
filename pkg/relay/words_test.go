package relay

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sigpost/sigpost/pkg/config"
	"github.com/sigpost/sigpost/pkg/deliver"
	"github.com/sigpost/sigpost/pkg/secret"
	"github.com/sigpost/sigpost/pkg/source"
)

// impatient is a client that waits for nothing.
func impatient() *deliver.Client {
	return deliver.New(deliver.Config{Sleep: func(context.Context, time.Duration) error { return nil }})
}

// A route's words win over the sink's, each goes to its own target only, and a
// template that fails sends the event's own words and says so.
func TestWords(t *testing.T) {
	c, err := config.Parse("test", []byte(`
sources: { github: { type: github, secrets: [env://A] } }
sinks:
  one: { type: generic, url: "http://127.0.0.1:9/", title: "sink {{ .Type }}", text: "by {{ .Actor.Name }}" }
  two: { type: generic, url: "http://127.0.0.1:9/" }
  bad: { type: generic, url: "http://127.0.0.1:9/", title: "{{ (index .Lists 0).Name }}" }
routes:
  - { from: [github], to: [one], title: "route {{ .Place.Name }}" }
  - { to: [one, two, bad] }
`), secret.NewLocal(func(string) (string, bool) { return "hidden-word", true }, nil))
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	bodies := map[string]string{}
	titles := map[string]string{}
	lock := make(chan struct{}, 1)
	r, err := New(c, Options{Client: impatient(), Log: slog.New(slog.NewTextHandler(&log, nil)), Observe: func(d Delivery) {
		lock <- struct{}{}
		titles[d.Sink.Name], bodies[d.Sink.Name] = d.Event.Title, string(d.Body)
		<-lock
	}})
	if err != nil {
		t.Fatal(err)
	}
	req, err := source.Sample("github", "issues.opened")
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := c.Sources[0].Source.Parse(req)
	if err != nil {
		t.Fatal(err)
	}
	events := complete(c.Sources[0], req, parsed.Events)
	own := events[0].Title
	if a := r.deliverAll(t.Context(), events); a.status != http.StatusServiceUnavailable {
		t.Fatalf("status %d: nothing listens there", a.status)
	}
	want := map[string]string{"one": "route " + events[0].Place.Name, "two": own, "bad": own}
	for name, title := range want {
		if titles[name] != title || !strings.Contains(bodies[name], title) {
			t.Errorf("%s: title %q, want %q, in %s", name, titles[name], title, bodies[name])
		}
	}
	if !strings.Contains(bodies["one"], "by "+events[0].Actor.Name) || strings.Contains(bodies["two"], "by "+events[0].Actor.Name) {
		t.Errorf("texts: %s %s", bodies["one"], bodies["two"])
	}
	if events[0].Title != own {
		t.Error("the event itself was changed")
	}
	if n := strings.Count(log.String(), "a template failed"); n != 1 || !strings.Contains(log.String(), "sink=bad") {
		t.Errorf("%d notes of the failed template:\n%s", n, log.String())
	}
}
