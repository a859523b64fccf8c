package relay

import (
	"context"
	"errors"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sigpost/sigpost/pkg/deliver"
	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/queue"
	"github.com/sigpost/sigpost/pkg/state"
)

// doomed is a process that dies when it posts, and then reaches no state.
type doomed struct {
	state.Store
	posts *int
	gone  atomic.Bool
}

func (d *doomed) RoundTrip(*http.Request) (*http.Response, error) {
	*d.posts++
	d.gone.Store(true)
	runtime.Goexit()
	return nil, nil
}

func (d *doomed) Release(ctx context.Context, key string) error {
	if d.gone.Load() {
		return errors.New("the process is gone")
	}
	return d.Store.Release(ctx, key)
}

// workDoomed lets a doomed process do a message; ok is whether it answered.
func (p *plant) workDoomed(m queue.Message, posts *int) (v queue.Verdict, ok bool) {
	d := &doomed{Store: p.state, posts: posts}
	r := p.newRelay(d, p.queue)
	r.opt.Client = deliver.New(deliver.Config{Transport: d, Now: p.clock})
	done := make(chan struct{})
	go func() {
		defer close(done)
		v = r.Work(p.t.Context(), m)
		ok = true
	}()
	<-done
	return v, ok
}

// job is an encoded job for ops.
func (p *plant) job(id string, accepted time.Time) []byte {
	p.t.Helper()
	item, err := queue.Job{Sink: "ops", Event: event.Event{ID: id, Source: "github", Key: id, Title: "t"}, Accepted: accepted}.Item(1 << 20)
	if err != nil {
		p.t.Fatal(err)
	}
	return item.Body
}

// TestAJobThatKillsIsBuried hands a job that ends every worker to one after the
// other, also before the claim of the one before it is over.
func TestAJobThatKillsIsBuried(t *testing.T) {
	for _, after := range []time.Duration{10 * time.Second, 6 * time.Minute} {
		p := newPlant(t, plantConfig)
		body, posts := p.job("1", p.clock()), 0
		for received := 1; len(p.queue.Dead()) == 0; received++ {
			if received > 1000 {
				t.Fatal("it goes on for ever")
			}
			v, ok := p.workDoomed(queue.Message{Body: body, Received: received}, &posts)
			if ok && v.Again {
				p.pass(v.After)
			}
			p.pass(after)
		}
		dead := p.queue.Dead()[0]
		// The first time isn't counted.
		if !strings.Contains(dead.Reason, "ended without an answer 10 times") || dead.Sink != "ops" || posts != maxStarts+1 {
			t.Errorf("after %d posts: %+v", posts, dead)
		}
	}
}

// TestAJobThatWaitsOrFailsIsNotTakenForDeadly wants none buried that is handed
// out often: for its turn, in a pause, after failures, with kills in between.
func TestAJobThatWaitsOrFailsIsNotTakenForDeadly(t *testing.T) {
	p := newPlant(t, strings.ReplaceAll(plantConfig, "rate: none", "rate: 1/m"))
	p.answer = func(string, int) (int, string, error) { return 503, "", nil }
	body, posts := p.job("1", p.clock()), 0
	for received := 1; received < 100; received++ {
		m := queue.Message{Body: body, Received: received}
		if received%9 == 0 {
			p.workDoomed(m, &posts)
			p.pass(leaseTime)
			continue
		}
		if v := p.relay.Work(t.Context(), m); !v.Again {
			t.Fatalf("after %d times it is buried: %+v", received, p.queue.Dead())
		}
		p.pass(time.Minute)
	}
	if posts < 3 || p.count["ops"] < 20 {
		t.Errorf("%d kills and %d failures: this proves nothing", posts, p.count["ops"])
	}
}

// TestADeadlyJobIsDoneAlone wants what shares a process with a job that ends it
// not to be buried with it.
func TestADeadlyJobIsDoneAlone(t *testing.T) {
	p := newPlant(t, plantConfig)
	if err := p.state.Put(t.Context(), "begun\n"+queue.BodyID(p.job("1", p.now)), "3", time.Hour); err != nil {
		t.Fatal(err)
	}
	m := queue.Message{Body: p.job("1", p.now), Received: 5}
	other, err := p.relay.begin(t.Context(), queue.Message{Received: 1})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if v := p.relay.Work(ctx, m); !v.Again || v.After != busyDelay || p.count["ops"] != 0 {
		t.Errorf("beside another: %+v after %d posts", v, p.count["ops"])
	}
	other.leave()
	p.answer = func(string, int) (int, string, error) {
		if p.relay.room.TryAcquire(1) {
			t.Error("another is begun beside it")
		}
		return 200, "", nil
	}
	if v := p.relay.Work(t.Context(), m); v.Again || p.count["ops"] != 1 {
		t.Errorf("alone: %+v after %d posts", v, p.count["ops"])
	}
	if !p.relay.room.TryAcquire(allRoom) {
		t.Error("it leaves no room")
	}
	if v, err := p.state.Get(t.Context(), "begun\n"+queue.BodyID(m.Body)); err != nil || v != "" {
		t.Errorf("it is alive, and counted as %q, %v", v, err)
	}
}

// TestAPanicEachTimeIsBuried wants no endless loop of a job that makes the
// worker panic outside of the delivery.
func TestAPanicEachTimeIsBuried(t *testing.T) {
	p := newPlant(t, plantConfig)
	r := p.newRelay(panicking{p.state}, p.queue)
	m := queue.Message{Body: p.job("1", p.now)}
	for len(p.queue.Dead()) == 0 {
		if m.Received++; m.Received > 100 {
			t.Fatal("it goes on for ever")
		}
		if v := r.Work(t.Context(), m); v.Again {
			p.pass(v.After)
		}
	}
}

// panicking is a state that panics when a failure is counted.
type panicking struct{ state.Store }

func (panicking) Claim(context.Context, string, time.Duration) (state.Status, error) {
	return state.Busy, errors.New("no")
}

func (s panicking) Get(ctx context.Context, key string) (string, error) {
	if strings.HasPrefix(key, "failures") {
		panic(key)
	}
	return s.Store.Get(ctx, key)
}
