package journal

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/sigpost/sigpost/pkg/queue"
	"github.com/sigpost/sigpost/pkg/queue/queuetest"
)

func TestConformance(t *testing.T) {
	queuetest.Run(t, func(t *testing.T) queuetest.Fixture { //nolint:thelper // it is the test
		f, _, _, err := Open(filepath.Join(t.TempDir(), "queue.db"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = f.Close() })
		now := time.UnixMilli(1_800_000_000_000)
		m := queue.NewMemory(func() time.Time { return now }, f, nil, nil)
		return queuetest.Fixture{
			Queue: m, Dead: m.Dead,
			Pass: func(d time.Duration) { now = now.Add(d) },
			Work: func(work func(queue.Message) queue.Verdict) {
				for l, _, ok := m.Take(); ok; l, _, ok = m.Take() {
					if err := m.Settle(l, work(l.Message)); err != nil {
						t.Fatal(err)
					}
				}
			},
		}
	})
}
