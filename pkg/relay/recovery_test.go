package relay

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/source"
	"github.com/sigpost/sigpost/pkg/state"
)

// titles collects the headlines that reach the sink ops.
type titles struct {
	mu   sync.Mutex
	seen []string
	body []byte
}

func (h *titles) observe(o *Options) {
	o.Observe = func(d Delivery) {
		h.mu.Lock()
		defer h.mu.Unlock()
		if d.Sink.Name == "ops" && d.Err == nil {
			h.seen, h.body = append(h.seen, d.Event.Title), d.Body
		}
	}
}

func (h *titles) last() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.seen) == 0 {
		return ""
	}
	return h.seen[len(h.seen)-1]
}

// changed is the sealed sample with one text in place of another, which the
// body must have.
func (r *road) changed(t *testing.T, name, sample string, pairs ...string) *source.Request {
	t.Helper()
	req := r.sealed(t, name, sample)
	for i := 0; i < len(pairs); i += 2 {
		if !bytes.Contains(req.Body, []byte(pairs[i])) {
			t.Fatalf("%s has no %s", sample, pairs[i])
		}
		req.Body = bytes.ReplaceAll(req.Body, []byte(pairs[i]), []byte(pairs[i+1]))
	}
	r.seal(t, name, req)
	return req
}

func (r *road) mustPost(t *testing.T, name string, req *source.Request, want int) {
	t.Helper()
	if status, body, _ := r.post(t, "/"+name, req); status != want {
		t.Fatalf("%s: %d %s, want %d", name, status, body, want)
	}
}

const (
	failure = "workflow_run.completed-failure"
	success = "workflow_run.completed-success"
	at1204  = "2026-03-05T12:04:12Z"
)

func TestSuccessAfterFailureRecovers(t *testing.T) {
	for _, c := range []struct {
		name, source string
		samples      []string // with a text and what stands in its place, after |
		want         string
	}{
		{"workflow", "github", []string{failure, success}, "CI recovered on main: fix parser"},
		{"check", "github", []string{"check_run.completed-failure", "check_run.completed-success"}, "lint recovered on main"},
		{"deployment", "github", []string{"deployment_status.failure", "deployment_status.success"}, "Deployment to production recovered with main"},
		{"run", "terraform", []string{"run-errored", "run-completed"}, "Run recovered in blue_green (Research-Development)"},
		{"run that waited meanwhile", "terraform", []string{"run-errored", "run-needs-attention", "run-completed"}, "Run recovered in blue_green (Research-Development)"},
		{"failed twice", "github", []string{failure, failure, success}, "CI recovered on main: fix parser"},
		{"cancelled meanwhile", "github", []string{failure, "workflow_run.completed-cancelled", success}, "CI recovered on main: fix parser"},

		{"first success", "github", []string{success}, "CI succeeded on main: fix parser"},
		{"second success", "github", []string{failure, success, success}, "CI succeeded on main: fix parser"},
		{"failure again", "github", []string{failure, success, failure, success}, "CI recovered on main: fix parser"},
		{"only waited", "terraform", []string{"run-needs-attention", "run-completed"}, "Run completed in blue_green (Research-Development)"},
		{"another branch", "github", []string{failure + `|"head_branch": "main"|"head_branch": "next"`, success}, "CI succeeded on main: fix parser"},
		{"older success comes late", "github", []string{failure, success + "|" + at1204 + "|2026-03-05T12:04:11Z"}, "CI succeeded on main: fix parser"},
		{"older failure comes late", "github", []string{failure, success, failure + "|" + at1204 + "|2026-03-05T12:04:11Z", success}, "CI succeeded on main: fix parser"},
		{"one more after a late success", "github", []string{failure, success + "|" + at1204 + "|2026-03-05T12:04:11Z", success}, "CI recovered on main: fix parser"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := &titles{}
			r := newRoad(t, h.observe)
			for _, s := range c.samples {
				parts := strings.Split(s, "|")
				r.mustPost(t, c.source, r.changed(t, c.source, parts[0], parts[1:]...), 200)
			}
			if got := h.last(); got != c.want || len(h.seen) != len(c.samples) {
				t.Errorf("headlines %q, the last should be %q", h.seen, c.want)
			}
			if strings.Contains(c.want, "recovered") && !bytes.Contains(h.body, []byte(`"actions"`)) {
				t.Errorf("the recovery is drawn as quiet: %s", h.body)
			}
		})
	}
}

