package relay

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sigpost/sigpost/pkg/config"
	"github.com/sigpost/sigpost/pkg/deliver"
	"github.com/sigpost/sigpost/pkg/secret"
	"github.com/sigpost/sigpost/pkg/source/cloudtruth/cloudtruthtest"
	"github.com/sigpost/sigpost/pkg/state"
)

const pollKey = hidden + "-api-key"

// watch is a relay that polls a CloudTruth, with two receivers of plain events.
type watch struct {
	t     *testing.T
	truth *cloudtruthtest.Server
	relay *Relay
	store *faulty
	vars  map[string]string
	base  string

	mu    sync.Mutex
	now   time.Time
	log   bytes.Buffer
	got   map[string][]string // by sink: "<id> <title>"
	refer func(sink, id string) int
}

func (w *watch) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *watch) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

func (w *watch) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.log.Write(p)
}

func (w *watch) logged() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.log.String()
}

func (w *watch) at(sink string) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.got[sink])
}

var auditID = regexp.MustCompile(`/audit/([0-9a-f-]+)/`)

// receive is the receivers: what they took is in got.
func (w *watch) receive(out http.ResponseWriter, req *http.Request) {
	var body struct{ ID, Title string }
	data, _ := io.ReadAll(req.Body)
	if m := auditID.FindSubmatch(data); m != nil {
		body.ID = string(m[1])
	}
	if err := json.Unmarshal(data, &body); err != nil || body.ID == "" {
		w.t.Errorf("a receiver got %s: %v", data, err)
	}
	sink := strings.Split(req.URL.Path, "/")[1]
	w.mu.Lock()
	refer := w.refer
	w.mu.Unlock()
	if refer != nil {
		if s := refer(sink, body.ID); s != http.StatusOK {
			out.WriteHeader(s)
			return
		}
	}
	w.mu.Lock()
	w.got[sink] = append(w.got[sink], body.ID+" "+body.Title)
	w.mu.Unlock()
}

func newWatch(t *testing.T) *watch {
	t.Helper()
	w := &watch{t: t, now: time.Date(2026, 3, 2, 9, 30, 0, 0, time.UTC), got: map[string][]string{}}
	w.truth = &cloudtruthtest.Server{Key: pollKey, Now: w.clock}
	api, receivers := httptest.NewServer(w.truth), httptest.NewServer(http.HandlerFunc(w.receive))
	t.Cleanup(api.Close)
	t.Cleanup(receivers.Close)
	w.vars = map[string]string{
		"SIGPOST_SECRET_KEY": pollKey,
		"SIGPOST_SECRET_OPS": receivers.URL + "/ops/" + hidden, "SIGPOST_SECRET_ARCHIVE": receivers.URL + "/archive/" + hidden,
	}
	w.base = api.URL
	w.store = &faulty{Store: state.NewMemory(w.clock)}
	w.restart()
	t.Cleanup(func() {
		if strings.Contains(w.logged(), hidden) {
			t.Errorf("a secret is in the log: %s", w.logged())
		}
	})
	return w
}

// restart is a new process with the same state.
func (w *watch) restart() {
	w.t.Helper()
	c, err := config.Parse("test.yaml", []byte(fmt.Sprintf(`
sources: { changes: { type: cloudtruth, api_key: secret://key, url: "%s" } }
sinks: { ops: { type: generic, url: secret://ops }, archive: { type: generic, url: secret://archive } }
routes: [ { to: [ops] }, { events: ["*"], to: [archive] } ]
`, w.base)), secret.NewLocal(func(string) (string, bool) { return "", false }, w.vars))
	if err != nil {
		w.t.Fatal(err)
	}
	w.relay, err = New(c, Options{
		Now: w.clock, State: w.store, Log: slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Client: deliver.New(deliver.Config{Now: w.clock, Sleep: func(context.Context, time.Duration) error { return context.Canceled }}),
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *watch) poll() (Polled, error) {
	w.t.Helper()
	p, err := w.relay.PollSource(w.t.Context(), "changes")
	if err != nil && strings.Contains(err.Error(), hidden) {
		w.t.Errorf("a secret is in the error: %v", err)
	}
	return p, err
}

// want polls and compares.
func (w *watch) want(what string, want Polled) {
	w.t.Helper()
	if got, err := w.poll(); got != want || (err != nil) != (want.Pending > 0) {
		w.t.Fatalf("%s: %+v, %v, want %+v", what, got, err, want)
	}
}

// change logs an update of the value of a parameter in Production.
func (w *watch) change(name string) string {
	return w.truth.Add(w.clock(), "update", "Value", "id-"+name, name+":Production")
}

// faulty is a state store that fails on demand.
type faulty struct {
	state.Store
	fail atomic.Pointer[func(op, key string) bool]
}

var errFaulty = errors.New("the store is down")

func (f *faulty) broken(op, key string) bool {
	fail := f.fail.Load()
	return fail != nil && (*fail)(op, key)
}

func (f *faulty) Claim(ctx context.Context, key string, lease time.Duration) (state.Status, error) {
	if f.broken("claim", key) {
		return state.Busy, errFaulty
	}
	return f.Store.Claim(ctx, key, lease)
}

func (f *faulty) Done(ctx context.Context, key string, window time.Duration) error {
	if f.broken("done", key) {
		return errFaulty
	}
	return f.Store.Done(ctx, key, window)
}

func (f *faulty) Release(ctx context.Context, key string) error {
	if f.broken("release", key) {
		return errFaulty
	}
	return f.Store.Release(ctx, key)
}

func (f *faulty) Get(ctx context.Context, key string) (string, error) {
	if f.broken("get", key) {
		return "", errFaulty
	}
	return f.Store.Get(ctx, key)
}

func (f *faulty) Put(ctx context.Context, key, value string, keep time.Duration) error {
	if f.broken("put", key) {
		return errFaulty
	}
	return f.Store.Put(ctx, key, value, keep)
}
