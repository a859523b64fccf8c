package relay

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/sigpost/sigpost/pkg/deliver"
	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/route"
	"github.com/sigpost/sigpost/pkg/source"
	"github.com/sigpost/sigpost/pkg/state"
)

const (
	// entryTime bounds the delivery of one entry.
	entryTime = 15 * time.Second
	// tiredAfter is how many deliveries in a row a sink may fail before it is
	// left alone for the rest of the poll.
	tiredAfter = 3
	// giveUpAfter is how long an entry is tried again.
	giveUpAfter = 24 * time.Hour
)

// deliverEntries takes the entries down the road, one after the other, and
// returns where the next poll begins: no later than the first entry that is
// not done with.
func (t *turn) deliverEntries(ctx context.Context, got *reading) progress {
	next := progress{from: got.next(t.src.Poller.Schedule().Overlap, t.opt.Now()), floor: got.floor}
	for i := range got.entries {
		e := &got.entries[i]
		if t.entry(ctx, e) {
			continue
		}
		at := e.Time
		if at.IsZero() {
			at = got.from
		}
		next.from = earlier(next.from, at)
	}
	return next
}

// entry takes one entry down the road and tells whether it is done with.
func (t *turn) entry(ctx context.Context, entry *source.Entry) (done bool) {
	e := entry.Event
	e.ID, e.Source, e.Kind, e.Product = entry.ID, t.src.Name, t.src.Type, t.src.Product
	e.Time, e.Raw, e.Received = entry.Time, entry.Raw, t.start
	if e.Time.IsZero() {
		e.Time = t.start
	}
	sinks := t.config.Routes.Match(e)
	if len(sinks) == 0 {
		return true
	}
	key := claim{key: "delivery\n" + e.Source + "\n" + e.ID, window: pollMemory}
	status, err := state.Busy, ctx.Err()
	if err == nil {
		key.until = t.opt.Now().Add(leaseTime)
		status, err = t.opt.State.Claim(ctx, key.key, leaseTime)
	}
	if err == nil && status == state.Done {
		return true
	}
	t.New++
	if err != nil || status == state.Busy { // out of time, or left by a poll that died
		t.hold(e, sinks)
		t.Pending++
		return false
	}
	defer func() { t.settle(ctx, []claim{key}, done) }()
	done = t.deliverEntry(ctx, e, sinks)
	return done
}

// deliverEntry brings e to its sinks, all at once, and tells whether all are
// done with it.
func (t *turn) deliverEntry(ctx context.Context, e *event.Event, sinks []route.Target) bool {
	ctx, cancel := finishing(ctx)
	defer cancel()
	healed := t.recall(ctx, e)
	if t.opt.Queue != nil {
		return t.storeEntry(ctx, e, sinks, healed)
	}
	var jobs []*Delivery
	var pending []route.Target
	var refused []string
	var wg sync.WaitGroup
	for _, to := range sinks {
		if t.held[subjectAt(to, e)] || t.tired[to.Sink] >= tiredAfter {
			pending = append(pending, to)
			continue
		}
		d := t.delivery(ctx, e, to)
		d.keep = pollMemory
		jobs = append(jobs, d)
		wg.Go(func() { t.deliverMarked(ctx, d) })
	}
	wg.Wait()
	for _, d := range jobs {
		name := d.Sink.Name
		var de *deliver.Error
		switch {
		case d.Err == nil:
			t.tired[name] = 0
		case errors.As(d.Err, &de) && !de.Temporary:
			t.tired[name] = 0
			refused = append(refused, name)
		default:
			t.tired[name]++
			pending = append(pending, route.Target{Sink: name, Channel: d.Channel})
		}
	}
	if len(pending) > 0 && !t.overdue(ctx, e) {
		t.hold(e, pending)
		t.Pending++
		return false
	}
	if healed {
		t.recovered(ctx, []*event.Event{e})
	}
	if len(pending)+len(refused) == 0 {
		t.Delivered++
		return true
	}
	t.Dropped++
	t.opt.Log.LogAttrs(ctx, slog.LevelError, "an entry is lost to some sinks", slog.String("source", e.Source), slog.String("event", e.ID),
		slog.String("type", e.Type), slog.String("refused_by", strings.Join(refused, " ")), slog.String("given_up_for", strings.Join(sinksOf(pending), " ")))
	return true
}

// storeEntry queues e for its sinks, and tells whether that is done.
func (t *turn) storeEntry(ctx context.Context, e *event.Event, sinks []route.Target, healed bool) bool {
	var jobs []*Delivery
	var err error
	for _, to := range sinks {
		jobs = append(jobs, t.delivery(ctx, e, to))
		if t.held[subjectAt(to, e)] {
			err = errors.New("an earlier one of its subject is not queued yet")
		}
	}
	if err == nil {
		err = t.store(ctx, jobs)
	}
	if err != nil {
		t.opt.Log.ErrorContext(ctx, "an entry is not queued; the next poll tries it again", "source", e.Source, "event", e.ID, "error", err.Error())
		t.hold(e, sinks)
		t.Pending++
		return false
	}
	if healed {
		t.recovered(ctx, []*event.Event{e})
	}
	t.Delivered++
	return true
}

// finishing is ctx with the time for one entry. It goes on when ctx is
// cancelled, so that what was begun is not cut off, and ends when ctx's time is
// up.
func finishing(ctx context.Context) (context.Context, context.CancelFunc) {
	end := time.Now().Add(entryTime)
	if deadline, ok := ctx.Deadline(); ok {
		end = earlier(end, deadline)
	}
	return context.WithDeadline(context.WithoutCancel(ctx), end)
}

// subjectAt is a subject at a sink; an event without a Key is its own.
func subjectAt(to route.Target, e *event.Event) string {
	at := to.Sink + "\n" + to.Channel
	if e.Key == "" {
		return at + "\nid\n" + e.ID
	}
	return at + "\nkey\n" + e.Key
}

func sinksOf(targets []route.Target) (names []string) {
	for _, to := range targets {
		names = append(names, to.Sink)
	}
	return names
}

func (t *turn) hold(e *event.Event, sinks []route.Target) {
	for _, to := range sinks {
		t.held[subjectAt(to, e)] = true
	}
}

// overdue tells whether e was tried for as long as entries are. If that can't
// be known it is tried on.
func (t *turn) overdue(ctx context.Context, e *event.Event) bool {
	key := "pending\n" + e.Source + "\n" + e.ID
	now := t.opt.Now()
	v, err := t.opt.State.Get(ctx, key)
	if err != nil {
		return false
	}
	if since, err := time.Parse(time.RFC3339, v); err == nil {
		return now.Sub(since) >= giveUpAfter
	}
	if err := t.opt.State.Put(ctx, key, now.UTC().Format(time.RFC3339), 2*giveUpAfter); err != nil {
		t.opt.Log.WarnContext(ctx, "an entry may be tried for longer than a day", "source", e.Source, "event", e.ID, "error", err.Error())
	}
	return false
}
