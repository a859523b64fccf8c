package relay

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sigpost/sigpost/pkg/queue"
	"github.com/sigpost/sigpost/pkg/state"
)

// meter counts what a state store is asked. In the clouds each call is paid for.
type meter struct {
	state.Store

	mu            sync.Mutex
	reads, writes int
}

func (m *meter) count(reads, writes int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.reads += reads
	m.writes += writes
}

// taken is what was counted since it was called last.
func (m *meter) taken() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := fmt.Sprintf("%d writes, %d reads", m.writes, m.reads)
	m.reads, m.writes = 0, 0
	return s
}

func (m *meter) Claim(ctx context.Context, key string, lease time.Duration) (state.Status, error) {
	m.count(0, 1)
	return m.Store.Claim(ctx, key, lease)
}

func (m *meter) Done(ctx context.Context, key string, window time.Duration) error {
	m.count(0, 1)
	return m.Store.Done(ctx, key, window)
}

func (m *meter) Release(ctx context.Context, key string) error {
	m.count(0, 1)
	return m.Store.Release(ctx, key)
}

func (m *meter) Get(ctx context.Context, key string) (string, error) {
	m.count(1, 0)
	return m.Store.Get(ctx, key)
}

func (m *meter) Put(ctx context.Context, key, value string, keep time.Duration) error {
	m.count(0, 1)
	return m.Store.Put(ctx, key, value, keep)
}

// TestStateCallsOfAnEvent pins what an event costs in queue mode: "What it
// costs" in the README counts on it. A sink more costs its delivery once more.
func TestStateCallsOfAnEvent(t *testing.T) {
	const paced = "type: slack, url: env://OPS, rate: 1000/s"
	for _, c := range []struct {
		name, sink, sample string
		receive, deliver   string
	}{
		{"a new issue, paced sink", paced, "issues.opened", "3 writes, 1 reads", "3 writes, 1 reads"},
		{"no rate", "type: slack, url: env://OPS, rate: none", "issues.opened", "3 writes, 1 reads", "2 writes, 1 reads"},
		{"a failure is remembered", paced, "workflow_run.completed-failure", "4 writes, 2 reads", "3 writes, 1 reads"},
		{"a success is looked up", paced, "workflow_run.completed-success", "3 writes, 2 reads", "3 writes, 1 reads"},
	} {
		p := newPlant(t, strings.NewReplacer("[ops, archive]", "[ops]",
			`type: slack, url: "https://example.com/ops/`+hidden+`", rate: none`, c.sink).Replace(plantConfig))
		m := &meter{Store: p.state}
		p.relay = p.newRelay(m, p.queue)
		if status, body := p.send(p.relay, c.sample); status != 200 || !strings.Contains(body, `"queued"`) {
			t.Fatalf("%s: %d %s", c.name, status, body)
		}
		if got := m.taken(); got != c.receive {
			t.Errorf("%s: receive asks for %s, want %s", c.name, got, c.receive)
		}
		p.work()
		if got := m.taken(); got != c.deliver {
			t.Errorf("%s: deliver asks for %s, want %s", c.name, got, c.deliver)
		}
		p.at("ops", 1)
	}
}

// TestStateCallsOfARetry pins what each try costs while a receiver is down.
func TestStateCallsOfARetry(t *testing.T) {
	p := newPlant(t, strings.Replace(plantConfig, "[ops, archive]", "[ops]", 1))
	m := &meter{Store: p.state}
	p.relay = p.newRelay(m, p.queue)
	p.send(p.relay, "issues.opened")
	m.taken()
	p.answer = func(string, int) (int, string, error) { return 503, "", nil }
	l, _, ok := p.queue.Take()
	if !ok {
		t.Fatal("nothing to do")
	}
	if v := p.relay.Work(t.Context(), l.Message); !v.Again {
		t.Errorf("verdict %+v", v)
	}
	if got, want := m.taken(), "3 writes, 2 reads"; got != want {
		t.Errorf("a try that fails asks for %s, want %s", got, want)
	}
	// What can't be delivered for another reason than the receiver costs least.
	if v := p.relay.Work(t.Context(), queue.Message{Body: []byte("poison")}); v.Again {
		t.Errorf("verdict %+v", v)
	}
	if got, want := m.taken(), "0 writes, 0 reads"; got != want {
		t.Errorf("a poisoned job asks for %s, want %s", got, want)
	}
}
