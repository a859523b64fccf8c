package deliver_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sigpost/sigpost/pkg/deliver"
	"github.com/sigpost/sigpost/pkg/secret"
)

const (
	pathSecret   = "PATHSECRETxyz"
	querySecret  = "QUERYSECRETxyz"
	headerSecret = "HEADERSECRETxyz"
)

// rig is a Client whose waits are recorded and not slept.
type rig struct {
	waits    []time.Duration
	attempts []deliver.Attempt
	client   *deliver.Client
}

func newRig(c deliver.Config) *rig {
	r := &rig{}
	c.Sleep = func(_ context.Context, d time.Duration) error { r.waits = append(r.waits, d); return nil }
	c.Jitter = func(d time.Duration) time.Duration { return d }
	r.client = deliver.New(c)
	return r
}

func (r *rig) request(base string) deliver.Request {
	return deliver.Request{
		URL:         secret.NewValue(base + "/" + pathSecret + "?k=" + querySecret),
		Header:      map[string]secret.Value{"Authorization": secret.NewValue("Bearer " + headerSecret)},
		ContentType: "application/json",
		Body:        []byte("full"),
		Observe:     func(a deliver.Attempt) { r.attempts = append(r.attempts, a) },
	}
}

func (r *rig) classes() string {
	var s []string
	for _, a := range r.attempts {
		s = append(s, a.Class)
	}
	return strings.Join(s, " ")
}

func serve(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

// fails checks that err is an *Error and that nothing in it leaks.
func fails(t *testing.T, err error) *deliver.Error {
	t.Helper()
	var e *deliver.Error
	if !errors.As(err, &e) {
		t.Fatalf("got %v, want an *Error", err)
	}
	for err := error(e); err != nil; err = errors.Unwrap(err) {
		for _, text := range []string{err.Error(), fmt.Sprintf("%+v", err), fmt.Sprintf("%#v", err)} {
			for _, s := range []string{pathSecret, querySecret, headerSecret, "127.0.0.1:"} {
				if strings.Contains(text, s) {
					t.Errorf("%s leaks in %q", s, text)
				}
			}
		}
	}
	return e
}

func TestSendDelivers(t *testing.T) {
	url := serve(t, func(_ http.ResponseWriter, q *http.Request) {
		body, _ := io.ReadAll(q.Body)
		got := []string{q.Method, q.Header.Get("User-Agent"), q.Header.Get("Content-Type"), q.Header.Get("Authorization"), q.Header.Get("Accept-Encoding"), string(body)}
		if want := []string{"POST", "sigpost", "application/json", "Bearer " + headerSecret, "", "full"}; !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	})
	r := newRig(deliver.Config{})
	if err := r.client.Send(t.Context(), r.request(url)); err != nil || r.classes() != "delivered" {
		t.Errorf("got %v, %s", err, r.classes())
	}
}

func TestSendStatuses(t *testing.T) {
	for status, retried := range map[int]bool{
		408: true, 425: true, 429: true, 500: true, 503: true, 599: true,
		301: false, 302: false, 307: false, 308: false, 304: false, 400: false, 401: false, 404: false, 413: false,
	} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			hits := 0
			url := serve(t, func(w http.ResponseWriter, q *http.Request) {
				hits++
				w.Header().Set("Location", "/elsewhere?from="+q.URL.String())
				w.WriteHeader(status)
			})
			r := newRig(deliver.Config{})
			e := fails(t, r.client.Send(t.Context(), r.request(url)))
			want := 1
			if retried {
				want = 4
				if !slices.Equal(r.waits, []time.Duration{2 * time.Second, 5 * time.Second, 10 * time.Second}) {
					t.Errorf("waited %v", r.waits)
				}
			}
			if e.Temporary != retried || e.Status != status || e.Attempts != want || hits != want {
				t.Errorf("got %+v after %d hits", *e, hits)
			}
		})
	}
}

func TestSendRetryAfter(t *testing.T) {
	now := time.Now().Truncate(time.Second)
	for header, want := range map[string]time.Duration{
		"7": 7 * time.Second,
		now.Add(9 * time.Second).UTC().Format(http.TimeFormat): 9 * time.Second,
		"1": 2 * time.Second, "soon": 2 * time.Second, "-5": 2 * time.Second, // never sooner than the plan
	} {
		first := true
		url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			if first {
				w.Header().Set("Retry-After", header)
				w.WriteHeader(429)
			}
			first = false
		})
		r := newRig(deliver.Config{Now: func() time.Time { return now }})
		if err := r.client.Send(t.Context(), r.request(url)); err != nil || !slices.Equal(r.waits, []time.Duration{want}) {
			t.Errorf("%s: got %v after waits %v, want %v", header, err, r.waits, want)
		}
	}
}

