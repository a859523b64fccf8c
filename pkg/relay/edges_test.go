package relay

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sigpost/sigpost/pkg/deliver"
	"github.com/sigpost/sigpost/pkg/queue"
	"github.com/sigpost/sigpost/pkg/state"
)

type transportFunc func(*http.Request) (*http.Response, error)

func (f transportFunc) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestALongRetryAfterIsObeyed wants a receiver left alone that asks for longer
// than queues can wait, by its own job, handed out early, and by others.
func TestALongRetryAfterIsObeyed(t *testing.T) {
	for _, status := range []int{429, 503} {
		p := newPlant(t, plantConfig)
		p.answer = func(string, int) (int, string, error) { return status, "72000", nil } // 20 h
		first := queue.Message{Body: p.job("1", p.now), Received: 1}
		if v := p.relay.Work(t.Context(), first); v.After != 20*time.Hour {
			t.Errorf("%d: waits %v", status, v.After)
		}
		p.pass(12 * time.Hour)
		first.Received++
		for _, m := range []queue.Message{first, {Body: p.job("2", p.now), Received: 1}} {
			if v := p.relay.Work(t.Context(), m); !v.Again || v.After < 7*time.Hour || p.count["ops"] != 1 {
				t.Errorf("%d: after 12 h it waits %v, and %d were posted", status, v.After, p.count["ops"])
			}
		}
	}
}

// TestALongerPauseStays wants the longest of several pauses kept.
func TestALongerPauseStays(t *testing.T) {
	p := newPlant(t, plantConfig)
	for _, wait := range []time.Duration{time.Hour, time.Second} {
		p.relay.pauseSink(t.Context(), &Delivery{Sink: p.relay.sinks["ops"], accepted: p.now}, deliver.Attempt{Status: 429, RetryAfter: wait})
	}
	if got := p.relay.turnAt(t.Context(), p.relay.sinks["ops"], 1); got < time.Hour-time.Second {
		t.Errorf("it waits %v", got)
	}
}

// TestNoTurnForDays wants what a queue would forget one day buried before.
func TestNoTurnForDays(t *testing.T) {
	p := newPlant(t, plantConfig)
	p.relay.pauseSink(t.Context(), &Delivery{Sink: p.relay.sinks["ops"], accepted: p.now}, deliver.Attempt{Status: 429, RetryAfter: 24 * 24 * time.Hour})
	m := queue.Message{Body: p.job("1", p.now), Received: 1}
	p.pass(maxWaiting - 1)
	if v := p.relay.Work(t.Context(), m); !v.Again {
		t.Error("buried before")
	}
	p.pass(1)
	if v := p.relay.Work(t.Context(), m); v.Again || len(p.queue.Dead()) != 1 || !strings.Contains(p.queue.Dead()[0].Reason, "no turn") {
		t.Errorf("%+v, dead %+v", v, p.queue.Dead())
	}
}

// TestAFullSinkIsAskedLessOften wants a job that waits for the rate for days not
// handed out more often than SQS lets it be, which is 1,000 times.
func TestAFullSinkIsAskedLessOften(t *testing.T) {
	p := newPlant(t, strings.ReplaceAll(plantConfig, "rate: none", "rate: 1/s"))
	received := 0
	for start := p.clock(); p.clock().Sub(start) < maxWaiting; {
		received++
		r := p.newRelay(full{p.state}, p.queue)
		wait := r.turnAt(t.Context(), r.sinks["ops"], received)
		if wait <= 0 || wait > time.Hour {
			t.Fatalf("it waits %v", wait)
		}
		p.pass(wait)
	}
	if received > 1000 {
		t.Errorf("it is handed out %d times", received)
	}
}

// full is a state in which every slot is taken.
type full struct{ state.Store }

func (full) Claim(context.Context, string, time.Duration) (state.Status, error) {
	return state.Busy, nil
}

// TestAJobFromTheFuture wants one whose acceptance is said to come yet to be
// tried for a day and not for ever.
func TestAJobFromTheFuture(t *testing.T) {
	p := newPlant(t, plantConfig)
	p.answer = func(string, int) (int, string, error) { return 500, "", nil }
	start := p.clock()
	m := queue.Message{Body: p.job("1", start.Add(100*365*24*time.Hour))}
	for len(p.queue.Dead()) == 0 {
		if p.clock().Sub(start) > 48*time.Hour {
			t.Fatal("it goes on for ever")
		}
		m.Received++
		p.pass(p.relay.Work(t.Context(), m).After)
	}
	if age := p.clock().Sub(start); age < 23*time.Hour {
		t.Errorf("buried after %v", age)
	}
}

// TestABuriedJobIsNotPosted wants a message of a job that is buried, handed out
// again, to be neither posted nor buried again.
func TestABuriedJobIsNotPosted(t *testing.T) {
	p := newPlant(t, plantConfig)
	p.answer = func(_ string, n int) (int, string, error) {
		return map[bool]int{true: 400, false: 200}[n == 1], "", nil
	}
	m := queue.Message{Body: p.job("1", p.now), Received: 1}
	for range 2 {
		if v := p.relay.Work(t.Context(), m); v.Again {
			t.Fatalf("%+v", v)
		}
		p.pass(time.Hour)
	}
	if p.count["ops"] != 1 || len(p.queue.Dead()) != 1 {
		t.Errorf("%d posts, dead %+v", p.count["ops"], p.queue.Dead())
	}
}

// TestAClaimThatEndedIsNotReleased wants a process that was frozen for longer
// than its claim lasts not to end the claim that another has by now.
func TestAClaimThatEndedIsNotReleased(t *testing.T) {
	p := newPlant(t, plantConfig)
	m := queue.Message{Body: p.job("1", p.now), Received: 1}
	mark := "delivered\ngithub\n1\nops"
	r := p.newRelay(p.state, p.queue)
	r.opt.Client = deliver.New(deliver.Config{Now: p.clock, Transport: transportFunc(func(*http.Request) (*http.Response, error) {
		p.pass(leaseTime) // frozen; meanwhile the message is handed out again
		if s, err := p.state.Claim(t.Context(), mark, leaseTime); err != nil || s != state.Claimed {
			t.Errorf("the claim has not ended: %v, %v", s, err)
		}
		return nil, errors.New("connection reset by peer")
	})})
	r.Work(t.Context(), m)
	others, err := p.state.Claim(t.Context(), mark, leaseTime)
	if err != nil || others != state.Busy {
		t.Errorf("the other's claim is %v, %v", others, err)
	}
}
