package relay

import (
	"bytes"
	"encoding/json"
	"image/png"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/sigpost/sigpost/pkg/config"
	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/gauge"
	"github.com/sigpost/sigpost/pkg/secret"
)

func pictures(t *testing.T, section string, now *time.Time) *Relay {
	t.Helper()
	store := secret.NewLocal(func(string) (string, bool) { return "", false }, map[string]string{"SIGPOST_SECRET_GAUGE_KEY": hidden})
	c, err := config.Parse("sigpost.yaml", []byte(testConfig+section), store)
	if err != nil {
		t.Fatal(err)
	}
	r, err := New(c, Options{Now: func() time.Time { return *now }})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

const gaugeSection = "gauge: { url: https://example.com, key: secret://gauge-key, keep: 2h }\n"

func TestPictures(t *testing.T) {
	now := time.Date(2026, time.March, 2, 9, 30, 0, 0, time.UTC)
	r := pictures(t, gaugeSection, &now)
	e := &event.Event{Title: "t", Time: now, Gauge: &event.Gauge{Label: "Health score", Value: 64, Max: 100, Warning: 71, Success: 95}}
	with := r.pictured(t.Context(), e)
	path, ok := strings.CutPrefix(with.Gauge.Image, "https://example.com")
	if !ok || e.Gauge.Image != "" || r.pictured(t.Context(), e).Gauge.Image != with.Gauge.Image {
		t.Fatalf("address %q, and the event has %q", with.Gauge.Image, e.Gauge.Image)
	}
	ask := func(method, path string) *http.Response {
		w := httptest.NewRecorder()
		r.ServeHTTP(w, httptest.NewRequest(method, path, nil))
		return w.Result()
	}
	got := ask(http.MethodGet, path)
	body, _ := io.ReadAll(got.Body)
	if _, err := png.Decode(bytes.NewReader(body)); err != nil || got.StatusCode != 200 {
		t.Errorf("status %d: %v", got.StatusCode, err)
	}
	for name, want := range map[string]string{"Content-Type": gauge.ContentType, "Cache-Control": "public, max-age=7200, immutable", "X-Content-Type-Options": "nosniff"} {
		if v := got.Header.Get(name); v != want {
			t.Errorf("%s is %q, want %q", name, v, want)
		}
	}
	refusal := func(status int, method, path string) {
		t.Helper()
		got := ask(method, path)
		body, _ := io.ReadAll(got.Body)
		if got.StatusCode != status || got.Header.Get("Cache-Control") != "no-store" || !json.Valid(body) || bytes.Contains(body, []byte("evil")) || bytes.Contains(body, []byte(hidden)) {
			t.Errorf("%s %s: status %d, want %d: %s", method, path, got.StatusCode, status, body)
		}
	}
	refusal(403, "GET", strings.Replace(path, ".png", "evil.png", 1))
	refusal(404, "GET", "/gauge/evil")
	refusal(405, "POST", path)
	now = now.Add(2 * time.Hour)
	refusal(410, "GET", path)
	// HEAD is the server's to shorten.
	now = now.Add(-time.Hour)
	s := httptest.NewServer(r)
	defer s.Close()
	head, err := http.Head(s.URL + path)
	if err != nil {
		t.Fatal(err)
	}
	defer head.Body.Close()
	if left, _ := io.ReadAll(head.Body); len(left) > 0 || head.ContentLength != int64(len(body)) || head.StatusCode != 200 {
		t.Errorf("HEAD: status %d, length %d, %d bytes", head.StatusCode, head.ContentLength, len(left))
	}
}

func TestNoPicturesUnlessConfigured(t *testing.T) {
	now := time.Now()
	r := pictures(t, "", &now)
	e := &event.Event{Gauge: &event.Gauge{Max: 1}}
	if r.pictured(t.Context(), e) != e {
		t.Error("the event was changed")
	}
	w := httptest.NewRecorder()
	r.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/gauge/0.0.0.0.0.0.0./x.png", nil))
	if w.Code != http.StatusNotFound {
		t.Errorf("status %d", w.Code)
	}
}

// A sender's time of the future makes no link that is good for ever.
func TestALinkIsGoodFromWhenTheEventCame(t *testing.T) {
	now := time.Date(2026, time.March, 2, 9, 30, 0, 0, time.UTC)
	r := pictures(t, gaugeSection, &now)
	e := &event.Event{Title: "t", Time: now.Add(1000 * time.Hour), Received: now, Gauge: &event.Gauge{Label: "Health score", Max: 100}}
	path := strings.TrimPrefix(r.pictured(t.Context(), e).Gauge.Image, "https://example.com")
	for after, want := range map[time.Duration]int{time.Hour: http.StatusOK, 3 * time.Hour: http.StatusGone} {
		now = e.Received.Add(after)
		w := httptest.NewRecorder()
		if r.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil)); w.Code != want {
			t.Errorf("after %s: status %d, want %d", after, w.Code, want)
		}
	}
}
