package certifyclouds

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/sigpost/sigpost/pkg/secret"
	"github.com/sigpost/sigpost/pkg/source/sourcetest"
)

func TestFreshenedSamplesAreNewDeliveries(t *testing.T) {
	now := time.Date(2026, 3, 2, 9, 30, 0, 0, time.UTC)
	s, err := New(Config{Tokens: []secret.Handle{secret.Fixed("key")}, Now: func() time.Time { now = now.Add(time.Millisecond); return now }})
	if err != nil {
		t.Fatal(err)
	}
	for _, sample := range sourcetest.Samples(t) {
		a, b := sample.Request(), sample.Request()
		s.Freshen(a)
		s.Freshen(b)
		if bytes.Equal(a.Body, b.Body) {
			t.Errorf("%s: the second is the same as the first", sample.Name)
		}
		was, err := s.Parse(sample.Request())
		if err != nil {
			t.Fatal(err)
		}
		is, err := s.Parse(b)
		if err != nil || len(is.Events) != len(was.Events) {
			t.Fatalf("%s: %v", sample.Name, err)
		}
		for i := range is.Events {
			if is.Events[i].Type != was.Events[i].Type || is.Events[i].Original.Title != was.Events[i].Original.Title {
				t.Errorf("%s: %+v became %+v", sample.Name, was.Events[i], is.Events[i])
			}
		}
		if at := is.Events[0].Time; !at.IsZero() && at.Sub(now).Abs() > time.Millisecond {
			t.Errorf("%s: time is %v", sample.Name, at)
		}
	}
}

func TestFreshenKeepsHowFarDatesAre(t *testing.T) {
	s, err := New(Config{Tokens: []secret.Handle{secret.Fixed("key")}, Now: func() time.Time { return time.Date(2026, 3, 2, 9, 30, 0, 0, time.UTC) }})
	if err != nil {
		t.Fatal(err)
	}
	for _, sample := range sourcetest.Samples(t) {
		if sample.Name != "generic.secrets-expiring-soon" {
			continue
		}
		r := sample.Request()
		s.Freshen(r)
		p, err := s.Parse(r)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Events[0].Lists[0].Items[0].Note; got != "expires 2026-03-08, in 6 days" {
			t.Errorf("%q in %s", got, r.Body)
		}
		if strings.Contains(string(r.Body), "2024-") {
			t.Errorf("an old date is left: %s", r.Body)
		}
	}
}
