package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/sigpost/sigpost/pkg/queue"
)

// graveyard is where the dead of a queue are, and that queue.
type graveyard interface {
	// Each hands over every dead job, oldest first as far as that is known,
	// until f returns an error, which it returns then.
	Each(ctx context.Context, f func(queue.Dead) error) error
	// Remove forgets a dead job that Each handed over; one that is gone
	// meanwhile is no error.
	Remove(ctx context.Context, id string) error
	// Put and Limit are those of queue.Queue.
	Put(ctx context.Context, items []queue.Item) error
	Limit() int
	// Name says where this is.
	Name() string
	Close() error
}

// resend puts a dead job back into its queue as one that is delivered whatever
// was delivered before, and forgets it only then.
func resend(ctx context.Context, g graveyard, d queue.Dead, now time.Time) error {
	job, err := queue.Decode(d.Body)
	switch {
	case errors.Is(err, queue.ErrNotAJob):
		return fmt.Errorf("%w, so that it can't be resent; `sigpost dead drop --id %s` forgets it", err, short(d.ID))
	case err != nil:
		return fmt.Errorf("%w: update this command", err)
	}
	job.Resent++
	job.Accepted = now
	item, err := job.Item(g.Limit())
	if err != nil {
		return err
	}
	if err := g.Put(ctx, []queue.Item{item}); err != nil {
		return fmt.Errorf("the queue did not take it, and it stays dead: %w", err)
	}
	if err := g.Remove(ctx, d.ID); err != nil {
		return fmt.Errorf("it was resent, and is listed as dead all the same: %w; drop it", err)
	}
	return nil
}

// openGraveyard is the queue in a file: through the process that has it open,
// if there is one.
func openGraveyard(ctx context.Context, path string) (graveyard, error) {
	if g := dialGraveyard(ctx, path); g != nil {
		return g, nil
	}
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("no queue to look at: %w; `sigpost serve` makes it, and prints where; --queue names another", err)
	}
	q, err := openQueue(path)
	if err != nil {
		return nil, err
	}
	return &fileGraveyard{q: q, path: path}, nil
}

// fileGraveyard is a queue that no other process has open.
type fileGraveyard struct {
	q    *localQueue
	path string
}

func (g *fileGraveyard) Each(_ context.Context, f func(queue.Dead) error) error {
	for _, d := range g.q.jobs.Dead() {
		if err := f(d); err != nil {
			return err
		}
	}
	return nil
}

func (g *fileGraveyard) Remove(_ context.Context, id string) error { return g.q.jobs.Unbury(id) }

func (g *fileGraveyard) Put(ctx context.Context, items []queue.Item) error {
	return g.q.jobs.Put(ctx, items)
}

func (g *fileGraveyard) Limit() int   { return g.q.jobs.Limit() }
func (g *fileGraveyard) Name() string { return g.path }
func (g *fileGraveyard) Close() error { return g.q.Close() }
