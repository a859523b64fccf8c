// Package state remembers which deliveries are under way and which are done, so
// that a crash loses nothing and a replay doubles nothing. It knows no cloud;
// the stores of the clouds live beside their functions and pass the suite in
// statetest, as Memory does.
package state

import (
	"context"
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

// Store keeps claims. Of many concurrent Claims of a free key exactly one is
// Claimed. A Status that comes with an error means nothing.
type Store interface {
	// Claim takes the key for lease. A claim that is neither done nor released
	// by then is free again.
	Claim(ctx context.Context, key string, lease time.Duration) (Status, error)
	// Done marks the key as done for window, claimed or not.
	Done(ctx context.Context, key string, window time.Duration) error
	// Release frees a claimed key at once. A key that is done stays so, and a
	// key that is free is no error.
	Release(ctx context.Context, key string) error
}