func TestSendReturnsWhenWaitDoesNotFit(t *testing.T) {
	for header, want := range map[string]time.Duration{"": 0, "30": 30 * time.Second, "99999999999999999999": 24 * time.Hour} {
		url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", header)
			w.WriteHeader(503)
		})
		ctx, cancel := context.WithTimeout(t.Context(), 1900*time.Millisecond)
		r := newRig(deliver.Config{})
		e := fails(t, r.client.Send(ctx, r.request(url)))
		cancel()
		if !e.Temporary || e.RetryAfter != want || e.Attempts != 1 || len(r.waits) != 0 {
			t.Errorf("%q: got %+v after waits %v", header, *e, r.waits)
		}
	}
}

type answer struct{ temporary, reducible bool }

func (answer) Error() string     { return "receiver answered invalid_blocks" }
func (a answer) Temporary() bool { return a.temporary }
func (a answer) Reducible() bool { return a.reducible }

func TestSendJudge(t *testing.T) {
	for want, err := range map[string]error{
		"delivered":                 nil,
		"refused":                   answer{},
		"retry retry retry retry":   fmt.Errorf("wrapped: %w", answer{temporary: true}),
		"reduce delivered, reduced": answer{reducible: true},
	} {
		var last string
		url := serve(t, func(w http.ResponseWriter, q *http.Request) {
			b, _ := io.ReadAll(q.Body)
			last = string(b)
			_, _ = w.Write(b)
		})
		r := newRig(deliver.Config{})
		q := r.request(url)
		q.Reduce = func() *deliver.Content { return &deliver.Content{URL: q.URL, Body: []byte("small")} }
		q.Judge = func(_ int, body []byte) error {
			if string(body) == "small" {
				return nil
			}
			return err
		}
		_ = r.client.Send(t.Context(), q)
		classes, reduced := strings.CutSuffix(want, ", reduced")
		if r.classes() != classes || (last == "small") != reduced {
			t.Errorf("got %q with body %q, want %q", r.classes(), last, want)
		}
	}
}

func TestSendReducesOnce(t *testing.T) {
	r := newRig(deliver.Config{})
	q := r.request(serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(413) }))
	q.Reduce = func() *deliver.Content { return &deliver.Content{URL: q.URL, Body: []byte("small")} }
	e := fails(t, r.client.Send(t.Context(), q))
	if e.Temporary || e.Attempts != 2 || r.classes() != "reduce refused" || len(r.waits) != 0 {
		t.Errorf("got %+v, %s", *e, r.classes())
	}
}

func TestSendHidesWhatJudgeRepeats(t *testing.T) {
	r := newRig(deliver.Config{})
	q := r.request(serve(t, func(http.ResponseWriter, *http.Request) {}))
	for _, s := range []string{pathSecret, querySecret, headerSecret} {
		q.Judge = func(int, []byte) error { return errors.New("no such hook: " + s) }
		fails(t, r.client.Send(t.Context(), q))
	}
}

func TestSendRefusesURLs(t *testing.T) {
	for _, url := range []string{
		"", "http://example.com", "ftp://127.0.0.1", "https://", "https:opaque", "/path", "http://127.0.0.1.example.com",
		"https://user:" + pathSecret + "@example.com", "http://[::1", "https://example.com/%zz" + pathSecret, "http://localhost.example.com",
	} {
		r := newRig(deliver.Config{Transport: nobody{}})
		q := r.request("")
		q.URL = secret.NewValue(url)
		if e := fails(t, r.client.Send(t.Context(), q)); e.Temporary || e.Attempts != 0 {
			t.Errorf("%q: got %+v", url, *e)
		}
	}
	for _, url := range []string{"https://example.com", "http://127.8.9.1:1", "http://[::1]:1", "http://LocalHost:1"} {
		r := newRig(deliver.Config{Transport: nobody{}})
		if e := fails(t, r.client.Send(t.Context(), r.request(url))); e.Attempts != 4 {
			t.Errorf("%q: got %+v", url, *e)
		}
	}
	r := newRig(deliver.Config{Transport: nobody{}})
	q := r.request("https://example.com")
	q.Header["X-Key"] = secret.NewValue(headerSecret + "\r\nX: y")
	if e := fails(t, r.client.Send(t.Context(), q)); e.Temporary {
		t.Errorf("got %+v", *e)
	}
}

// nobody is a network on which every request fails and says too much.
type nobody struct{}

func (nobody) RoundTrip(q *http.Request) (*http.Response, error) {
	return nil, fmt.Errorf("post %s with %v", q.URL, q.Header)
}
