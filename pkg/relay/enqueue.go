package relay

import (
	"context"
	"net/http"

	"github.com/sigpost/sigpost/pkg/queue"
)

// enqueue stores a job for each delivery and says whether they all are stored:
// only then the sender is told that its event was taken.
func (r *Relay) enqueue(ctx context.Context, jobs []*Delivery) answer {
	if err := r.store(ctx, jobs); err != nil {
		return unavailable("not queued: " + err.Error())
	}
	return answer{status: http.StatusOK, outcome: queued}
}

// store puts a job for each delivery into the queue.
func (r *Relay) store(ctx context.Context, jobs []*Delivery) error {
	items := make([]queue.Item, 0, len(jobs))
	for _, d := range jobs {
		item, err := queue.Job{Sink: d.Sink.Name, Event: *d.Event, Accepted: r.opt.Now()}.Item(r.opt.Queue.Limit())
		if err != nil {
			return err
		}
		items = append(items, item)
	}
	return r.opt.Queue.Put(ctx, items)
}
