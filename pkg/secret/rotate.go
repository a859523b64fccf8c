package secret

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Refresh implements Rotator. It fetches each secret at most once in
// RefreshEvery; who comes meanwhile waits for the same fetch.
func (c *Cache) Refresh(ctx context.Context, refs []Ref, since time.Time) bool {
	for _, ref := range refs {
		if !rotates(ref) {
			continue
		}
		c.mu.Lock()
		r := c.refresh[ref.Name]
		if r == nil || c.c.Now().Sub(r.began) >= c.c.RefreshEvery {
			r = &round{began: c.c.Now(), done: make(chan struct{})}
			c.refresh[ref.Name] = r
			go c.look(context.WithoutCancel(ctx), ref.Name, since, r)
		}
		c.mu.Unlock()
		select {
		case <-r.done:
		case <-ctx.Done():
			return false
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, ref := range refs {
		if rotates(ref) && (c.changedSince(slot{name: ref.Name}, since) || c.changedSince(slot{ref.Name, Previous}, since)) {
			return true
		}
	}
	return false
}

// look fetches a secret's current version, unless that was just done, and the
// one before.
func (c *Cache) look(ctx context.Context, name string, since time.Time, r *round) {
	defer close(r.done)
	current := slot{name: name}
	c.mu.Lock()
	e := c.entries[current]
	fresh := e != nil && e.have && e.fetched.After(since)
	c.mu.Unlock()
	// What goes wrong here shows where the values are used.
	_, _ = c.get(ctx, current, !fresh)
	_, _ = c.get(ctx, slot{name, Previous}, true)
}

func (c *Cache) changedSince(s slot, since time.Time) bool {
	e := c.entries[s]
	return e != nil && e.have && !e.changed.Before(since)
}

// Previous implements Rotator.
func (c *Cache) Previous(ctx context.Context, ref Ref) (Value, bool) {
	if !rotates(ref) {
		return Value{}, false
	}
	c.mu.Lock()
	known := c.entries[slot{ref.Name, Previous}]
	have := known != nil && known.have
	var rotated time.Time
	if current := c.entries[slot{name: ref.Name}]; current != nil {
		rotated = current.got.Created
	}
	c.mu.Unlock()
	if !have || !rotated.IsZero() && c.c.Now().Sub(rotated) >= c.c.PreviousFor {
		return Value{}, false
	}
	whole, err := c.get(ctx, slot{ref.Name, Previous}, false)
	if err != nil {
		return Value{}, false
	}
	v, err := part(ref, whole)
	return v, err == nil && !v.Empty()
}

// rotates tells whether a reference follows its secret's current version.
func rotates(ref Ref) bool { return ref.Scheme == SchemeSecret && ref.Version == "" }

// Refresh looks for new versions of the secrets of handles, and tells whether
// one of them is another than it was at since. See Rotator.
func Refresh(ctx context.Context, handles []Handle, since time.Time) bool {
	changed := false
	for _, h := range handles {
		if r, ok := h.store.(Rotator); ok {
			changed = r.Refresh(ctx, []Ref{h.ref}, since) || changed
		}
	}
	return changed
}

// Unavailable is the error of the first handle whose secret exists as far as
// one knows, but can't be had now; nil if there is none.
func Unavailable(ctx context.Context, handles []Handle) error {
	for _, h := range handles {
		_, err := h.Value(ctx)
		if err != nil && !errors.Is(err, ErrNotFound) && !errors.Is(err, ErrEmpty) {
			return fmt.Errorf("one of several secrets: %w", err)
		}
	}
	return nil
}
