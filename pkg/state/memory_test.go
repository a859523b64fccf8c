package state

import (
	"strconv"
	"testing"
	"time"
)

func TestMemorySweeps(t *testing.T) {
	now := time.Unix(0, 0)
	m := NewMemory(func() time.Time { return now })
	for i := range 100_000 {
		now = now.Add(time.Second)
		if s, err := m.Claim(t.Context(), strconv.Itoa(i), time.Minute); err != nil || s != Claimed {
			t.Fatal(s, err)
		}
		if n := len(m.entries); n > sweepFrom {
			t.Fatalf("%d entries are kept of 60 alive", n)
		}
	}
}
