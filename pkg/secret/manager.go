package secret

import (
	"context"
	"errors"
	"time"
)

// Manager is the secret manager of a cloud. It remembers nothing; a Cache does.
type Manager interface {
	// Fetch gets a whole secret: its current version for "", the one before for
	// Previous, else the version with that id or label. Its errors name the
	// secret and how to mend it, and never carry a value. They wrap ErrNotFound
	// or ErrDenied where that is so; any other means that the manager could not
	// be reached.
	Fetch(ctx context.Context, name, version string) (Version, error)
}

// Previous asks a Manager for the version before the current one.
const Previous = "previous"

// Version is one version of a secret.
type Version struct {
	Value Value
	// ID is the manager's own name for this version.
	ID string
	// Created is when it was made; zero if the manager doesn't say.
	Created time.Time
}

// ErrDenied says that the function may not read a secret.
var ErrDenied = errors.New("not permitted")

// Rotator is a Store whose secrets may change while it is used.
type Rotator interface {
	Store
	// Refresh looks for new versions of refs, and for the ones before the
	// current, unless that was done a short while ago, and tells whether any of
	// them is another than it was at since.
	Refresh(ctx context.Context, refs []Ref, since time.Time) bool
	// Previous is the version before the current one, if a Refresh has found
	// it and it still counts.
	Previous(ctx context.Context, ref Ref) (Value, bool)
}
