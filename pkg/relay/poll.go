package relay

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sigpost/sigpost/pkg/config"
	"github.com/sigpost/sigpost/pkg/state"
)

const (
	// pollTime bounds one poll of one source. What is not done by then is done
	// by the next one.
	pollTime = 100 * time.Second
	// leaseMargin is how much longer than a poll's time its lease runs.
	leaseMargin = 15 * time.Second
	// pollMemory is how long a delivered entry is remembered: longer than any
	// pause after which a source is read from where the last poll left off.
	pollMemory = 30 * 24 * time.Hour
	// progressMemory is how long it is remembered how far a source was read.
	progressMemory = 365 * 24 * time.Hour
)

// Polled is what came of one poll of one source.
type Polled struct {
	New       int // entries that somebody wants and that had not been done with
	Delivered int // of these, entries that are at every sink that takes them
	Dropped   int // of these, entries that some sink refused for good, or that were given up
	Pending   int // of these, entries that the next poll tries again
	// Waiting says that nothing was read because the source failed or asked for
	// a pause: for how much longer.
	Waiting time.Duration
	// Busy says that nothing was read because another poll is at it.
	Busy bool
}

// Poll reads every polled source once, one page after the other from where the
// last poll left off, and delivers what is new. The error joins what failed;
// whatever that was, the next poll makes up for it. A source that failed before
// or asked for a pause is left alone until the pause is over, without an error.
func (r *Relay) Poll(ctx context.Context) error {
	errs := make([]error, len(r.polled))
	var wg sync.WaitGroup
	for i, src := range r.polled {
		wg.Go(func() { _, errs[i] = r.PollSource(ctx, src.Name) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// PollSource is Poll for the source of that name.
func (r *Relay) PollSource(ctx context.Context, name string) (p Polled, err error) {
	i := slices.IndexFunc(r.polled, func(s config.Source) bool { return s.Name == name })
	if i < 0 {
		return p, fmt.Errorf("no polled source %q in the configuration", name)
	}
	ctx, cancel := context.WithTimeout(ctx, pollTime)
	defer cancel()
	defer func() {
		if v := recover(); v != nil {
			err = errors.New("panic: " + panicText(v))
		}
		if err != nil {
			err = fmt.Errorf("source %s: %w", name, err)
		}
		r.logPoll(ctx, name, p)
	}()
	t := &turn{Relay: r, src: r.polled[i], start: r.opt.Now(), tired: map[string]int{}, held: map[string]bool{}}
	err = t.run(ctx)
	return t.Polled, err
}

func (r *Relay) logPoll(ctx context.Context, name string, p Polled) {
	level := slog.LevelInfo
	if p == (Polled{}) {
		level = slog.LevelDebug
	}
	r.opt.Log.LogAttrs(ctx, level, "poll", slog.String("source", name), slog.Int("new", p.New),
		slog.Int("delivered", p.Delivered), slog.Int("dropped", p.Dropped), slog.Int("pending", p.Pending),
		slog.Bool("busy", p.Busy), slog.Duration("waiting", p.Waiting))
}

// turn is one poll of one source.
type turn struct {
	*Relay
	Polled
	src   config.Source
	start time.Time
	// held is the subjects, by sink, of which an entry could not be delivered:
	// those after it wait, so that a subject stays in order.
	held map[string]bool
	// tired counts the failures of a sink in a row.
	tired map[string]int
}

// run polls unless there is a pause, or another poll at it.
func (t *turn) run(ctx context.Context) error {
	pause, err := t.pause(ctx)
	if err != nil {
		return err
	}
	if t.Waiting = pause.until.Sub(t.start); t.Waiting > 0 {
		return nil
	}
	t.Waiting = 0
	lease := pollTime
	if deadline, ok := ctx.Deadline(); ok {
		lease = time.Until(deadline)
	}
	key := "poll\n" + t.src.Name
	status, err := t.opt.State.Claim(ctx, key, lease+leaseMargin)
	if err != nil {
		return fmt.Errorf("state store: %w", err)
	}
	if status != state.Claimed {
		t.Busy = true
		return nil
	}
	defer t.settle(ctx, []claim{{key: key}}, false)
	p, err := t.progress(ctx)
	if err != nil {
		return err
	}
	got, failed := t.read(ctx, p)
	errs := []error{failed, t.setPause(ctx, pause, failed)}
	p = t.deliverEntries(ctx, got)
	if t.Pending > 0 {
		errs = append(errs, fmt.Errorf("%d entries are not delivered yet: the next poll tries them again", t.Pending))
	}
	return errors.Join(append(errs, t.keepProgress(ctx, p))...)
}

// progress is how far a source was read, by its own clock.
type progress struct {
	from  time.Time // where the next poll begins
	floor time.Time // where the very first one began: nothing before it is ever of interest
	first bool      // nothing was read yet
}

func (t *turn) progressKey() string { return "progress\n" + t.src.Name }

func (t *turn) progress(ctx context.Context) (progress, error) {
	v, err := t.opt.State.Get(ctx, t.progressKey())
	if err != nil {
		return progress{}, fmt.Errorf("state store: %w", err)
	}
	from, floor, _ := strings.Cut(v, " ")
	p := progress{}
	p.from, err = time.Parse(time.RFC3339Nano, from)
	if err == nil {
		p.floor, err = time.Parse(time.RFC3339Nano, floor)
	}
	if err == nil {
		return p, nil
	}
	if v != "" {
		t.opt.Log.WarnContext(ctx, "what the state store has about a source's progress can't be read: it is read as if for the first time", "source", t.src.Name)
	}
	begin := t.start.Add(-t.src.Poller.Schedule().Since)
	return progress{from: begin, floor: begin, first: true}, nil
}

// keepProgress is the last that a poll does: a crash before it repeats the
// poll, and the claims keep what was delivered from being delivered again.
func (t *turn) keepProgress(ctx context.Context, p progress) error {
	if p.from.IsZero() {
		return nil
	}
	v := p.from.UTC().Format(time.RFC3339Nano) + " " + p.floor.UTC().Format(time.RFC3339Nano)
	if err := t.opt.State.Put(context.WithoutCancel(ctx), t.progressKey(), v, progressMemory); err != nil {
		return fmt.Errorf("how far it was read is not kept, so the next poll reads it again: %w", err)
	}
	return nil
}
