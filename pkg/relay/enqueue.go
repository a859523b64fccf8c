package relay

import (
	"context"
	"net/http"
	"time"

	"github.com/sigpost/sigpost/pkg/queue"
)

// enqueue stores a job for each delivery and says whether they all are stored:
// only then the sender is told that its event was taken.
func (r *Relay) enqueue(ctx context.Context, jobs []*Delivery) answer {
	for _, d := range jobs {
		if err := r.number(ctx, d, jobs[0]); err != nil {
			return unavailable("not queued: state store: " + err.Error())
		}
	}
	if err := r.store(ctx, jobs); err != nil {
		return unavailable("not queued: " + err.Error())
	}
	return answer{status: http.StatusOK, outcome: queued}
}

// number gives a job its round: the time at which its event was first accepted.
// Sent again within the window it is the same event, tried once more after a
// crash; later it is another, which somebody wants to see again. The first job
// has asked for the others of its event.
func (r *Relay) number(ctx context.Context, d, first *Delivery) error {
	if d != first && d.Event.ID == first.Event.ID {
		d.round = first.round
		return nil
	}
	key := "accepted\n" + d.Event.Source + "\n" + d.Event.ID
	now := r.opt.Now()
	v, err := r.opt.State.Get(ctx, key)
	if err != nil {
		return err
	}
	if at, err := time.Parse(time.RFC3339Nano, v); err == nil && now.Sub(at) < window {
		d.round = v
		return nil
	}
	d.round = now.UTC().Format(time.RFC3339Nano)
	return r.opt.State.Put(ctx, key, d.round, window+leaseTime)
}

// store puts a job for each delivery into the queue.
func (r *Relay) store(ctx context.Context, jobs []*Delivery) error {
	items := make([]queue.Item, 0, len(jobs))
	for _, d := range jobs {
		item, err := queue.Job{Sink: d.Sink.Name, Channel: d.Channel, Event: *d.Event, Accepted: r.opt.Now(), Round: d.round}.Item(r.opt.Queue.Limit())
		if err != nil {
			return err
		}
		items = append(items, item)
	}
	return r.opt.Queue.Put(ctx, items)
}
