package gcp

import (
	"context"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/sigpost/sigpost/functions/gcp/gcptest"
	"github.com/sigpost/sigpost/pkg/queue"
	"github.com/sigpost/sigpost/pkg/queue/queuetest"
)

// The suite runs against the topics and the worker together: Pub/Sub alone can't
// wait for as long as a verdict says.
func TestQueueConforms(t *testing.T) {
	before := publishWaits
	t.Cleanup(func() { publishWaits = before })
	publishWaits = []time.Duration{time.Millisecond, time.Millisecond}
	queuetest.Run(t, func(t *testing.T) queuetest.Fixture {
		t.Helper()
		b := newBench(t)
		return queuetest.Fixture{
			Queue: b.queue, Doubles: true, Down: b.pubsub.Down,
			Pass: func(d time.Duration) {
				b.mu.Lock()
				defer b.mu.Unlock()
				b.clock = b.clock.Add(d)
			},
			Work: func(work func(queue.Message) queue.Verdict) {
				b.work = func(_ context.Context, m queue.Message) queue.Verdict { return work(m) }
				for more := true; more; {
					more = b.pubsub.Push(b.push) > 0
				}
			},
			Dead: func() []queue.Dead { return deadOf(t, b.pubsub) },
		}
	})
}

// deadOf is what is buried, oldest first; of what was buried twice, the last.
func deadOf(t *testing.T, p *gcptest.PubSub) (all []queue.Dead) {
	t.Helper()
	for _, m := range p.Published(p.Dead) {
		var d queue.Dead
		if err := json.Unmarshal(m.Data, &d); err != nil {
			t.Fatal(err)
		}
		if i := slices.IndexFunc(all, func(x queue.Dead) bool { return x.ID == d.ID }); i >= 0 {
			all[i] = d
			continue
		}
		all = append(all, d)
	}
	return all
}
