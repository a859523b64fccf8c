package gcp

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"cloud.google.com/go/compute/metadata"
)

// projectVariable names the project that the functions run in.
const projectVariable = "GOOGLE_CLOUD_PROJECT"

// projectID is the project of this instance: what GOOGLE_CLOUD_PROJECT says,
// else what the metadata server does, which is asked once.
type projectID struct {
	env func(string) string

	mu    sync.Mutex
	asked string
}

// known is the project as far as one knows without asking; "" if one doesn't.
func (p *projectID) known() string {
	if id := p.env(projectVariable); id != "" {
		return id
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.asked
}

// get is the project.
func (p *projectID) get(ctx context.Context) (string, error) {
	if id := p.known(); id != "" {
		return id, nil
	}
	id, err := metadata.NewWithOptions(&metadata.Options{Logger: silent}).GetWithContext(ctx, "project/project-id")
	if err != nil {
		return "", fmt.Errorf("the project is not known: set %s, since the metadata server can't be asked: %w", projectVariable, brief(err))
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked = strings.TrimSpace(id)
	return p.asked, nil
}
