package gcp

import (
	"context"
	"crypto/rand"
	"errors"
	"regexp"
	"sync"
	"time"

	"google.golang.org/api/firestore/v1"

	"github.com/sigpost/sigpost/pkg/problem"
	"github.com/sigpost/sigpost/pkg/state"
)

const (
	collectionVariable = "SIGPOST_STATE_COLLECTION"
	databaseVariable   = "SIGPOST_STATE_DATABASE"
	// firestoreEmulator names the host of Google's own emulator.
	firestoreEmulator = "FIRESTORE_EMULATOR_HOST"
	// stateTimeout bounds one operation, also where no request bounds it.
	stateTimeout = 5 * time.Second
)

// store is the state.Store in a Firestore collection, one document a key. A
// document's field expires is for a TTL policy, which deletes it up to a day
// late: what has expired counts as gone before.
// https://cloud.google.com/firestore/docs/ttl
type store struct {
	collection string
	database   string
	project    *projectID
	emulator   string
	now        func() time.Time

	mu      sync.Mutex
	service *firestore.Service
}

var _ state.Store = (*store)(nil)

var (
	collectionName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,128}$`)
	databaseName   = regexp.MustCompile(`^(\(default\)|[a-z][a-z0-9-]{2,61}[a-z0-9])$`)
)

// newStore is the store that the environment names; nil if it names none. It
// makes the client when it is first needed.
func newStore(env func(string) string, p *projectID) (*store, error) {
	s := &store{collection: env(collectionVariable), database: env(databaseVariable), project: p, emulator: env(firestoreEmulator), now: time.Now}
	if s.collection == "" {
		return nil, nil
	}
	if s.database == "" {
		s.database = "(default)"
	}
	var problems []error
	if !collectionName.MatchString(s.collection) {
		problems = append(problems, problem.New(collectionVariable, "is no name of a collection: use up to 128 letters, digits, - and _"))
	}
	if !databaseName.MatchString(s.database) {
		problems = append(problems, problem.New(databaseVariable, "is no name of a database: write (default), or 4 to 63 small letters, digits and -"))
	}
	return s, errors.Join(problems...)
}

// The kinds of documents. Their keys have nothing to do with each other.
const (
	claimKind = "claim"
	valueKind = "value"
)

// maxRaces is how often a claim is tried that others are after too.
const maxRaces = 5

// Claim implements state.Store.
func (s *store) Claim(ctx context.Context, key string, lease time.Duration) (state.Status, error) {
	ctx, cancel := context.WithTimeout(ctx, stateTimeout)
	defer cancel()
	var status state.Status
	owner := rand.Text()
	err := s.with(ctx, claimKind, key, func(d *document) error {
		var held *content // by whom the key was held so far
		for range maxRaces {
			taken, err := d.put(ctx, content{expires: s.now().Add(lease), owner: owner}, unless(held))
			if err != nil {
				return err
			}
			if taken {
				status = state.Claimed
				return nil
			}
			if held, err = d.get(ctx); err != nil {
				return err
			}
			if held == nil || !s.now().Before(held.expires) {
				continue // free again: once more
			}
			switch {
			case held.done:
				status = state.Done
			case held.owner == owner: // the answer to an earlier try was lost
				status = state.Claimed
			default:
				status = state.Busy
			}
			return nil
		}
		status = state.Busy // with others, all the time
		return nil
	})
	return status, err
}

// Done implements state.Store.
func (s *store) Done(ctx context.Context, key string, window time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, stateTimeout)
	defer cancel()
	return s.with(ctx, claimKind, key, func(d *document) error {
		_, err := d.put(ctx, content{expires: s.now().Add(window), done: true}, nil)
		return err
	})
}

// Release implements state.Store.
func (s *store) Release(ctx context.Context, key string) error {
	ctx, cancel := context.WithTimeout(ctx, stateTimeout)
	defer cancel()
	return s.with(ctx, claimKind, key, func(d *document) error {
		held, err := d.get(ctx)
		if err != nil || held == nil || held.done {
			return err
		}
		// If somebody did something with it meanwhile, it is not to be removed.
		return d.remove(ctx, unless(held))
	})
}

// Get implements state.Store.
func (s *store) Get(ctx context.Context, key string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, stateTimeout)
	defer cancel()
	var value string
	err := s.with(ctx, valueKind, key, func(d *document) error {
		kept, err := d.get(ctx)
		if kept != nil && s.now().Before(kept.expires) {
			value = kept.value
		}
		return err
	})
	return value, err
}

// Put implements state.Store.
func (s *store) Put(ctx context.Context, key, value string, keep time.Duration) error {
	if len(value) > state.MaxValueBytes {
		return state.ErrTooLong
	}
	ctx, cancel := context.WithTimeout(ctx, stateTimeout)
	defer cancel()
	return s.with(ctx, valueKind, key, func(d *document) error {
		if value == "" {
			return d.remove(ctx, nil)
		}
		_, err := d.put(ctx, content{expires: s.now().Add(keep), value: value}, nil)
		return err
	})
}
