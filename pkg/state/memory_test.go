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

func TestMemoryBoundsItsValues(t *testing.T) {
	now := time.Unix(0, 0)
	m := NewMemory(func() time.Time { return now })
	put := func(key string, keep time.Duration) {
		if err := m.Put(t.Context(), key, "v", keep); err != nil {
			t.Fatal(err)
		}
		if n := len(m.values); n > maxValues {
			t.Fatalf("%d values are kept, more than %d", n, maxValues)
		}
	}
	put("lasting", 365*24*time.Hour)
	for i := range 3 * maxValues {
		now = now.Add(time.Second)
		put(strconv.Itoa(i), 30*24*time.Hour)
	}
	for _, key := range []string{"lasting", strconv.Itoa(3*maxValues - 1), strconv.Itoa(3*maxValues - maxValues/2)} {
		if v, err := m.Get(t.Context(), key); err != nil || v == "" {
			t.Errorf("value of %s is gone", key)
		}
	}
	if v, err := m.Get(t.Context(), "0"); err != nil || v != "" {
		t.Errorf("the oldest value did not make room: %q, %v", v, err)
	}
}
