package relay

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sigpost/sigpost/pkg/config"
	"github.com/sigpost/sigpost/pkg/deliver"
	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/secret"
	"github.com/sigpost/sigpost/pkg/sink"
	"github.com/sigpost/sigpost/pkg/state"
)

// talk is a sink that posts two steps of each event, "first" and "second", and
// remembers which of them are done.
type talk struct{ endless bool }

func (talk) Render(e *event.Event) sink.Message { return sink.Message{Body: []byte(e.ID)} }

func (talk) Endpoint(context.Context) (sink.Endpoint, error) {
	return sink.Endpoint{URL: secret.NewValue("http://127.0.0.1:9/never-used")}, nil
}

func (t talk) Next(e *event.Event, memory string) *sink.Step {
	for _, kind := range []string{"first", "second"} {
		if t.endless || !strings.Contains(memory, e.ID+" "+kind+"\n") {
			return &sink.Step{Message: sink.Message{Kind: kind, ContentType: "text/plain", Body: []byte(e.ID + " " + kind)}}
		}
	}
	return nil
}

func (talk) Note(e *event.Event, memory string, s *sink.Step, _ []byte, refusal error) (string, error) {
	if refusal != nil && s.Message.Kind == "first" {
		return "", refusal
	}
	return memory + e.ID + " " + s.Message.Kind + "\n", nil
}

// Seal puts the key into the body, and the kind into the address.
func (talk) Seal(_ context.Context, _ *event.Event, m sink.Message, _ time.Time) (sink.Posting, error) {
	m.Body = append([]byte("hidden-key "), m.Body...)
	return sink.Posting{Message: m, Endpoint: sink.Endpoint{URL: secret.NewValue("http://127.0.0.1:9/" + m.Kind)}}, nil
}

