package relaytest

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/sigpost/sigpost/pkg/deliver"
	"github.com/sigpost/sigpost/pkg/queue"
	"github.com/sigpost/sigpost/pkg/relay"
	"github.com/sigpost/sigpost/pkg/state"
)

// Process is one process: its program, and how many more effects it will have.
type Process struct {
	*World
	Program Program

	lock   sync.Mutex
	fuse   int
	failed map[*job]bool        // whether the last call failed that was made for it
	jobs   []*job               // of what is handed out now
	seen   map[string]time.Time // the pauses of sinks when it was handed out
}

// maxFuse is how many effects the longest life has.
const maxFuse = 2000

func (w *World) start() *Process {
	p := &Process{World: w, fuse: 50 + w.roll(maxFuse), failed: map[*job]bool{}}
	p.Program = w.cloud.Start(p)
	return p
}

// Dead tells whether the process was killed.
func (p *Process) Dead() bool {
	p.lock.Lock()
	defer p.lock.Unlock()
	return p.fuse <= 0
}

// Errors of calls.
var (
	errKilled = errors.New("the process is gone")
	errDown   = errors.New("connection refused")
	errReset  = errors.New("connection reset by peer")
)

// Effect runs do unless the process is gone. At the end of the fuse the process
// dies: before do, or after it and before anybody knows.
func (p *Process) Effect(do func() error) error {
	p.lock.Lock()
	left := p.fuse
	p.fuse--
	p.lock.Unlock()
	if left <= 0 {
		return errKilled
	}
	if left > 1 {
		return do()
	}
	p.fault("killed")
	if p.roll(2) == 0 {
		_ = do()
	}
	return errKilled
}

// job is what a process does with one message.
type job struct {
	name   string // sink and word
	posted bool
	marked bool
	retry  time.Time // when the receiver said that it may be tried again
	pause  string    // the sink, if it said that to all
}

type jobKey struct{}

func jobOf(ctx context.Context) *job {
	j, ok := ctx.Value(jobKey{}).(*job)
	if !ok {
		return nil
	}
	return j
}

// Relay is the relay of this process.
func (p *Process) Relay(s state.Store, q queue.Queue) *relay.Relay {
	r, err := relay.New(p.Config, relay.Options{
		State: &watched{s}, Queue: q, Now: p.Now, Log: p.Log,
		Client: deliver.New(deliver.Config{Transport: receivers{p}, Now: p.Now}),
	})
	if err != nil {
		p.T.Error(err)
	}
	return r
}

// Work is r.Work, watched.
func (p *Process) Work(r *relay.Relay) func(context.Context, queue.Message) queue.Verdict {
	return func(ctx context.Context, m queue.Message) queue.Verdict {
		j := &job{}
		p.lock.Lock()
		p.jobs = append(p.jobs, j)
		p.lock.Unlock()
		return r.Work(context.WithValue(ctx, jobKey{}, j), m)
	}
}

// watched knows when it is remembered that a job was delivered.
type watched struct{ state.Store }

func (s *watched) Done(ctx context.Context, key string, window time.Duration) error {
	err := s.Store.Done(ctx, key, window)
	if j := jobOf(ctx); err == nil && j != nil && strings.HasPrefix(key, "delivered") {
		j.marked = true
	}
	return err
}

// Transport makes the calls of a cloud's client effects of the process. Now and
// then one is dropped, or its answer is, but never two of a job in a row: what a
// client gives up on is a World's matter. part says what of the cloud a request
// is for.
func (p *Process) Transport(base http.RoundTripper, part func(*http.Request) string) http.RoundTripper {
	return transport{p, base, part}
}

type transport struct {
	*Process
	base http.RoundTripper
	part func(*http.Request) string
}

// RoundTrip implements http.RoundTripper.
func (t transport) RoundTrip(req *http.Request) (resp *http.Response, err error) {
	if t.isDown(t.part(req)) {
		return nil, errDown
	}
	chance := t.roll(200)
	j := jobOf(req.Context())
	t.lock.Lock()
	if t.failed[j] {
		chance = 100
	}
	t.failed[j] = chance < 2
	t.lock.Unlock()
	if chance == 0 {
		t.fault("call dropped")
		return nil, errDown
	}
	err = t.Effect(func() (err error) {
		resp, err = t.base.RoundTrip(req) //nolint:bodyclose // by whoever gets it
		return err
	})
	if chance == 1 && err == nil {
		t.fault("answer of the cloud lost")
		err = errReset
	}
	if err != nil && resp != nil {
		_ = resp.Body.Close()
		resp = nil
	}
	return resp, err
}

// isDown tells whether a part of the cloud can't be reached.
func (w *World) isDown(part string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.down == part
}

// Down is isDown for a cloud that makes no requests, as an error.
func (p *Process) Down(part string) error {
	if p.isDown(part) {
		return errDown
	}
	return nil
}

// begin is before a hand-out.
func (p *Process) begin() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lock.Lock()
	defer p.lock.Unlock()
	p.jobs, p.seen = nil, map[string]time.Time{}
	clear(p.failed)
	for sink, until := range p.paused {
		p.seen[sink] = until
	}
}

// end is after a hand-out: what a process posted last before it was killed may
// be posted again, and what it was told by receivers is known now.
func (p *Process) end() {
	dead := p.Dead()
	p.mu.Lock()
	defer p.mu.Unlock()
	pauses := map[string]time.Time{}
	for _, j := range p.jobs {
		switch {
		case dead && j.posted && !j.marked:
			p.excused[j.name]++
		case !dead && !j.retry.IsZero():
			p.notBefore[j.name] = j.retry
			// Of two that came at once either may be what is remembered.
			if at, ok := pauses[j.pause]; j.pause != "" && (!ok || j.retry.Before(at)) {
				pauses[j.pause] = j.retry
			}
		}
	}
	for sink, until := range pauses {
		if until.After(p.paused[sink]) {
			p.paused[sink] = until
		}
	}
}
