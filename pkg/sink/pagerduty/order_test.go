package pagerduty

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/sigpost/sigpost/pkg/event"
)

// In whatever order and how often a subject's events come: once all have come,
// its alert is as its newest event left it, and nobody was paged for what was
// known to be over.
func TestAnyOrderEndsAsTheNewestEventSays(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // repeatable on purpose
	for round := range 2000 {
		var events []event.Event
		for i := range 1 + random.IntN(7) {
			e := failed(i + 1)
			switch random.IntN(4) {
			case 0:
				e = measured(passed(i + 1))
			case 1:
				e = passed(i + 1) // with a change event
			}
			events = append(events, e)
		}
		newest := events[len(events)-1]
		events = append(events, events[random.IntN(len(events))])
		random.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
		k := newTalk(t)
		resolved := time.Time{}
		for _, e := range events {
			pages := k.pages
			if err := k.deliver(e, all, false); err != nil {
				t.Fatal(err)
			}
			if k.pages > pages && !e.Time.After(resolved) {
				t.Fatalf("round %d: a page for what was over: %v", round, k.log)
			}
			if e.State == event.StateResolved && e.Time.After(resolved) {
				resolved = e.Time
			}
		}
		if open := len(k.open) == 1; open != (newest.State == event.StateOpen) {
			var order []string
			for _, e := range events {
				order = append(order, e.ID)
			}
			t.Fatalf("round %d: open is %v after %v: %v", round, open, order, k.log)
		}
	}
}

func TestMemoryHoldsTheLastSteps(t *testing.T) {
	k := newTalk(t)
	for i := range 100 {
		for _, e := range []event.Event{failed(2 * i), passed(2*i + 1)} {
			if err := k.deliver(e, all, false); err != nil {
				t.Fatal(err)
			}
		}
	}
	if n := len(recall(k.memory["github\nacme/api/ci"]).Done); n != keepDone || k.pages != 100 {
		t.Errorf("%d steps, %d pages", n, k.pages)
	}
	if !slices.Equal(k.log[len(k.log)-3:], []string{"trigger", "resolve", "change"}) {
		t.Error(k.log)
	}
}

// A sender that names a time of the future silences nothing but what came before.
func TestATimeOfTheFutureSilencesNothing(t *testing.T) {
	k := newTalk(t)
	start := failed(0).Time
	for i, e := range []event.Event{passed(0), failed(60), passed(120), failed(180)} {
		e.Received = e.Time.Add(time.Second)
		if i == 0 {
			e.Time = start.Add(20 * 365 * 24 * time.Hour)
		}
		e.ID = string(rune('a' + i))
		if err := k.deliver(e, all, false); err != nil {
			t.Fatal(err)
		}
	}
	if k.pages != 2 || len(k.open) != 1 {
		t.Errorf("%d pages, %d open: %v", k.pages, len(k.open), k.log)
	}
	// A clock that is a little ahead is believed: the order is the sender's.
	k = newTalk(t)
	over, failure := passed(60), failed(30)
	over.Received, failure.Received = start, start.Add(time.Second)
	for _, e := range []event.Event{over, failure} {
		if err := k.deliver(e, all, false); err != nil {
			t.Fatal(err)
		}
	}
	if k.pages != 0 {
		t.Errorf("a failure that was over pages: %v", k.log)
	}
}
