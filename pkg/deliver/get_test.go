package deliver_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sigpost/sigpost/pkg/deliver"
	"github.com/sigpost/sigpost/pkg/secret"
)

func query(base string) deliver.Query {
	return deliver.Query{
		URL:      secret.NewValue(base + "/" + pathSecret + "?k=" + querySecret),
		Header:   map[string]secret.Value{"Authorization": secret.NewValue("Api-Key " + headerSecret)},
		MaxBytes: 1000,
	}
}

func TestGet(t *testing.T) {
	date := time.Date(2026, 3, 2, 9, 30, 0, 0, time.UTC)
	url := serve(t, func(w http.ResponseWriter, q *http.Request) {
		if q.Method != http.MethodGet || q.Header.Get("Authorization") != "Api-Key "+headerSecret || q.Header.Get("Accept") != "application/json" {
			t.Errorf("got %s %v", q.Method, q.Header)
		}
		w.Header().Set("Date", date.Format(http.TimeFormat))
		_, _ = io.WriteString(w, strings.Repeat("x", 1000))
	})
	a, err := newRig(deliver.Config{}).client.Get(t.Context(), query(url))
	if err != nil || len(a.Body) != 1000 || !a.Date.Equal(date) {
		t.Errorf("%d bytes of %v, %v", len(a.Body), a.Date, err)
	}
}

func TestGetAsksOnceAndSaysWhatWentWrong(t *testing.T) {
	for name, c := range map[string]struct {
		answer    http.HandlerFunc
		status    int
		after     time.Duration
		temporary bool
	}{
		"throttled": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "90")
			w.WriteHeader(http.StatusTooManyRequests)
		}, 429, 90 * time.Second, true},
		"down":        {status(http.StatusBadGateway), 502, 0, true},
		"key refused": {status(http.StatusUnauthorized), 401, 0, false},
		"no content":  {status(http.StatusNoContent), 204, 0, false},
		"redirect": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "/elsewhere/"+headerSecret)
			w.WriteHeader(http.StatusFound)
		}, 302, 0, false},
		"too large": {func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, strings.Repeat("x", 1001)) }, 200, 0, false},
		"endless": {func(w http.ResponseWriter, _ *http.Request) {
			for {
				if _, err := io.WriteString(w, strings.Repeat("x", 4096)); err != nil {
					return
				}
			}
		}, 200, 0, false},
		"breaks off": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "900")
			_, _ = io.WriteString(w, "half")
		}, 0, 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			asked := 0
			url := serve(t, func(w http.ResponseWriter, q *http.Request) { asked++; c.answer(w, q) })
			_, err := newRig(deliver.Config{}).client.Get(t.Context(), query(url))
			e := fails(t, err)
			if e.Status != c.status || e.RetryAfter != c.after || e.Temporary != c.temporary {
				t.Errorf("got %+v", e)
			}
			if asked != 1 {
				t.Errorf("asked %d times", asked)
			}
		})
	}
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

func TestGetRefusesBadURLsAndSpendsOnlyTheContextsTime(t *testing.T) {
	client := newRig(deliver.Config{}).client
	for _, url := range []string{"", "http://example.com", "ftp://127.0.0.1", "https://user@example.com", "https://example.com\x00"} {
		_, err := client.Get(t.Context(), deliver.Query{URL: secret.NewValue(url)})
		if e := fails(t, err); e.Temporary {
			t.Errorf("%q: %v", url, e)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	url := serve(t, func(_ http.ResponseWriter, q *http.Request) { cancel(); <-q.Context().Done() })
	if _, err := client.Get(ctx, query(url)); !fails(t, err).Temporary || !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if _, err := client.Get(ctx, query(url)); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