// talked is a relay with that sink, and what its receiver got; answer says how
// it answers each.
func talked(t *testing.T, s sink.Sink, store state.Store, answer func(body string) (int, error)) (*Relay, *Delivery, *[]string) {
	t.Helper()
	var got []string
	transport := roundTrip(func(req *http.Request) (*http.Response, error) {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			return nil, err
		}
		kind := req.URL.Path[1:]
		if !strings.HasPrefix(string(body), "hidden-key ") || !strings.HasSuffix(string(body), kind) {
			t.Errorf("%s got %s", kind, body)
		}
		text := strings.TrimPrefix(string(body), "hidden-key ")
		status, err := answer(text)
		if err != nil {
			return nil, err
		}
		if status == http.StatusOK {
			got = append(got, text)
		}
		return &http.Response{StatusCode: status, Body: io.NopCloser(strings.NewReader("ok")), Header: http.Header{}, Request: req}, nil
	})
	r := &Relay{opt: Options{
		State: store, Now: time.Now, Log: slog.New(slog.DiscardHandler),
		Client: deliver.New(deliver.Config{Transport: transport, Sleep: func(context.Context, time.Duration) error { return nil }}),
	}}
	d := &Delivery{Event: &event.Event{ID: "e1", Source: "s", Key: "k"}, Sink: config.Sink{Name: "ops", Sink: s}}
	return r, d, &got
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// A delivery that broke off between its steps goes on with the one that is left.
func TestConverseGoesOn(t *testing.T) {
	broken := true
	r, d, got := talked(t, talk{}, state.NewMemory(time.Now), func(body string) (int, error) {
		if broken && strings.HasSuffix(body, "second") {
			return 0, errors.New("reset")
		}
		return 200, nil
	})
	if err := r.deliver(t.Context(), d); err == nil {
		t.Fatal("a step that never arrived is delivered")
	}
	broken = false
	for range 2 { // once more than needed
		if err := r.deliver(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}
	if want := "e1 first,e1 second"; strings.Join(*got, ",") != want {
		t.Errorf("got %v, want %s", *got, want)
	}
	if strings.Contains(string(d.Body), "hidden-key") || string(d.Body) != "e1 second" || d.ContentType != "text/plain" {
		t.Errorf("what is shown of it: %q %q", d.ContentType, d.Body)
	}
}

// Whoever watches is told of every request of a delivery, and what became of it.
func TestConverseShowsEveryStep(t *testing.T) {
	for name, tt := range map[string]struct {
		status int // of the second step
		failed bool
	}{"both": {200, false}, "one refused": {http.StatusBadRequest, false}, "one not delivered": {http.StatusServiceUnavailable, true}} {
		r, d, _ := talked(t, talk{}, state.NewMemory(time.Now), func(body string) (int, error) {
			if strings.HasSuffix(body, "second") {
				return tt.status, nil
			}
			return 200, nil
		})
		if err := r.deliver(t.Context(), d); (err != nil) != tt.failed {
			t.Errorf("%s: %v", name, err)
		}
		if len(d.Steps) != 1 || string(d.Steps[0].Body) != "e1 first" || d.Steps[0].ContentType != "text/plain" || d.Steps[0].Err != nil || string(d.Body) != "e1 second" {
			t.Errorf("%s: %q, then %q", name, d.Steps, d.Body)
		}
	}
	r, d, _ := talked(t, talk{endless: true}, state.NewMemory(time.Now), func(string) (int, error) { return 200, nil })
	if err := r.deliver(t.Context(), d); !errors.Is(err, errSteps) || len(d.Steps) != maxSteps-1 {
		t.Errorf("%d steps, %v", len(d.Steps), err)
	}
}

// Channels, sinks, sources and subjects don't share a memory; events without a
// subject have none.
func TestConverseApart(t *testing.T) {
	r, d, got := talked(t, talk{}, state.NewMemory(time.Now), func(string) (int, error) { return 200, nil })
	change := []func(){
		func() {}, func() { d.Channel = "C2" }, func() { d.Sink.Name = "other" }, func() { d.Event.Source = "s2" },
		func() { d.Event.Key = "k2" }, func() { d.Event.Key = "" }, func() {},
	}
	for i, f := range change {
		f()
		if err := r.deliver(t.Context(), d); err != nil {
			t.Fatal(err)
		}
		if len(*got) != 2*(i+1) {
			t.Fatalf("change %d: %d messages", i, len(*got))
		}
	}
}

// What a refusal means is the sink's to say.
func TestConverseRefusals(t *testing.T) {
	for refused, want := range map[string]string{"first": "", "second": "e1 first"} {
		r, d, got := talked(t, talk{}, state.NewMemory(time.Now), func(body string) (int, error) {
			if strings.HasSuffix(body, refused) {
				return 400, nil
			}
			return 200, nil
		})
		err := r.deliver(t.Context(), d)
		if (err != nil) != (refused == "first") || strings.Join(*got, ",") != want {
			t.Errorf("%s refused: %v, %v", refused, err, *got)
		}
	}
	r, d, got := talked(t, talk{endless: true}, state.NewMemory(time.Now), func(string) (int, error) { return 200, nil })
	if err := r.deliver(t.Context(), d); err == nil || len(*got) > maxSteps {
		t.Errorf("a sink without end: %v, %d messages", err, len(*got))
	}
}

// forgetful is a store whose values can't be kept.
type forgetful struct{ state.Store }

func (forgetful) Put(context.Context, string, string, time.Duration) error {
	return errors.New("the store is down")
}

// A memory that can't be kept costs the thread and never the message; one that
// can't be read is no reason to post something that may be there already.
func TestConverseWithoutAStore(t *testing.T) {
	r, d, got := talked(t, talk{}, forgetful{state.NewMemory(time.Now)}, func(string) (int, error) { return 200, nil })
	if err := r.deliver(t.Context(), d); err != nil || len(*got) != 2 {
		t.Errorf("%v, %v", err, *got)
	}
	r, d, got = talked(t, talk{}, blind{state.NewMemory(time.Now)}, func(string) (int, error) { return 200, nil })
	if err := r.deliver(t.Context(), d); err == nil || len(*got) != 0 {
		t.Errorf("%v, %v", err, *got)
	}
}

// blind is a store whose values can't be read.
type blind struct{ state.Store }

func (blind) Get(context.Context, string) (string, error) { return "", errors.New("the store is down") }
