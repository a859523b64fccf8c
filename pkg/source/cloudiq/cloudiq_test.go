package cloudiq

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/secret"
	"github.com/sigpost/sigpost/pkg/source"
	"github.com/sigpost/sigpost/pkg/source/sourcetest"
)

func TestConformance(t *testing.T) {
	sourcetest.Run(t, sourcetest.Suite{
		New: func(secrets ...secret.Handle) (source.Source, error) {
			s, err := New(Config{Secrets: secrets})
			if err != nil {
				return nil, err
			}
			return s, nil
		},
		Refusal: http.StatusPreconditionFailed,
	})
}

func testSource(tb testing.TB) *Source {
	tb.Helper()
	s, err := New(Config{Secrets: []secret.Handle{secret.Fixed("key")}})
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func TestUnknownEvent(t *testing.T) {
	s := testSource(t)
	for _, name := range []string{"", "other", "PING"} {
		r := &source.Request{Header: http.Header{"X-Ciq-Event": {name}}, Body: []byte("{}")}
		if err := s.Seal(context.Background(), r); err != nil {
			t.Fatal(err)
		}
		if err := s.Verify(context.Background(), r); err != nil {
			t.Fatal(err)
		}
		_, err := s.Parse(r)
		var refusal *source.Refusal
		if !errors.As(err, &refusal) || refusal.Status != http.StatusNotAcceptable {
			t.Errorf("event %q: %v", name, err)
		}
	}
}

func TestJudge(t *testing.T) {
	for _, c := range []struct {
		score, opened int
		recovering    bool
		severity      event.Severity
		state         event.State
	}{
		{100, 0, false, event.Success, event.StateResolved},
		{95, 1, false, event.Success, event.StateOpen},
		{94, 1, false, event.Warning, event.StateOpen},
		{71, 1, false, event.Warning, event.StateOpen},
		{70, 1, false, event.Error, event.StateOpen},
		{94, 0, true, event.Success, event.StateResolved},
		{70, 0, true, event.Success, event.StateUpdate},
	} {
		severity, state := judge(c.score, true, c.opened, c.recovering)
		if severity != c.severity || state != c.state {
			t.Errorf("%+v: %s, %s", c, severity, state)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range sourcetest.Samples(f) {
		f.Add(s.Body)
	}
	s := testSource(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		p, err := s.Parse(&source.Request{Header: http.Header{"X-Ciq-Event": {"health-issue-change"}}, Body: body})
		if err != nil {
			if _, ok := err.(*source.Refusal); !ok {
				t.Fatalf("%v is no refusal", err)
			}
			return
		}
		if len(p.Events) != 1 {
			t.Fatalf("%d events", len(p.Events))
		}
		e := &p.Events[0]
		sourcetest.Check(t, e)
		if g := e.Gauge; g != nil && (g.Value < g.Min || g.Value > g.Max) {
			t.Errorf("gauge %+v", g)
		}
		if _, err := e.Time.MarshalJSON(); err != nil {
			t.Error(err)
		}
	})
}
