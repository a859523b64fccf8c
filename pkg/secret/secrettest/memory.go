package secrettest

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/sigpost/sigpost/pkg/secret"
)

// Memory is a secret.Manager within one process. Its zero value is empty and
// safe for concurrent use.
type Memory struct {
	// Now, if it is set, stamps the versions.
	Now func() time.Time

	mu       sync.Mutex
	versions map[string][]secret.Version
	denied   map[string]bool
	down     bool
	fetches  int
}

// Put makes value the current version of a secret.
func (m *Memory) Put(name, value string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.versions == nil {
		m.versions = map[string][]secret.Version{}
	}
	v := secret.Version{Value: secret.NewValue(value), ID: strconv.Itoa(len(m.versions[name]) + 1)}
	if m.Now != nil {
		v.Created = m.Now()
	}
	m.versions[name] = append(m.versions[name], v)
}

// Deny refuses the permission to read a secret.
func (m *Memory) Deny(name string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.denied == nil {
		m.denied = map[string]bool{}
	}
	m.denied[name] = true
}

// Down makes it unreachable, and reachable again.
func (m *Memory) Down(down bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.down = down
}

// Fetches is how often Fetch was called.
func (m *Memory) Fetches() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.fetches
}

// Fetch implements secret.Manager.
func (m *Memory) Fetch(_ context.Context, name, version string) (secret.Version, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fetches++
	all := m.versions[name]
	switch {
	case m.down:
		return secret.Version{}, errors.New("secret " + name + ": the manager can't be reached")
	case m.denied[name]:
		return secret.Version{}, fmt.Errorf("secret %s: %w", name, secret.ErrDenied)
	}
	i := len(all) - 1
	switch version {
	case "":
	case secret.Previous:
		i--
	default:
		n, err := strconv.Atoi(version)
		if err != nil {
			n = 0
		}
		i = n - 1
	}
	if i < 0 || i >= len(all) {
		return secret.Version{}, fmt.Errorf("secret %s: version %q %w", name, version, secret.ErrNotFound)
	}
	return all[i], nil
}
