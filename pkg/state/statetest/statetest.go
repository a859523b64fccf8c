// Package statetest is the suite that every state.Store must pass.
package statetest

import (
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sigpost/sigpost/pkg/state"
)

// Run tests the stores that open makes; each must be empty and read the time
// from now, which is safe for concurrent use.
func Run(t *testing.T, open func(now func() time.Time) state.Store) {
	t.Helper()
	t.Run("lease", func(t *testing.T) {
		k := newKit(t, open)
		k.claim("a", state.Claimed)
		k.claim("a", state.Busy)
		k.claim("b", state.Claimed)
		k.pass(59 * time.Second)
		k.claim("a", state.Busy)
		k.pass(time.Second)
		k.claim("a", state.Claimed)
	})
	t.Run("done", func(t *testing.T) {
		k := newKit(t, open)
		k.claim("a", state.Claimed)
		k.check(k.s.Done(t.Context(), "a", 10*time.Minute))
		k.claim("a", state.Done)
		k.check(k.s.Release(t.Context(), "a"))
		k.claim("a", state.Done)
		k.pass(10*time.Minute - time.Second)
		k.claim("a", state.Done)
		k.pass(time.Second)
		k.claim("a", state.Claimed)
	})
	t.Run("done unclaimed", func(t *testing.T) {
		k := newKit(t, open)
		k.check(k.s.Done(t.Context(), "a", time.Minute))
		k.claim("a", state.Done)
	})
	t.Run("release", func(t *testing.T) {
		k := newKit(t, open)
		k.check(k.s.Release(t.Context(), "a"))
		k.claim("a", state.Claimed)
		k.check(k.s.Release(t.Context(), "a"))
		k.claim("a", state.Claimed)
	})
	t.Run("strange keys", func(t *testing.T) {
		k := newKit(t, open)
		for _, key := range []string{"/", "a/b", "a", "é\n\x00", "\xff", string(make([]byte, 100_000))} {
			k.claim(key, state.Claimed)
			k.claim(key, state.Busy)
		}
	})
	t.Run("one winner", func(t *testing.T) {
		k := newKit(t, open)
		var won atomic.Int32
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				if s, err := k.s.Claim(t.Context(), "a", time.Minute); err == nil && s == state.Claimed {
					won.Add(1)
				}
			})
		}
		wg.Wait()
		if n := won.Load(); n != 1 {
			t.Errorf("%d claims won, want 1", n)
		}
	})
	runValues(t, open)
}

// runValues tests Get and Put.
func runValues(t *testing.T, open func(now func() time.Time) state.Store) {
	t.Helper()
	t.Run("missing value", func(t *testing.T) {
		k := newKit(t, open)
		k.get("a", "")
		k.put("a", "", time.Minute)
		k.get("a", "")
	})
	t.Run("value expires", func(t *testing.T) {
		k := newKit(t, open)
		k.put("a", "1", time.Minute)
		k.put("b", "2", 30*24*time.Hour)
		k.get("a", "1")
		k.pass(59 * time.Second)
		k.get("a", "1")
		k.pass(time.Second)
		k.get("a", "")
		k.get("b", "2")
		k.pass(30 * 24 * time.Hour)
		k.get("b", "")
		k.put("a", "3", time.Minute)
		k.get("a", "3")
	})
	t.Run("value is overwritten", func(t *testing.T) {
		k := newKit(t, open)
		k.put("a", "1", time.Hour)
		k.put("a", "2", time.Minute)
		k.get("a", "2")
		k.pass(time.Minute)
		k.get("a", "")
		k.put("a", "3", time.Minute)
		k.pass(time.Second)
		k.put("a", "4", time.Minute)
		k.pass(59 * time.Second)
		k.get("a", "4")
		k.put("a", "", time.Minute)
		k.get("a", "")
	})
	t.Run("strange values", func(t *testing.T) {
		k := newKit(t, open)
		most := strings.Repeat("v", state.MaxValueBytes)
		for i, key := range []string{"/", "a/b", "a", "é\n\x00", "\xff", string(make([]byte, 100_000))} {
			want := strconv.Itoa(i) + most[:len(most)-1]
			k.put(key, want, time.Minute)
			k.get(key, want)
		}
		k.put("b", "é\n\x00 \"", time.Minute)
		k.get("b", "é\n\x00 \"")
		if err := k.s.Put(t.Context(), "b", most+"v", time.Minute); err == nil {
			t.Error("a value longer than MaxValueBytes is taken")
		}
		k.get("b", "é\n\x00 \"")
	})
	t.Run("values are not claims", func(t *testing.T) {
		k := newKit(t, open)
		k.put("a", "1", time.Minute)
		k.claim("a", state.Claimed)
		k.get("a", "1")
		k.check(k.s.Done(t.Context(), "a", time.Minute))
		k.get("a", "1")
		k.put("a", "", time.Minute)
		k.claim("a", state.Done)
	})
	t.Run("values at once", func(t *testing.T) {
		k := newKit(t, open)
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() {
				own := strconv.Itoa(i)
				if err := k.s.Put(t.Context(), "shared", own, time.Minute); err != nil {
					t.Error(err)
				}
				if err := k.s.Put(t.Context(), own, own, time.Minute); err != nil {
					t.Error(err)
				}
				if got, err := k.s.Get(t.Context(), own); err != nil || got != own {
					t.Errorf("value of %s is %q, %v", own, got, err)
				}
			})
		}
		wg.Wait()
		if got, err := k.s.Get(t.Context(), "shared"); err != nil || got == "" {
			t.Errorf("shared value is %q, %v", got, err)
		}
	})
}

// kit is a store under test and its clock.
type kit struct {
	t   *testing.T
	s   state.Store
	off atomic.Int64
}

func newKit(t *testing.T, open func(now func() time.Time) state.Store) *kit {
	t.Helper()
	k := &kit{t: t}
	start := time.Now().Truncate(time.Second)
	k.s = open(func() time.Time { return start.Add(time.Duration(k.off.Load())) })
	return k
}

func (k *kit) pass(d time.Duration) { k.off.Add(int64(d)) }

func (k *kit) check(err error) {
	k.t.Helper()
	if err != nil {
		k.t.Fatal(err)
	}
}

func (k *kit) claim(key string, want state.Status) {
	k.t.Helper()
	got, err := k.s.Claim(k.t.Context(), key, time.Minute)
	k.check(err)
	if got != want {
		k.t.Fatalf("claim is %v, want %v", got, want)
	}
}

func (k *kit) put(key, value string, keep time.Duration) {
	k.t.Helper()
	k.check(k.s.Put(k.t.Context(), key, value, keep))
}

func (k *kit) get(key, want string) {
	k.t.Helper()
	got, err := k.s.Get(k.t.Context(), key)
	k.check(err)
	if got != want {
		k.t.Fatalf("value is %.40q, want %.40q", got, want)
	}
}
