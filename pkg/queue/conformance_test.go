package queue_test

import (
	"testing"
	"time"

	"github.com/sigpost/sigpost/pkg/queue"
	"github.com/sigpost/sigpost/pkg/queue/queuetest"
)

func TestMemoryConformance(t *testing.T) {
	queuetest.Run(t, func(*testing.T) queuetest.Fixture {
		now := time.UnixMilli(1_800_000_000_000)
		m := queue.NewMemory(func() time.Time { return now }, nil, nil, nil)
		return queuetest.Fixture{
			Queue: m, Dead: m.Dead,
			Pass: func(d time.Duration) { now = now.Add(d) },
			Work: func(work func(queue.Message) queue.Verdict) {
				for {
					l, _, ok := m.Take()
					if !ok {
						return
					}
					if err := m.Settle(l, work(l.Message)); err != nil {
						t.Fatal(err)
					}
				}
			},
		}
	})
}
