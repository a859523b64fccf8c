package relay

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/state"
)

// turns tells of each delivery that has to wait for another's turn.
type turns struct {
	state.Store
	wait chan struct{}
	down bool
}

func (s *turns) Claim(ctx context.Context, key string, lease time.Duration) (state.Status, error) {
	turn := strings.HasPrefix(key, "turn\n")
	if turn && s.down {
		return state.Busy, errors.New("the store is down")
	}
	status, err := s.Store.Claim(ctx, key, lease)
	if turn && status == state.Busy {
		select {
		case s.wait <- struct{}{}:
		default:
		}
	}
	return status, err
}

// GitHub reports an issue that is opened with a label in two requests at once.
func TestTwoEventsAtOnceAreOneConversation(t *testing.T) {
	b := newBotRoad(t, false)
	s := &turns{Store: b.state, wait: make(chan struct{}, 1)}
	b.relay.opt.State = s
	posting, first := make(chan struct{}), true
	b.api.Answer = func(string, int) (int, string, http.Header) {
		if !first {
			return 0, "", nil
		}
		first = false
		close(posting)
		select {
		case <-s.wait:
		case <-time.After(5 * time.Second):
			t.Error("the second event doesn't wait for the first")
		}
		return 0, "", nil
	}
	var wg sync.WaitGroup
	wg.Go(func() { b.send("issue_comment.created", "d1", 200) })
	<-posting
	wg.Go(func() { b.send("issue_comment.created", "d2", 200) })
	wg.Wait()
	b.want("C0OPS0001", "0, > 0")
	b.send("issue_comment.created", "d3", 200) // nobody keeps a turn
	b.want("C0OPS0001", "0, > 0, > 0")
}

// Whatever keeps a turn, a message is posted.
func TestATurnThatNeverComes(t *testing.T) {
	b := newBotRoad(t, false)
	s := &turns{Store: b.state, down: true}
	b.relay.opt.State = s
	b.send("issue_comment.created", "d1", 200)
	s.down = false
	d := &Delivery{Event: &event.Event{}}
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // the sender's time is over
	end := b.relay.turnOf(t.Context(), d, "subject")
	b.relay.turnOf(ctx, d, "subject")()
	if !strings.Contains(b.log.String(), "second thread") {
		t.Errorf("the log says nothing: %s", b.log.String())
	}
	if status, err := b.state.Claim(t.Context(), "turn\nsubject", time.Minute); err != nil || status != state.Busy {
		t.Errorf("who went ahead gave another's turn back: %v, %v", status, err)
	}
	end()
	if status, _ := b.state.Claim(t.Context(), "turn\nsubject", time.Minute); status != state.Claimed {
		t.Errorf("a turn that was given back is %v", status)
	}
}

// The turn of a queue's job is the queue's to give.
func TestAQueuedJobTakesNoTurn(t *testing.T) {
	b := newBotRoad(t, false)
	b.relay.turnOf(t.Context(), &Delivery{accepted: b.now}, "subject")
	if status, _ := b.state.Claim(t.Context(), "turn\nsubject", time.Minute); status != state.Claimed {
		t.Error("it costs a call")
	}
}

// slowStore takes its time, and notes what is released.
type slowStore struct {
	state.Store
	takes    time.Duration
	released int
}

func (s *slowStore) Claim(ctx context.Context, key string, lease time.Duration) (state.Status, error) {
	time.Sleep(s.takes) // the bubble's time
	return s.Store.Claim(ctx, key, lease)
}

func (s *slowStore) Release(ctx context.Context, key string) error {
	s.released++
	return s.Store.Release(ctx, key)
}

// Whoever waits keeps half of the sender's time for the message, however slow the
// state store is.
func TestATurnLeavesTimeForTheMessage(t *testing.T) {
	for _, c := range []struct{ store, sender, most time.Duration }{
		{0, 0, turnWait + turnEvery},
		{time.Second, 0, turnWait + 2*time.Second},
		{10 * time.Millisecond, 9 * time.Second, turnWait + turnEvery},
		{10 * time.Millisecond, 3 * time.Second, 1500*time.Millisecond + 2*turnEvery},
	} {
		synctest.Test(t, func(t *testing.T) {
			r := &Relay{opt: Options{State: &slowStore{Store: state.NewMemory(time.Now), takes: c.store}, Now: time.Now, Log: slog.New(slog.DiscardHandler)}}
			d, ctx := &Delivery{Event: &event.Event{}}, t.Context()
			defer r.turnOf(ctx, d, "subject")()
			if c.sender > 0 {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, c.sender)
				defer cancel()
			}
			start := time.Now()
			r.turnOf(ctx, d, "subject")()
			if waited := time.Since(start); waited > c.most || waited < c.most/2 {
				t.Errorf("with %s for the store and %s for the sender it waits %s", c.store, c.sender, waited)
			}
		})
	}
}

// A claim is left alone from shortly before its end: the release might come when
// another has it.
func TestNoReleaseAtTheEndOfALease(t *testing.T) {
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	s := &slowStore{Store: state.NewMemory(func() time.Time { return now })}
	r := &Relay{opt: Options{State: s, Now: func() time.Time { return now }, Log: slog.New(slog.DiscardHandler)}}
	d := &Delivery{Event: &event.Event{}}
	for passed, want := range map[time.Duration]int{time.Second: 1, leaseTime - settleTime - 1: 1, leaseTime - settleTime: 0, leaseTime: 0} {
		s.released = 0
		end := r.turnOf(t.Context(), d, passed.String())
		now = now.Add(passed)
		if end(); s.released != want {
			t.Errorf("after %s: released %d times", passed, s.released)
		}
	}
}
