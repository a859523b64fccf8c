package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// builder makes the archives of one repository.
type builder struct {
	root     string
	config   []byte // nil: none
	env      []string
	progress io.Writer
}

func (b *builder) say(format string, args ...any) {
	fmt.Fprintf(b.progress, "scripts/build: "+format+"\n", args...)
}

// kept is the settings of go that decide where modules come from and go to, and
// nothing of what is made of them.
var kept = []string{
	"GOAUTH", "GOCACHE", "GOINSECURE", "GOMODCACHE", "GONOPROXY", "GONOSUMDB", "GOPATH", "GOPRIVATE", "GOPROXY", "GOSUMDB", "GOTOOLCHAIN", "GOVCS",
}

// goEnvironment is the environment for go: this machine's, less all that could
// change the bytes of a binary.
func goEnvironment(ctx context.Context, root string) ([]string, error) {
	env := slices.DeleteFunc(os.Environ(), func(kv string) bool {
		name, _, _ := strings.Cut(kv, "=")
		return (strings.HasPrefix(name, "GO") || strings.HasPrefix(name, "CGO_")) && !slices.Contains(kept, name)
	})
	cmd := exec.CommandContext(ctx, "go", append([]string{"env", "-json"}, kept...)...) //nolint:gosec // constants
	cmd.Dir, cmd.Env = root, env
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go can't be run: install Go from https://go.dev/dl: %w", err)
	}
	var values map[string]string
	if err := json.Unmarshal(out, &values); err != nil {
		return nil, fmt.Errorf("go env: %w", err)
	}
	for _, name := range kept {
		env = append(env, name+"="+values[name])
	}
	return append(env, "GOENV=off", "GOWORK=off", "GOFLAGS=-mod=readonly", "CGO_ENABLED=0", "GOOS=linux"), nil
}

// golang runs go in dir for a processor and returns what it prints.
func (b *builder) golang(ctx context.Context, dir, goarch string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "go", args...) //nolint:gosec // the arguments are this program's own
	cmd.Dir = dir
	cmd.Env = append(b.env[:len(b.env):len(b.env)], "GOARCH="+goarch, "PWD="+dir)
	var errOut bytes.Buffer
	cmd.Stderr = &errOut
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go %s: %w\n%s", args[0], err, bytes.TrimSpace(errOut.Bytes()))
	}
	return out, nil
}
