// Package secret keeps secrets out of sight: a Value that never prints itself,
// references to where a secret is kept, and the Store that fetches it. It knows
// no cloud; the stores of the clouds live beside their functions.
package secret

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
)

// redacted is what a Value shows of itself everywhere.
const redacted = "REDACTED"

// Value is a secret that prints as REDACTED through fmt, JSON and slog. Only
// Reveal gives the bytes away. Values can't be compared with ==.
type Value struct {
	// A pointer, because fmt asks no method of what stands in an unexported
	// field of another struct: there it prints the address and not the secret.
	v *string
	_ [0]func() // not comparable: equal secrets have different pointers
}

// NewValue makes a Value of s.
func NewValue(s string) Value { return Value{v: &s} }

// Reveal is the secret itself. Hand it to nothing that writes or logs.
func (v Value) Reveal() string {
	if v.v == nil {
		return ""
	}
	return *v.v
}

// Empty tells whether there is nothing in it.
func (v Value) Empty() bool { return v.Reveal() == "" }

// Format prints REDACTED for every verb and flag.
func (Value) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// MarshalText is REDACTED, for JSON and YAML.
func (Value) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue is REDACTED, for slog.
func (Value) LogValue() slog.Value { return slog.StringValue(redacted) }

// Ref says where a secret is kept.
type Ref struct {
	Scheme  Scheme
	Name    string // secret's name, variable's name, or file's path
	Key     string // field of a secret that is a JSON object; secret:// only
	Version string // version of the secret; secret:// only, empty is the current one
}

// Scheme is how a reference begins.
type Scheme string

// The schemes.
const (
	SchemeSecret Scheme = "secret" // secret://NAME: the platform's secret manager
	SchemeEnv    Scheme = "env"    // env://NAME: an environment variable
	SchemeFile   Scheme = "file"   // file://PATH: a file, less its trailing line break
)

// String is the reference as it is written in a configuration. It names a
// place, so it may be shown.
func (r Ref) String() string {
	s := string(r.Scheme) + "://" + r.Name
	sep := "?"
	if r.Key != "" {
		s, sep = s+sep+"key="+r.Key, "&"
	}
	if r.Version != "" {
		s += sep + "version=" + r.Version
	}
	return s
}

// Store fetches the value a reference points to. Errors wrap ErrNotFound where
// nothing is there, name the reference, and never carry a value.
type Store interface {
	Get(ctx context.Context, ref Ref) (Value, error)
}

// ErrNotFound says that a reference points to nothing.
var ErrNotFound = errors.New("not found")

// ErrEmpty says that a secret was found and holds nothing.
var ErrEmpty = errors.New("is empty")

// ParseRef reads a reference: secret://NAME[?key=K][&version=V], env://NAME or
// file://PATH. The error repeats no more of text than its scheme, in case it is
// a secret pasted by mistake.
func ParseRef(text string) (Ref, error) {
	scheme, rest, ok := strings.Cut(text, "://")
	r := Ref{Scheme: Scheme(scheme)}
	if !ok {
		return Ref{}, errNotRef
	}
	switch r.Scheme {
	case SchemeEnv, SchemeFile:
		r.Name = rest
	case SchemeSecret:
		name, query, _ := strings.Cut(rest, "?")
		r.Name = name
		if err := r.parseQuery(query); err != nil {
			return Ref{}, err
		}
	default:
		return Ref{}, errNotRef
	}
	return r, r.check()
}

var errNotRef = errors.New("is not a secret reference: write secret://NAME, env://NAME or file://PATH")

func (r *Ref) parseQuery(query string) error {
	if query == "" {
		return nil
	}
	for part := range strings.SplitSeq(query, "&") {
		k, v, _ := strings.Cut(part, "=")
		switch {
		case v == "":
			return errors.New("has a parameter without a value: use ?key=FIELD or ?version=ID")
		case k == "key":
			r.Key = v
		case k == "version":
			r.Version = v
		default:
			return errors.New("has an unknown parameter: only key and version are known")
		}
	}
	return nil
}

func (r Ref) check() error {
	if r.Name == "" {
		return fmt.Errorf("has no name after %s://", r.Scheme)
	}
	if r.Scheme == SchemeFile {
		return nil
	}
	if i := strings.IndexFunc(r.Name, func(c rune) bool {
		return !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("-_./+=@", c))
	}); i >= 0 {
		return fmt.Errorf("has a character that no name can have at position %d: letters, digits and -_./+=@ are allowed", i+1)
	}
	return nil
}