func TestFailureIsForgottenInTime(t *testing.T) {
	h, now := &titles{}, time.Now()
	r := newRoad(t, h.observe, func(o *Options) { o.State = state.NewMemory(func() time.Time { return now }) })
	r.mustPost(t, "github", r.sealed(t, "github", failure), 200)
	now = now.Add(subjectMemory)
	r.mustPost(t, "github", r.sealed(t, "github", success), 200)
	if got := h.last(); strings.Contains(got, "recovered") {
		t.Errorf("headline %q of a failure that is long past", got)
	}
}

// A recovery that didn't reach every sink is one when it is sent again.
func TestRecoveryLastsUntilDelivered(t *testing.T) {
	h := &titles{}
	r := newRoad(t, h.observe)
	r.mustPost(t, "github", r.sealed(t, "github", failure), 200)
	var archived []string
	req := r.sealed(t, "github", success)
	r.fail.Store(503)
	r.mustPost(t, "github", req, 503)
	r.fail.Store(0)
	relay := r.Config.Handler.(*Relay)
	inner := relay.opt.Observe
	relay.opt.Observe = func(d Delivery) {
		if d.Sink.Name == "archive" {
			archived = append(archived, d.Event.Title)
		}
		inner(d)
	}
	r.mustPost(t, "github", req, 200)
	if len(archived) != 1 || !strings.Contains(archived[0], "recovered") {
		t.Errorf("the second try says %q", archived)
	}
	r.mustPost(t, "github", r.sealed(t, "github", success), 200)
	if got := h.last(); strings.Contains(got, "recovered") {
		t.Errorf("the next success says %q", got)
	}
}

// A failure that reached nobody is one all the same.
func TestUndeliveredFailureIsRemembered(t *testing.T) {
	h := &titles{}
	r := newRoad(t, h.observe)
	r.fail.Store(404)
	r.mustPost(t, "github", r.sealed(t, "github", failure), 502)
	r.fail.Store(0)
	r.mustPost(t, "github", r.sealed(t, "github", success), 200)
	if got := h.last(); got != "CI recovered on main: fix parser" {
		t.Errorf("headline %q", got)
	}
}

// lame is a store that has no values.
type lame struct {
	state.Store
	get, put error
}

func (s lame) Get(ctx context.Context, key string) (string, error) {
	if s.get != nil {
		return "failing 0", s.get
	}
	return s.Store.Get(ctx, key)
}

func (s lame) Put(ctx context.Context, key, value string, keep time.Duration) error {
	if s.put != nil {
		return s.put
	}
	return s.Store.Put(ctx, key, value, keep)
}

func TestStateTroubleStopsNoDelivery(t *testing.T) {
	for _, store := range []lame{{get: errors.New("down")}, {put: errors.New("down")}, {get: errors.New("down"), put: errors.New("down")}} {
		t.Run(fmt.Sprint(store.get, store.put), func(t *testing.T) {
			h := &titles{}
			store.Store = state.NewMemory(nil)
			r := newRoad(t, h.observe, func(o *Options) { o.State = store })
			r.mustPost(t, "github", r.sealed(t, "github", failure), 200)
			r.mustPost(t, "github", r.sealed(t, "github", success), 200)
			if got := h.last(); got != "CI succeeded on main: fix parser" {
				t.Errorf("headline %q", got)
			}
			if text := r.log.String(); !strings.Contains(text, `"level":"WARN","msg":"a recovery may not be named as one"`) {
				t.Errorf("no warning in the log: %s", text)
			}
		})
	}
}

// Most events have no subject that fails: the store isn't asked about them.
func TestOtherEventsCostNothing(t *testing.T) {
	r := &Relay{opt: Options{State: nil}}
	for _, e := range []event.Event{
		{Key: "a", State: event.StateOpen, Severity: event.Info},
		{Key: "a", State: event.StateOpen, Severity: event.Warning},
		{Key: "a", State: event.StateResolved, Severity: event.Success},
		{Key: "a", State: event.StateUpdate, Severity: event.Error},
		{State: event.StateOpen, Severity: event.Error},
		{State: event.StateResolved, Recovery: "x"},
		{},
	} {
		if r.recall(t.Context(), &e) {
			t.Errorf("%+v recovers", e)
		}
	}
}
