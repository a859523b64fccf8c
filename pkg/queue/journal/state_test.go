package journal

import (
	"fmt"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"github.com/sigpost/sigpost/pkg/state"
	"github.com/sigpost/sigpost/pkg/state/statetest"
)

// open opens a file that is closed at the test's end.
func open(t *testing.T, path string) *File {
	t.Helper()
	f, _, _, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

func TestState(t *testing.T) {
	n := 0
	dir := t.TempDir()
	statetest.Run(t, func(now func() time.Time) state.Store {
		n++
		return open(t, filepath.Join(dir, strconv.Itoa(n))).State(now)
	})
}

func TestAKilledProcessLeavesItsMarksAndNoLease(t *testing.T) {
	path := filepath.Join(t.TempDir(), "queue")
	s := open(t, path).State(nil)
	claim := func(s *State, key string, want state.Status) {
		t.Helper()
		if got, err := s.Claim(t.Context(), key, time.Hour); err != nil || got != want {
			t.Errorf("claim of %s is %v, %v, want %v", key, got, err, want)
		}
	}
	claim(s, "done", state.Claimed)
	if err := s.Done(t.Context(), "done", time.Hour); err != nil {
		t.Fatal(err)
	}
	claim(s, "under way", state.Claimed)
	claim(s, "under way", state.Busy)
	for v, key := range []string{"gone", "kept"} {
		if err := s.Put(t.Context(), key, fmt.Sprint(v), time.Hour); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Put(t.Context(), "gone", "", time.Hour); err != nil {
		t.Fatal(err)
	}
	again := open(t, copyOf(t, path)).State(nil)
	claim(again, "done", state.Done)
	claim(again, "under way", state.Claimed)
	for key, want := range map[string]string{"gone": "", "kept": "1"} {
		if got, err := again.Get(t.Context(), key); err != nil || got != want {
			t.Errorf("value of %s is %q, %v, want %q", key, got, err, want)
		}
	}
}

func TestWhatHasEndedIsRemoved(t *testing.T) {
	f := open(t, filepath.Join(t.TempDir(), "queue"))
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	s := f.State(func() time.Time { return now })
	set := func(key string, keep time.Duration) {
		t.Helper()
		if err := s.Done(t.Context(), key, keep); err != nil {
			t.Fatal(err)
		}
		if err := s.Put(t.Context(), key, "v", keep); err != nil {
			t.Fatal(err)
		}
	}
	count := func() (n int) {
		_ = f.db.View(func(tx *bbolt.Tx) error {
			n = tx.Bucket(marks).Stats().KeyN + tx.Bucket(values).Stats().KeyN
			return nil
		})
		return n
	}
	for i := range 10 {
		set("short "+strconv.Itoa(i), time.Minute)
		set("long "+strconv.Itoa(i), time.Hour*24)
	}
	if n := count(); n != 40 {
		t.Fatalf("%d entries, want 40", n)
	}
	now = now.Add(sweepEvery)
	set("last", time.Hour)
	if n := count(); n != 22 {
		t.Errorf("%d entries are kept, want the 22 that are alive", n)
	}
}

func TestAClosedFileIsAnError(t *testing.T) {
	f := open(t, filepath.Join(t.TempDir(), "queue"))
	s := f.State(nil)
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Claim(t.Context(), "a", time.Minute); err == nil {
		t.Error("a claim of a closed file holds")
	}
	if s.Done(t.Context(), "a", time.Minute) == nil || s.Put(t.Context(), "a", "b", time.Minute) == nil {
		t.Error("a closed file stores")
	}
}
