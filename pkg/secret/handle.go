package secret

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// Handle is one secret of a configuration: a reference and the store that
// resolves it, or a text written into the configuration itself. The zero Handle
// is a secret that was not configured.
type Handle struct {
	ref     Ref
	store   Store
	fixed   Value
	literal bool
}

// Fixed is a Handle that always has the given value: for tests, and for the
// demo, whose secrets are no secrets.
func Fixed(value string) Handle { return Handle{fixed: NewValue(value)} }

// UnmarshalText reads a reference; any other text is taken as it is, and
// Literal then tells so.
func (h *Handle) UnmarshalText(text []byte) error {
	s := string(text)
	scheme, _, ok := strings.Cut(s, "://")
	switch Scheme(scheme) {
	case SchemeSecret, SchemeEnv, SchemeFile:
		if !ok {
			break
		}
		ref, err := ParseRef(s)
		if err != nil {
			return err
		}
		*h = Handle{ref: ref}
		return nil
	}
	*h = Handle{fixed: NewValue(s), literal: true}
	return nil
}

// Bind sets the store that resolves the reference.
func (h *Handle) Bind(store Store) { h.store = store }

// IsZero tells whether nothing was configured, or an empty text.
func (h Handle) IsZero() bool { return h.ref == Ref{} && h.fixed.Empty() }

// Literal tells whether the value stands in the configuration itself.
func (h Handle) Literal() bool { return h.literal }

// Ref is the reference, for messages; ok is false if there is none.
func (h Handle) Ref() (ref Ref, ok bool) { return h.ref, h.ref != Ref{} }

// Value resolves the secret. An empty one is an error that wraps ErrEmpty.
func (h Handle) Value(ctx context.Context) (Value, error) {
	if (h.ref == Ref{}) {
		if h.fixed.Empty() {
			return Value{}, fmt.Errorf("secret %w", ErrEmpty)
		}
		return h.fixed, nil
	}
	if h.store == nil {
		return Value{}, fmt.Errorf("%s: no store to look it up in", h.ref)
	}
	v, err := h.store.Get(ctx, h.ref)
	if err != nil {
		return Value{}, err
	}
	if v.Empty() {
		return Value{}, fmt.Errorf("%s %w", h.ref, ErrEmpty)
	}
	return v, nil
}

// Values resolves all handles. Those that can't be resolved are left out as
// long as one can, so that one lost secret doesn't stop the others; if none
// can, the errors are joined. While a secret is being rotated, its version
// before the current one comes after it.
func Values(ctx context.Context, handles []Handle) ([]Value, error) {
	values := make([]Value, 0, len(handles))
	var errs []error
	for _, h := range handles {
		v, err := h.Value(ctx)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		values = append(values, v)
		if r, ok := h.store.(Rotator); ok {
			if before, ok := r.Previous(ctx, h.ref); ok {
				values = append(values, before)
			}
		}
	}
	if len(values) == 0 {
		if len(errs) == 0 {
			return nil, errors.New("no secret is configured")
		}
		return nil, errors.Join(errs...)
	}
	return values, nil
}
