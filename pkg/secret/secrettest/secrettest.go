// Package secrettest is the suite that every secret.Manager must pass, and a
// Manager in memory for tests.
package secrettest

import (
	"errors"
	"strings"
	"testing"

	"github.com/sigpost/sigpost/pkg/secret"
)

// Fixture is a Manager under test and the hands on what stands behind it. The
// secrets must be empty at first.
type Fixture struct {
	Manager secret.Manager
	// Put makes value the current version of a secret, which is made if there
	// is none of that name.
	Put func(name, value string)
	// Deny refuses the permission to read a secret from now on.
	Deny func(name string)
	// Down makes the manager unreachable, and reachable again.
	Down func(down bool)
}

// largest is the most that the secret managers of the clouds take, in bytes.
const largest = 64 << 10

// hidden is part of every value of the suite and of no error.
const hidden = "hidden-word"

// Run tests the Managers that open makes.
func Run(t *testing.T, open func(t *testing.T) Fixture) {
	t.Helper()
	for _, c := range []struct {
		name string
		test func(*testing.T, Fixture)
	}{
		{"versions", versions},
		{"missing", missing},
		{"denied", denied},
		{"unreachable", unreachable},
		{"values", values},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, open(t)) })
	}
}

func versions(t *testing.T, f Fixture) {
	t.Helper()
	f.Put("hook", hidden+" 1")
	first := fetch(t, f, "hook", "", hidden+" 1")
	fail(t, f, "hook", secret.Previous, secret.ErrNotFound)
	f.Put("hook", hidden+" 2")
	second := fetch(t, f, "hook", "", hidden+" 2")
	before := fetch(t, f, "hook", secret.Previous, hidden+" 1")
	if first.ID == "" || first.ID == second.ID || before.ID != first.ID {
		t.Errorf("the ids of two versions are %q and %q, of the previous %q", first.ID, second.ID, before.ID)
	}
	fetch(t, f, "hook", first.ID, hidden+" 1")
	f.Put("hook", hidden+" 3")
	fetch(t, f, "hook", "", hidden+" 3")
	fetch(t, f, "hook", secret.Previous, hidden+" 2")
	f.Put("other", hidden+" other")
	fetch(t, f, "hook", "", hidden+" 3")
}

func missing(t *testing.T, f Fixture) {
	t.Helper()
	fail(t, f, "hook", "", secret.ErrNotFound)
	fail(t, f, "hook", secret.Previous, secret.ErrNotFound)
	f.Put("hook", hidden)
	fail(t, f, "hook", "987654", secret.ErrNotFound)
	fail(t, f, "hoo", "", secret.ErrNotFound)
}

func denied(t *testing.T, f Fixture) {
	t.Helper()
	f.Put("hook", hidden)
	f.Put("free", hidden)
	f.Deny("hook")
	fail(t, f, "hook", "", secret.ErrDenied)
	fail(t, f, "hook", secret.Previous, secret.ErrDenied)
	fetch(t, f, "free", "", hidden)
}

func unreachable(t *testing.T, f Fixture) {
	t.Helper()
	f.Put("hook", hidden)
	f.Down(true)
	err := fail(t, f, "hook", "", nil)
	if errors.Is(err, secret.ErrNotFound) || errors.Is(err, secret.ErrDenied) {
		t.Errorf("an unreachable manager is taken for an answer: %v", err)
	}
	f.Down(false)
	fetch(t, f, "hook", "", hidden)
}

func values(t *testing.T, f Fixture) {
	t.Helper()
	for _, v := range []string{
		" " + hidden + " \n", `{"k":"` + hidden + `"}`, "\u00e9\u4e16\U0001F600" + hidden,
		hidden + strings.Repeat("x", largest-len(hidden)),
	} {
		f.Put("hook", v)
		fetch(t, f, "hook", "", v)
	}
}

func fetch(t *testing.T, f Fixture, name, version, want string) secret.Version {
	t.Helper()
	got, err := f.Manager.Fetch(t.Context(), name, version)
	if err != nil {
		t.Fatalf("fetch %s version %q: %v", name, version, err)
	}
	if got.Value.Reveal() != want {
		t.Fatalf("fetch %s version %q: another value than was put", name, version)
	}
	return got
}

// fail wants an error that wraps kind, if that is given, and names the secret.
func fail(t *testing.T, f Fixture, name, version string, kind error) error {
	t.Helper()
	_, err := f.Manager.Fetch(t.Context(), name, version)
	switch {
	case err == nil:
		t.Fatalf("fetch %s version %q: no error", name, version)
	case kind != nil && !errors.Is(err, kind):
		t.Errorf("fetch %s version %q: %v, want one that wraps %q", name, version, err, kind)
	case !strings.Contains(err.Error(), name):
		t.Errorf("the error doesn't name the secret: %v", err)
	case strings.Contains(err.Error(), hidden):
		t.Error("the error has a value in it")
	}
	return err
}
