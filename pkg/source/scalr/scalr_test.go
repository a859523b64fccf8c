package scalr

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

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
		Refusal: http.StatusForbidden,
	})
}

func fixed(t *testing.T, now func() time.Time) *Source {
	t.Helper()
	s, err := New(Config{Secrets: []secret.Handle{secret.Fixed("key")}, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestTolerance(t *testing.T) {
	signed := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	r := &source.Request{Body: []byte("{}")}
	if err := fixed(t, func() time.Time { return signed }).Seal(context.Background(), r); err != nil {
		t.Fatal(err)
	}
	for offset, want := range map[time.Duration]bool{
		0: true, 299 * time.Second: true, -299 * time.Second: true,
		300 * time.Second: false, -300 * time.Second: false,
	} {
		err := fixed(t, func() time.Time { return signed.Add(offset) }).Verify(context.Background(), r)
		if (err == nil) != want {
			t.Errorf("%v after the date: %v", offset, err)
		}
	}
	r.Header.Set("x-amzn-remapped-date", r.Header.Get("Date"))
	now := fixed(t, func() time.Time { return signed })
	r.Header.Set("Date", "Fri, 02 Jan 2026 03:04:06 GMT")
	if err := now.Verify(context.Background(), r); err != nil {
		t.Errorf("remapped beside another date: %v", err)
	}
	r.Header.Del("Date")
	if err := now.Verify(context.Background(), r); err != nil {
		t.Errorf("remapped: %v", err)
	}
	key, fresh, refusal := now.Replay(r)
	if key == "" || fresh != 600*time.Second || refusal.Status != http.StatusForbidden {
		t.Errorf("Replay: %q, %v, %v", key, fresh, refusal)
	}
}

func TestConfigTolerance(t *testing.T) {
	for d, ok := range map[time.Duration]bool{-1: false, 0: true, 1: true, time.Hour: true, time.Hour + 1: false} {
		_, err := New(Config{Secrets: []secret.Handle{secret.Fixed("key")}, Tolerance: d})
		if (err == nil) != ok {
			t.Errorf("tolerance %v: %v", d, err)
		}
	}
}

func TestDuration(t *testing.T) {
	for d, want := range map[time.Duration]string{
		time.Millisecond: "under 1 s", 5 * time.Second: "5 s", 143 * time.Second: "2 min 23 s",
		time.Hour: "1 h 0 min", 3*time.Hour + 5*time.Minute + time.Second: "3 h 5 min",
	} {
		if got := duration(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}

func TestFreshenedRunsDiffer(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	s := fixed(t, func() time.Time { now = now.Add(time.Microsecond); return now })
	for _, sample := range sourcetest.Samples(t) {
		if sample.Name == "run-errored.sparse" {
			continue // no times
		}
		a, b := sample.Request(), sample.Request()
		s.Freshen(a)
		s.Freshen(b)
		if string(a.Body) == string(b.Body) {
			t.Errorf("%s: the second is the same as the first", sample.Name)
		}
		p, err := s.Parse(b)
		if err != nil {
			t.Fatal(err)
		}
		if e := p.Events[0]; !e.Time.Equal(now) || e.Fields[1].Value != "2 min 23 s" {
			t.Errorf("%s: %v, %v", sample.Name, e.Time, e.Fields)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range sourcetest.Samples(f) {
		f.Add(s.Body)
	}
	s, err := New(Config{Secrets: []secret.Handle{secret.Fixed("key")}})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		p, err := s.Parse(&source.Request{Header: http.Header{}, Body: body})
		if err != nil {
			if _, ok := err.(*source.Refusal); !ok {
				t.Fatalf("%v is no refusal", err)
			}
			return
		}
		if len(p.Events) != 1 {
			t.Fatalf("%d events", len(p.Events))
		}
		sourcetest.Check(t, &p.Events[0])
		if !strings.HasPrefix(p.Events[0].Title, "Run ") {
			t.Errorf("title %q", p.Events[0].Title)
		}
	})
}
