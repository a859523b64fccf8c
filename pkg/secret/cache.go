package secret

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"
)

// CacheConfig is what a Cache is made of. Every zero value stands for the
// default.
type CacheConfig struct {
	// TTL is how long a value is used before it is fetched again: 5 min, less
	// up to a fifth, so that instances don't ask all at once.
	TTL time.Duration
	// Stale is how long after it was fetched a value is still used while the
	// manager can't be reached: 1 h.
	Stale time.Duration
	// RefreshEvery is how often a secret may be refreshed at most, so that
	// forged requests can't drive the cost: 1 min.
	RefreshEvery time.Duration
	// PreviousFor is how long after a rotation the version before still counts,
	// where the manager tells when that was: 24 h.
	PreviousFor time.Duration
	// FetchTimeout bounds one fetch: 5 s.
	FetchTimeout time.Duration
	// Now is the clock, and Jitter shortens a TTL.
	Now    func() time.Time
	Jitter func(time.Duration) time.Duration
	// Log is told when a stale value is used.
	Log *slog.Logger
}

const (
	defaultTTL          = 5 * time.Minute
	defaultStale        = time.Hour
	defaultRefreshEvery = time.Minute
	defaultPreviousFor  = 24 * time.Hour
	defaultFetchTimeout = 5 * time.Second
	// again is when a fetch that failed may be tried again: soon if there is
	// nothing to use meanwhile, later if there is or if the answer was definite.
	againSoon  = time.Second
	againLater = 10 * time.Second
)

// Cache is a Store in front of a Manager. It fetches a secret when it is first
// asked for, with one flight for all who wait; keeps it for a while; and bridges
// a manager that can't be reached with what it has, for a bounded time. It is
// safe for concurrent use.
type Cache struct {
	manager Manager
	local   Store
	c       CacheConfig

	mu      sync.Mutex
	entries map[slot]*entry
	refresh map[string]*round // by name
}

// slot is a secret's version.
type slot struct{ name, version string }

// entry is what is known of a slot.
type entry struct {
	have    bool
	got     Version
	fetched time.Time // when got was confirmed last
	changed time.Time // when got last became another
	err     error     // of the last fetch
	next    time.Time // when to fetch again
	flight  chan struct{}
}

// round is one refresh of a secret; done is closed at its end.
type round struct {
	began time.Time
	done  chan struct{}
}

var _ Rotator = (*Cache)(nil)

// NewCache returns a Cache of m's secrets; env:// and file:// references go to
// local, which remembers nothing, so that a mounted secret follows its rotation.
func NewCache(m Manager, local Store, c CacheConfig) *Cache {
	for _, d := range []struct {
		v    *time.Duration
		most time.Duration
	}{
		{&c.TTL, defaultTTL},
		{&c.Stale, defaultStale},
		{&c.RefreshEvery, defaultRefreshEvery},
		{&c.PreviousFor, defaultPreviousFor},
		{&c.FetchTimeout, defaultFetchTimeout},
	} {
		if *d.v <= 0 {
			*d.v = d.most
		}
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Jitter == nil {
		c.Jitter = func(d time.Duration) time.Duration {
			return d - time.Duration(rand.Int64N(int64(d)/5+1)) //nolint:gosec // spreads load, guards nothing
		}
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return &Cache{manager: m, local: local, c: c, entries: map[slot]*entry{}, refresh: map[string]*round{}}
}

// Get implements Store. A trailing line break is no part of a secret.
func (c *Cache) Get(ctx context.Context, ref Ref) (Value, error) {
	if ref.Scheme != SchemeSecret {
		return c.local.Get(ctx, ref)
	}
	whole, err := c.get(ctx, slot{ref.Name, ref.Version}, false)
	if err != nil {
		return Value{}, err
	}
	return part(ref, whole)
}

// part is the part of a version that ref asks for, less a trailing line break,
// which "echo … |" in front of a cloud's command leaves there.
func part(ref Ref, whole Version) (Value, error) {
	v, err := Field(ref, whole.Value)
	if err != nil {
		return Value{}, err
	}
	return NewValue(trimBreak(v.Reveal())), nil
}

// get is the version in a slot, fetched if it is unknown, old, or to be forced.
func (c *Cache) get(ctx context.Context, s slot, force bool) (Version, error) {
	c.mu.Lock()
	e := c.entries[s]
	if e == nil {
		e = &entry{}
		c.entries[s] = e
	}
	if !force && !e.next.IsZero() && c.c.Now().Before(e.next) {
		defer c.mu.Unlock()
		return c.usable(s, e)
	}
	if e.flight == nil {
		e.flight = make(chan struct{})
		go c.fetch(context.WithoutCancel(ctx), s, e)
	}
	flight := e.flight
	c.mu.Unlock()
	select {
	case <-flight:
	case <-ctx.Done():
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if v, err := c.usable(s, e); err == nil {
		return v, nil
	}
	if err := ctx.Err(); err != nil && e.err == nil {
		return Version{}, fmt.Errorf("%s was not fetched in time: %w", s, err)
	}
	return Version{}, e.err
}

// usable is what may be used of an entry without a fetch.
func (c *Cache) usable(s slot, e *entry) (Version, error) {
	switch {
	case e.have && (e.err == nil || c.c.Now().Sub(e.fetched) < c.c.Stale):
		return e.got, nil
	case e.err != nil:
		return Version{}, e.err
	}
	return Version{}, fmt.Errorf("%s was not fetched", s)
}

func (c *Cache) fetch(ctx context.Context, s slot, e *entry) {
	ctx, cancel := context.WithTimeout(ctx, c.c.FetchTimeout)
	defer cancel()
	var got Version
	var err error
	defer func() {
		if recover() != nil { // in a goroutine it would end the process
			err = fmt.Errorf("%s: the client of the secret manager panicked", s)
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		c.settle(ctx, s, e, got, err)
		close(e.flight)
		e.flight = nil
	}()
	got, err = c.manager.Fetch(ctx, s.name, s.version)
}

// settle keeps what a fetch said.
func (c *Cache) settle(ctx context.Context, s slot, e *entry, got Version, err error) {
	now := c.c.Now()
	e.err = err
	switch {
	case err == nil:
		if !e.have || e.got.Value.Reveal() != got.Value.Reveal() {
			e.changed = now
		}
		e.have, e.got, e.fetched, e.next = true, got, now, now.Add(c.c.Jitter(c.c.TTL))
	case errors.Is(err, ErrNotFound):
		e.have, e.got, e.next = false, Version{}, now.Add(againLater)
	case e.have:
		e.next = now.Add(againLater)
		c.c.Log.WarnContext(ctx, "secret could not be fetched; the one fetched before is used",
			"secret", s.String(), "fetched", e.fetched, "error", err.Error())
	case errors.Is(err, ErrDenied): // an answer that is paid for, and will be the same
		e.next = now.Add(againLater)
	default:
		e.next = now.Add(againSoon)
	}
}

// String is the slot's name, which may be shown.
func (s slot) String() string {
	return Ref{Scheme: SchemeSecret, Name: s.name, Version: s.version}.String()
}
