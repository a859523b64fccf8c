package journal

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"sync"
	"time"

	"go.etcd.io/bbolt"

	"github.com/sigpost/sigpost/pkg/state"
)

// The buckets of the state, by the hash of the key: an entry is when it ends,
// in nanoseconds since 1970 and 8 bytes, then the value.
var (
	marks  = []byte("marks")
	values = []byte("values")
)

const (
	// sweepEvery is how often entries that have ended are removed.
	sweepEvery = time.Hour
	// untilBytes is the length of the time that an entry begins with.
	untilBytes = 8
)

// State is a state.Store in the file of a queue. What is done and the values
// are on disk when a call returns. A lease is in memory only: nobody else can
// have the file open, so that a lease which a killed process held is free as
// soon as the file is opened again.
type State struct {
	db  *bbolt.DB
	now func() time.Time

	mu      sync.Mutex // between looking for a mark and taking the lease
	leases  *state.Memory
	sweptAt time.Time
}

var _ state.Store = (*State)(nil)

// State is the state kept in the file, which reads the time from now (nil:
// time.Now). Call it once.
func (f *File) State(now func() time.Time) *State {
	if now == nil {
		now = time.Now
	}
	return &State{db: f.db, now: now, leases: state.NewMemory(now)}
}

// Claim implements state.Store.
func (s *State) Claim(ctx context.Context, key string, lease time.Duration) (state.Status, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	done := false
	err := s.db.View(func(tx *bbolt.Tx) error {
		_, done = s.alive(tx.Bucket(marks).Get(hash(key)))
		return nil
	})
	if err != nil {
		return state.Busy, err
	}
	if done {
		return state.Done, nil
	}
	return s.leases.Claim(ctx, key, lease)
}

// Done implements state.Store.
func (s *State) Done(ctx context.Context, key string, window time.Duration) error {
	if err := s.set(marks, key, "", window); err != nil {
		return err
	}
	return s.Release(ctx, key)
}

// Release implements state.Store.
func (s *State) Release(ctx context.Context, key string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.leases.Release(ctx, key)
}

// Get implements state.Store.
func (s *State) Get(_ context.Context, key string) (text string, err error) {
	err = s.db.View(func(tx *bbolt.Tx) error {
		if v, ok := s.alive(tx.Bucket(values).Get(hash(key))); ok {
			text = string(v) // the transaction's bytes end with it
		}
		return nil
	})
	return text, err
}

// Put implements state.Store.
func (s *State) Put(_ context.Context, key, text string, keep time.Duration) error {
	if len(text) > state.MaxValueBytes {
		return state.ErrTooLong
	}
	if text == "" {
		return s.db.Batch(func(tx *bbolt.Tx) error { return tx.Bucket(values).Delete(hash(key)) })
	}
	return s.set(values, key, text, keep)
}

// set stores an entry. Those that are stored at once share a write to the disk.
func (s *State) set(bucket []byte, key, text string, keep time.Duration) error {
	entry := binary.BigEndian.AppendUint64(nil, uint64(s.now().Add(keep).UnixNano()))
	entry = append(entry, text...)
	if err := s.db.Batch(func(tx *bbolt.Tx) error { return tx.Bucket(bucket).Put(hash(key), entry) }); err != nil {
		return err
	}
	_ = s.sweep() // a disk that is in trouble says so with the next entry
	return nil
}

// alive is the value of an entry, if there is one that has not ended.
func (s *State) alive(entry []byte) ([]byte, bool) {
	if len(entry) < untilBytes {
		return nil, false
	}
	until := time.Unix(0, int64(binary.BigEndian.Uint64(entry))) //nolint:gosec // written as it was
	return entry[untilBytes:], s.now().Before(until)
}

// sweep removes what has ended, if that is due.
func (s *State) sweep() error {
	s.mu.Lock()
	now := s.now()
	due := now.Sub(s.sweptAt) >= sweepEvery || now.Before(s.sweptAt)
	if due {
		s.sweptAt = now
	}
	s.mu.Unlock()
	if !due {
		return nil
	}
	return s.db.Update(func(tx *bbolt.Tx) error {
		for _, name := range [][]byte{marks, values} {
			c := tx.Bucket(name).Cursor()
			for k, v := c.First(); k != nil; {
				if _, ok := s.alive(v); ok {
					k, v = c.Next()
					continue
				}
				if err := c.Delete(); err != nil {
					return err
				}
				k, v = c.Seek(k) // Next after a Delete may leave one out
			}
		}
		return nil
	})
}

// hash is the key of an entry: keys may be longer than those of the file.
func hash(key string) []byte {
	h := sha256.Sum256([]byte(key))
	return h[:]
}
