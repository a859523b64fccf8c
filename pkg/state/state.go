// Package state remembers which deliveries are under way and which are done, so
// that a crash loses nothing and a replay doubles nothing; and small values,
// such as how a subject fared last. It knows no cloud; the stores of the clouds
// live beside their functions and pass the suite in statetest, as Memory does.
package state

import (
	"context"
	"errors"
	"time"
)

// Status is what a Claim found.
type Status int

// The statuses.
const (
	Claimed Status = iota // the key was free, and is now the caller's
	Busy                  // another claim holds the key, and its lease still runs
	Done                  // the work of this key was done, within its window
)

// String is the status in lower case.
func (s Status) String() string {
	switch s {
	case Claimed:
		return "claimed"
	case Busy:
		return "busy"
	case Done:
		return "done"
	}
	return "unknown"
}

// MaxValueBytes is how long a value may be.
const MaxValueBytes = 4 << 10

// ErrTooLong is the error of a Put whose value is longer than MaxValueBytes.
var ErrTooLong = errors.New("state: the value is longer than 4 KiB")

// Store keeps claims and values, whose keys have nothing to do with each other.
// Of many concurrent Claims of a free key exactly one is Claimed. What comes
// with an error means nothing.
type Store interface {
	// Claim takes the key for lease. A claim that is neither done nor released
	// by then is free again.
	Claim(ctx context.Context, key string, lease time.Duration) (Status, error)
	// Done marks the key as done for window, claimed or not.
	Done(ctx context.Context, key string, window time.Duration) error
	// Release frees a claimed key at once. A key that is done stays so, and a
	// key that is free is no error.
	Release(ctx context.Context, key string) error
	// Get is the value that was put last under key; "" if there is none, or none
	// any more. A value may be forgotten early where room is short.
	Get(ctx context.Context, key string) (string, error)
	// Put keeps a value for the time given, in place of any other under key. An
	// empty value removes it.
	Put(ctx context.Context, key, value string, keep time.Duration) error
}
