package relay

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sigpost/sigpost/pkg/config"
	"github.com/sigpost/sigpost/pkg/secret"
	"github.com/sigpost/sigpost/pkg/secret/secrettest"
	"github.com/sigpost/sigpost/pkg/source"
	"github.com/sigpost/sigpost/pkg/source/github"
)

// rotation is a relay whose secrets live in a manager, and its one receiver,
// which answers 404 at all paths but the current one.
type rotation struct {
	t        *testing.T
	manager  secrettest.Memory
	relay    *Relay
	base     string
	path     atomic.Value // string
	received atomic.Int32

	mu  sync.Mutex
	now time.Time
	log bytes.Buffer
}

func (r *rotation) clock() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.now
}

func (r *rotation) pass(d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now = r.now.Add(d)
}

func newRotation(t *testing.T) *rotation {
	t.Helper()
	r := &rotation{t: t, now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	r.manager.Now = r.clock
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.URL.Path != r.path.Load() {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		r.received.Add(1)
	}))
	t.Cleanup(receiver.Close)
	r.base = receiver.URL
	r.moveReceiver("/" + hidden + "-1")
	cache := secret.NewCache(&r.manager, nil, secret.CacheConfig{Now: r.clock})
	c, err := config.Parse("test.yaml", []byte(`
sources: { github: { type: github, secrets: [secret://hook, secret://hook-old] } }
sinks: { ops: { type: generic, url: secret://ops } }
routes: [ { to: [ops] } ]
`), cache)
	if err != nil {
		t.Fatal(err)
	}
	r.relay, err = New(c, Options{Now: r.clock, Log: slog.New(slog.NewJSONHandler(&r.log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if strings.Contains(r.log.String(), hidden) {
			t.Errorf("a secret is in the log: %s", &r.log)
		}
	})
	return r
}

func (r *rotation) moveReceiver(path string) {
	r.path.Store(path)
	r.manager.Put("ops", r.base+path)
}

// post sends a new sample signed with key and wants a status.
func (r *rotation) post(what, key string, want int) {
	r.t.Helper()
	src, err := github.New(github.Config{Secrets: []secret.Handle{secret.Fixed(key)}})
	if err != nil {
		r.t.Fatal(err)
	}
	req, err := source.Sample(github.Type, "issues.opened")
	if err != nil {
		r.t.Fatal(err)
	}
	if err := src.Seal(r.t.Context(), req); err != nil {
		r.t.Fatal(err)
	}
	out := httptest.NewRequest(http.MethodPost, "/github", bytes.NewReader(req.Body))
	out.Header = req.Header
	w := httptest.NewRecorder()
	r.relay.ServeHTTP(w, out)
	if w.Code != want {
		r.t.Errorf("%s: %d %s, want %d", what, w.Code, w.Body, want)
	}
}

const keyOne, keyTwo, keyThree, forged = hidden + "-one", hidden + "-two", hidden + "-three", "some-other-word"

func TestARotatedSecretIsTakenAtOnceAndTheOldOneForAWhile(t *testing.T) {
	r := newRotation(t)
	r.manager.Put("hook", keyOne)
	r.post("first", keyOne, 200)
	r.manager.Put("hook", keyTwo)
	r.post("old, cached", keyOne, 200)
	r.post("new, not cached", keyTwo, 200)
	r.post("old, replaced", keyOne, 200)
	r.post("forged", forged, 401)
	r.pass(25 * time.Hour)
	r.post("new, a day later", keyTwo, 200)
	r.post("old, a day later", keyOne, 401)
	r.manager.Put("hook", keyThree)
	r.pass(time.Minute)
	r.post("third", keyThree, 200)
	r.post("first of three", keyOne, 401)
}

func TestForgedRequestsDoNotDriveFetches(t *testing.T) {
	r := newRotation(t)
	r.manager.Put("hook", keyOne)
	r.post("first", keyOne, 200)
	before := r.manager.Fetches()
	for range 200 {
		r.post("forged", forged, 401)
		r.pass(10 * time.Millisecond)
	}
	// The current and the previous version of the two secrets, once.
	if n := r.manager.Fetches() - before; n > 4 {
		t.Errorf("200 forged requests in two seconds made %d fetches", n)
	}
}

func TestForgedRequestsDoNotDriveRefusedFetches(t *testing.T) {
	r := newRotation(t)
	r.manager.Put("hook", keyOne)
	r.manager.Put("hook-old", keyTwo)
	r.manager.Deny("hook-old")
	r.post("first", keyOne, 200)
	before := r.manager.Fetches()
	for range 200 {
		r.post("forged", forged, 503)
		r.pass(100 * time.Millisecond)
	}
	// The round that looks for a rotation, and two more of the refused one.
	if n := r.manager.Fetches() - before; n > 6 {
		t.Errorf("200 forged requests in 20 seconds made %d fetches", n)
	}
}

func TestASecretThatCannotBeHadMayBeTheRightOne(t *testing.T) {
	r := newRotation(t)
	r.manager.Put("hook", keyOne)
	r.manager.Put("hook-old", keyTwo)
	r.manager.Deny("hook-old")
	r.post("matches another", keyOne, 200)
	r.post("might match the one denied", keyTwo, 503)
	r.manager.Down(true)
	r.pass(10 * time.Minute)
	r.post("store down, stale", keyOne, 200)
	r.pass(2 * time.Hour)
	r.post("store down for long", keyOne, 503)
	r.manager.Down(false)
	r.pass(10 * time.Second)
	r.post("store up", keyOne, 200)
}

func TestAReceiverThatMovedIsFound(t *testing.T) {
	r := newRotation(t)
	r.manager.Put("hook", keyOne)
	r.post("before", keyOne, 200)
	r.pass(time.Second)
	r.moveReceiver("/" + hidden + "-2")
	r.post("moved", keyOne, 200)
	if n := r.received.Load(); n != 2 {
		t.Errorf("%d messages were received, want 2", n)
	}
	r.pass(time.Second)
	r.path.Store("/" + hidden + "-3")
	r.post("gone", keyOne, 502)
}
