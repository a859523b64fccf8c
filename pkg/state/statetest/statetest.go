// Package statetest is the suite that every state.Store must pass.
package statetest

import (
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
