package relay_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/sigpost/sigpost/pkg/queue"
	"github.com/sigpost/sigpost/pkg/relay"
	"github.com/sigpost/sigpost/pkg/relay/relaytest"
	"github.com/sigpost/sigpost/pkg/state"
)

// TestChaos is chaos with the queue and the state of one process.
func TestChaos(t *testing.T) {
	relaytest.Run(t, "in memory", 400, func(w *relaytest.World) relaytest.Cloud {
		return &local{World: w, queue: queue.NewMemory(w.Now, nil, nil, nil), state: state.NewMemory(w.Now)}
	})
}

// local is a queue and a state that outlive the processes that use them.
type local struct {
	*relaytest.World
	queue  *queue.Memory
	state  *state.Memory
	stored [][]byte
	out    []lease
}

// lease is an item whose worker was killed, or whose answer got lost: it comes
// back some time later.
type lease struct {
	queue.Lease
	at time.Time
}

// program is a process with a relay.
type program struct {
	relay *relay.Relay
	work  func(context.Context, queue.Message) queue.Verdict
}

func (l *local) Start(p *relaytest.Process) relaytest.Program {
	r := p.Relay(&mortalState{p, l.state}, &mortalQueue{p, l})
	return &program{r, p.Work(r)}
}

func (r *program) Receive(req *http.Request) int {
	w := httptest.NewRecorder()
	r.relay.ServeHTTP(w, req)
	return w.Code
}

func (l *local) HandOut(p *relaytest.Process, lost bool) bool {
	now := l.Now()
	l.out = slices.DeleteFunc(l.out, func(x lease) bool {
		back := !now.Before(x.at)
		if back {
			l.settle(x.Lease, queue.Verdict{Again: true})
		}
		return back
	})
	item, _, ok := l.queue.Take()
	if !ok {
		return false
	}
	v := p.Program.(*program).work(l.T.Context(), item.Message)
	if lost || p.Dead() {
		l.out = append(l.out, lease{item, now.Add(3 * time.Minute)})
		return true
	}
	l.settle(item, v)
	return true
}

func (l *local) settle(item queue.Lease, v queue.Verdict) {
	if err := l.queue.Settle(item, v); err != nil {
		l.T.Error(err)
	}
}

func (l *local) Stored() [][]byte   { return l.stored }
func (l *local) Waiting() int       { return l.queue.Len() }
func (l *local) Dead() []queue.Dead { return l.queue.Dead() }
func (l *local) Tidy()              {}

type mortalQueue struct {
	p *relaytest.Process
	l *local
}

func (m *mortalQueue) Limit() int { return m.l.queue.Limit() }

func (m *mortalQueue) Put(ctx context.Context, items []queue.Item) error {
	if err := m.p.Down("queue"); err != nil {
		return err
	}
	return m.p.Effect(func() error {
		for _, it := range items {
			m.l.stored = append(m.l.stored, it.Body)
		}
		return m.l.queue.Put(ctx, items)
	})
}

func (m *mortalQueue) Bury(ctx context.Context, d queue.Dead) error {
	if err := m.p.Down("queue"); err != nil {
		return err
	}
	return m.p.Effect(func() error { return m.l.queue.Bury(ctx, d) })
}

type mortalState struct {
	p *relaytest.Process
	s state.Store
}

// do is one call.
func (m *mortalState) do(call func() error) error {
	if err := m.p.Down("state"); err != nil {
		return err
	}
	return m.p.Effect(call)
}

func (m *mortalState) Claim(ctx context.Context, key string, lease time.Duration) (s state.Status, err error) {
	err = m.do(func() (err error) { s, err = m.s.Claim(ctx, key, lease); return err })
	return s, err
}

func (m *mortalState) Done(ctx context.Context, key string, window time.Duration) error {
	return m.do(func() error { return m.s.Done(ctx, key, window) })
}

func (m *mortalState) Release(ctx context.Context, key string) error {
	return m.do(func() error { return m.s.Release(ctx, key) })
}

func (m *mortalState) Get(ctx context.Context, key string) (v string, err error) {
	err = m.do(func() (err error) { v, err = m.s.Get(ctx, key); return err })
	return v, err
}

func (m *mortalState) Put(ctx context.Context, key, value string, keep time.Duration) error {
	return m.do(func() error { return m.s.Put(ctx, key, value, keep) })
}
