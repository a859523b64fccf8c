package gcp

import (
	"archive/zip"
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// work is where the server is built, once.
var work string

func TestMain(m *testing.M) {
	code := m.Run()
	if work != "" {
		_ = os.RemoveAll(work)
	}
	os.Exit(code)
}

// goodConfig is the configuration in the zip.
const goodConfig = `
sources:
  github: { type: github, secrets: [secret://github-webhook] }
sinks:
  ops: { type: slack, url: secret://slack-ops }
routes:
  - { to: [ops] }
`

// What Google's builder adds to the sources: it moves them to a folder, and
// writes a main package into that. This is its text for functions that are
// registered from code, see
// https://github.com/GoogleCloudPlatform/buildpacks/blob/main/cmd/go/functions_framework/lib/template_declarative.go.
const (
	googleFolder = "serverless_function_source_code"
	googleApp    = "functions.local/app"
	googleMain   = `package main

import (
	"log"
	"net/http"
	"os"

	// Blank import the function package to run the init(), which is where
	// declarative function signatures are expected to be registered.
	_ "%s"

	"github.com/GoogleCloudPlatform/functions-framework-go/funcframework"
)

func main() {
	// Don't invoke the function for reserved URLs.
	http.HandleFunc("/robots.txt", http.NotFound)
	http.HandleFunc("/favicon.ico", http.NotFound)

	port := os.Getenv("PORT")
	if port == "" {
		port = "8080"
	}
	if err := funcframework.Start(port); err != nil {
		log.Fatalf("Function failed to start: %%v\n", err)
	}
}
`
)

// panics is a function of the tests' own, which panics with part of a body.
const panics = `package gcp

import (
	"io"
	"log/slog"
	"net/http"
	"os"

	"github.com/GoogleCloudPlatform/functions-framework-go/functions"
)

func init() {
	p := &projectID{env: os.Getenv}
	f := &function{env: os.Getenv, project: p, log: slog.New(newLogHandler(os.Stderr, p))}
	functions.HTTP("Panic", f.guard(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		panic(string(body))
	}, receiveReserve))
}
`

// server is the functions under the real framework: what scripts/build makes,
// built the way Google's builder does, without the repository around it.
var server = sync.OnceValues(func() (string, error) {
	var err error
	if work, err = os.MkdirTemp("", "sigpost-gcp-"); err != nil {
		return "", err
	}
	config := filepath.Join(work, "prod.yaml")
	if err := os.WriteFile(config, []byte(goodConfig), 0o600); err != nil {
		return "", err
	}
	if _, err := golang(filepath.Join("..", ".."), "run", "./scripts/cloudzip", "--only", "gcp", "--config", config, "--out", work); err != nil {
		return "", err
	}
	source := filepath.Join(work, googleFolder)
	if err := extract(filepath.Join(work, "gcp.zip"), source); err != nil {
		return "", err
	}
	if err := os.WriteFile(filepath.Join(source, "functions/gcp/panics.go"), []byte(panics), 0o600); err != nil {
		return "", err
	}
	return googleBuild(source)
})

// googleBuild does what Google's builder does with an upload:
// https://github.com/GoogleCloudPlatform/buildpacks/blob/main/cmd/go/functions_framework/lib/lib.go
func googleBuild(source string) (string, error) {
	packages, err := parser.ParseDir(token.NewFileSet(), source, nil, parser.PackageClauseOnly) //nolint:staticcheck // as the builder does
	if err != nil || len(packages) != 1 {
		return "", fmt.Errorf("%d packages at the root, want one: %w", len(packages), err)
	}
	module, err := golang(source, "list", "-m")
	if err != nil {
		return "", err
	}
	if first, _, _ := strings.Cut(module, "/"); !strings.Contains(first, ".") {
		return "", fmt.Errorf("the module %s has no dot in its first element", module)
	}
	if v, err := golang(source, "list", "-m", "-f", "{{.Version}}", "github.com/GoogleCloudPlatform/functions-framework-go"); err != nil || v == "" {
		return "", fmt.Errorf("functions-framework is not required, version %q: %w", v, err)
	}
	if _, err := os.Stat(filepath.Join(source, "vendor")); err == nil {
		return "", errors.New("there is a vendor folder")
	}
	app := filepath.Join(source, googleApp)
	if err := os.MkdirAll(app, 0o700); err != nil {
		return "", err
	}
	if err := os.WriteFile(filepath.Join(app, "main.go"), fmt.Appendf(nil, googleMain, module), 0o600); err != nil {
		return "", err
	}
	if _, err := golang(source, "mod", "tidy"); err != nil {
		// It looks also at tests of dependencies, which may never have been
		// fetched on this machine, and a test must not fetch.
		fmt.Fprintln(os.Stderr, "go mod tidy, which Google's builder runs, can't work offline here and is left out:", err)
	}
	binary := filepath.Join(filepath.Dir(source), "main")
	// -trimpath, which the builder leaves out, shares the compiler's cache.
	_, err = golang(source, "build", "-trimpath", "-ldflags", "-s -w", "-o", binary, "./"+googleApp)
	return binary, err
}

// golang runs go in dir, without a network, and returns what it prints.
func golang(dir string, args ...string) (string, error) {
	cmd := exec.Command("go", args...) //nolint:gosec // the arguments are the tests' own
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=-buildvcs=false", "GOWORK=off", "GOPROXY=off", "CGO_ENABLED=0", "PWD=")
	var errOut strings.Builder
	cmd.Stderr = &errOut
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("go %s: %w\n%s", args[0], err, errOut.String())
	}
	return strings.TrimSpace(string(out)), nil
}

func extract(file, dir string) error {
	z, err := zip.OpenReader(file)
	if err != nil {
		return err
	}
	defer func() { _ = z.Close() }()
	for _, f := range z.File {
		path := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return err
		}
		r, err := f.Open()
		if err != nil {
			return err
		}
		data, err := io.ReadAll(r)
		if err := errors.Join(err, r.Close(), os.WriteFile(path, data, 0o600)); err != nil {
			return err
		}
	}
	return nil
}
