package state

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"slices"
	"time"
)

// maxValues is how many values a Memory keeps at the most.
const maxValues = 8192

type value struct {
	until time.Time
	text  string
}

// Get implements Store. The error is always nil.
func (m *Memory) Get(_ context.Context, key string) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	v, ok := m.values[sha256.Sum256([]byte(key))]
	if !ok || !m.now().Before(v.until) {
		return "", nil
	}
	return v.text, nil
}

// Put implements Store. The error is nil or ErrTooLong.
func (m *Memory) Put(_ context.Context, key, text string, keep time.Duration) error {
	if len(text) > MaxValueBytes {
		return ErrTooLong
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	k, now := sha256.Sum256([]byte(key)), m.now()
	if text == "" {
		delete(m.values, k)
		return nil
	}
	if _, known := m.values[k]; !known && len(m.values) >= maxValues {
		m.makeRoom()
	}
	m.values[k] = value{until: now.Add(keep), text: text}
	return nil
}

// makeRoom drops the quarter of the values with the least time left, the
// expired ones among them. Doing that for many at once keeps a Put cheap.
func (m *Memory) makeRoom() {
	keys := make([][sha256.Size]byte, 0, len(m.values))
	for k := range m.values {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b [sha256.Size]byte) int {
		return cmp.Or(m.values[a].until.Compare(m.values[b].until), bytes.Compare(a[:], b[:]))
	})
	for _, k := range keys[:len(keys)/4] {
		delete(m.values, k)
	}
}
