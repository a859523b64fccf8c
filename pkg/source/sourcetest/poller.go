package sourcetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/secret"
	"github.com/sigpost/sigpost/pkg/source"
)

// PollerSuite is the polled source under test. Its samples are answers.
type PollerSuite struct {
	// New makes the source with the given key.
	New func(key secret.Handle) (source.Poller, error)
}

// RunPoller tries all samples of the package under test.
func RunPoller(t *testing.T, s PollerSuite) {
	t.Helper()
	t.Run("configuration", func(t *testing.T) {
		Suite{New: func(secrets ...secret.Handle) (source.Source, error) {
			_, err := s.New(append(secrets, secret.Handle{})[0])
			return nil, err
		}}.configuration(t)
	})
	t.Run("schedule", func(t *testing.T) {
		if p := s.make(t).Schedule(); p.Every <= 0 || p.Overlap <= 0 || p.Since <= 0 {
			t.Errorf("schedule %+v", p)
		}
	})
	t.Run("question", s.question)
	samples := Samples(t)
	if len(samples) == 0 {
		t.Fatal("no testdata/*.body")
	}
	for _, sample := range samples {
		t.Run(sample.Name, func(t *testing.T) {
			t.Run("parse", func(t *testing.T) { s.parse(t, sample) })
			t.Run("tolerate", func(t *testing.T) { s.tolerate(t, sample) })
		})
	}
}

func (s PollerSuite) make(t *testing.T) source.Poller {
	t.Helper()
	p, err := s.New(secret.Fixed(testSecret))
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	return p
}

// question asks for pages: the key must be in a header and nowhere else.
func (s PollerSuite) question(t *testing.T) {
	p := s.make(t)
	from := time.Date(2026, 3, 2, 9, 30, 0, 123456000, time.FixedZone("", 3600))
	seen := map[string]bool{}
	for page := 1; page <= 3; page++ {
		q, err := p.Question(t.Context(), from, page)
		if err != nil {
			t.Fatal(err)
		}
		u, err := url.Parse(q.URL.Reveal())
		if err != nil || u.Scheme != "https" || strings.Contains(u.String(), testSecret) || seen[u.String()] {
			t.Errorf("page %d is at %v, %v", page, u, err)
		}
		seen[u.String()] = true
		header := ""
		for _, v := range q.Header {
			header += v.Reveal()
		}
		if !strings.Contains(header, testSecret) {
			t.Error("the key is in no header")
		}
		if q.MaxBytes <= 0 || q.Refused == "" || strings.Contains(fmt.Sprintf("%+v", q), testSecret) {
			t.Errorf("question %+v", q)
		}
	}
	var lost secret.Handle
	if err := lost.UnmarshalText([]byte("secret://lost")); err != nil {
		t.Fatal(err)
	}
	without, err := s.New(lost)
	if err != nil {
		t.Fatalf("New refuses a reference: %v", err)
	}
	if _, err := without.Question(context.Background(), from, 1); err == nil || !strings.Contains(err.Error(), "secret://lost") {
		t.Errorf("Question without its key: %v", err)
	}
}

// parse compares a sample's page with the expected one.
func (s PollerSuite) parse(t *testing.T, sample Sample) {
	t.Helper()
	page, err := s.make(t).Parse(sample.Body)
	if err != nil {
		t.Fatalf("Parse: %v", err)
	}
	CheckPage(t, page)
	golden(t, sample.Name, page)
}

// CheckPage tries what holds for every page of every polled source.
func CheckPage(tb testing.TB, page source.Page) {
	tb.Helper()
	for _, entry := range page.Entries {
		if !json.Valid(entry.Raw) {
			tb.Errorf("Raw is no JSON: %.100q", entry.Raw)
		}
		e := entry.Event
		if e == nil {
			continue
		}
		Check(tb, e)
		if e.ID != "" || e.Source != "" || e.Kind != "" || e.Product != "" || e.Raw != nil || !e.Time.IsZero() {
			tb.Errorf("event %+v has what the relay fills", e)
		}
	}
}

// tolerate nulls and removes every member of the body, one at a time.
func (s PollerSuite) tolerate(t *testing.T, sample Sample) {
	t.Helper()
	p := s.make(t)
	for _, v := range variants(t, sample.Body) {
		page, err := p.Parse(v.body)
		if err != nil {
			var refusal *source.Refusal
			if !errors.As(err, &refusal) || v.deep {
				t.Errorf("%s: %v", v.name, err)
			}
			continue
		}
		CheckPage(t, page)
		for _, entry := range page.Entries {
			if entry.Event != nil {
				solid(t, v.name, sample, entry.Event)
			}
		}
	}
}

// solid fails for a title with a hole that the sample does not have.
func solid(t *testing.T, name string, sample Sample, e *event.Event) {
	t.Helper()
	for _, word := range append(hollow, "  ") {
		if strings.Contains(e.Title, word) && !strings.Contains(string(sample.Body), word) {
			t.Errorf("%s: title %q", name, e.Title)
		}
	}
}
