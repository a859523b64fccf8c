package state

import (
	"context"
	"crypto/sha256"
	"sync"
	"time"
)

// sweepFrom is the number of entries below which expired ones are left lying.
const sweepFrom = 1024

// Memory is a Store within one process. It is safe for concurrent use. The
// claims it holds are bounded by twice those that are alive, at some 100 bytes
// each whatever the length of the keys; the values by maxValues, of which those
// with the least time left make room.
type Memory struct {
	now func() time.Time

	mu      sync.Mutex
	entries map[[sha256.Size]byte]entry
	sweepAt int // number of entries at which the expired ones are swept
	values  map[[sha256.Size]byte]value
}

type entry struct {
	until time.Time
	done  bool
}

var _ Store = (*Memory)(nil)

// NewMemory makes an empty Memory that reads the time from now; nil is time.Now.
func NewMemory(now func() time.Time) *Memory {
	if now == nil {
		now = time.Now
	}
	return &Memory{now: now, entries: map[[sha256.Size]byte]entry{}, sweepAt: sweepFrom, values: map[[sha256.Size]byte]value{}}
}

// Claim implements Store. The error is always nil.
func (m *Memory) Claim(_ context.Context, key string, lease time.Duration) (Status, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now, k := m.now(), sha256.Sum256([]byte(key))
	if e, ok := m.entries[k]; ok && now.Before(e.until) {
		if e.done {
			return Done, nil
		}
		return Busy, nil
	}
	m.put(k, entry{until: now.Add(lease)}, now)
	return Claimed, nil
}

// Done implements Store. The error is always nil.
func (m *Memory) Done(_ context.Context, key string, window time.Duration) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.now()
	m.put(sha256.Sum256([]byte(key)), entry{until: now.Add(window), done: true}, now)
	return nil
}

// Release implements Store. The error is always nil.
func (m *Memory) Release(_ context.Context, key string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	k := sha256.Sum256([]byte(key))
	if e, ok := m.entries[k]; ok && !e.done {
		delete(m.entries, k)
	}
	return nil
}

// put stores e, and sweeps once the entries have doubled since the last sweep,
// so that the cost per entry stays constant.
func (m *Memory) put(k [sha256.Size]byte, e entry, now time.Time) {
	m.entries[k] = e
	if len(m.entries) < m.sweepAt {
		return
	}
	for k, e := range m.entries {
		if !now.Before(e.until) {
			delete(m.entries, k)
		}
	}
	m.sweepAt = max(sweepFrom, 2*len(m.entries))
}
