// Package config reads sigpost.yaml: strictly, with every problem of the file
// reported at once by line and key. It knows no source and no sink; those are in
// package catalog, and each checks its own keys.
package config

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/gauge"
	"github.com/sigpost/sigpost/pkg/problem"
	"github.com/sigpost/sigpost/pkg/route"
	"github.com/sigpost/sigpost/pkg/secret"
	"github.com/sigpost/sigpost/pkg/sink"
	"github.com/sigpost/sigpost/pkg/source"
	"github.com/sigpost/sigpost/pkg/wording"
)

const (
	// FileName is how a configuration is called where none is named.
	FileName = "sigpost.yaml"
	// Variable is the environment variable that names another one.
	Variable = "SIGPOST_CONFIG"
	// MaxFileBytes is the most a configuration may hold: 1 MiB.
	MaxFileBytes = 1 << 20
	// MaxBodyBytes is the most a source takes: 25 MiB, which is what GitHub
	// sends at most, https://docs.github.com/en/webhooks/webhook-events-and-payloads.
	MaxBodyBytes = 25 << 20
)

// Config is a checked configuration, its entries in the order of the file.
type Config struct {
	Sources []Source
	Sinks   []Sink
	Routes  route.Table
	// Gauge makes and serves pictures of gauges; nil if that isn't configured.
	Gauge *gauge.Links
	// wordings are the words of each route, in the order of Routes.
	wordings []*wording.Wording

	file    string
	handles []found
}

// Source is a configured source: one that posts, or one that is polled.
type Source struct {
	Name    string          // the URL's path
	Type    string          // its type in the catalog
	Product string          // the sender's own name
	Wait    time.Duration   // how long the sender waits for an answer
	MaxBody int64           // bytes
	Source  source.Source   // nil if it is polled
	Poller  source.Poller   // nil if it posts
	Secrets []secret.Handle // all that it was configured with
}

// Sink is a configured sink.
type Sink struct {
	Name string
	Type string    // its type in the catalog
	Rate sink.Rate // how many messages it takes; see queue mode
	Sink sink.Sink
	// Wording is its own words for every event; nil: the event's.
	Wording *wording.Wording
	// Secrets is all that it was configured with.
	Secrets []secret.Handle
}

// To is the sink that posts to a channel, the sink itself if channel is "". Its
// error says why it can't.
func (s Sink) To(channel string) (Sink, error) {
	if channel == "" {
		return s, nil
	}
	c, ok := s.Sink.(sink.Channeler)
	if !ok {
		return s, fmt.Errorf("sink %s posts to one channel only", s.Name)
	}
	var err error
	s.Sink, err = c.Channel(channel)
	return s, err
}

// Words is e in the words of a target: those of its route, else of its sink, else
// its own. With an error it is e with the words that could be had; the error
// quotes the configuration and nothing of e.
func (c *Config) Words(e *event.Event, to route.Target, s Sink) (*event.Event, error) {
	var w *wording.Wording
	if to.Route >= 0 && to.Route < len(c.wordings) {
		w = c.wordings[to.Route]
	}
	return w.Over(s.Wording).Apply(e)
}

// Find is the path of the configuration: SIGPOST_CONFIG, else sigpost.yaml in
// the working directory, else beside the binary.
func Find() (string, error) {
	if path := os.Getenv(Variable); path != "" {
		if _, err := os.Stat(path); err != nil {
			return "", fmt.Errorf("no configuration at %s, which %s names: mend the path or unset the variable", path, Variable)
		}
		return path, nil
	}
	candidates := []string{FileName}
	if exe, err := os.Executable(); err == nil {
		candidates = append(candidates, filepath.Join(filepath.Dir(exe), FileName))
	}
	for _, path := range candidates {
		if info, err := os.Stat(path); err == nil && !info.IsDir() {
			return path, nil
		}
	}
	return "", fmt.Errorf("no configuration found: write a %s in the working directory or beside the binary, or set %s to its path", FileName, Variable)
}

// Load reads and parses the file at path.
func Load(path string, store secret.Store) (*Config, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	defer func() { _ = f.Close() }()
	data, err := io.ReadAll(io.LimitReader(f, MaxFileBytes+1))
	if err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	return Parse(path, data, store)
}

// Parse checks a configuration; file is its name in problems. The error joins
// all of them, each a *problem.Problem. Secrets are looked up in store, but not
// yet: see Resolve.
func Parse(file string, data []byte, store secret.Store) (*Config, error) {
	d := &decoder{file: file, store: store}
	c := &Config{file: file}
	if len(data) > MaxFileBytes {
		d.report(0, "", "is larger than 1 MiB: that is no configuration")
	} else if root := d.document(data); root != nil {
		d.config(root, c)
	}
	if len(d.problems) > 0 {
		return nil, errors.Join(d.problems...)
	}
	c.handles = d.handles
	return c, nil
}

// maxLookups is how many secrets Resolve looks up at a time.
const maxLookups = 8

// Resolve looks up every secret of the file. The error joins a problem for each
// that can't be had, or can't be what its sink takes it for (an address, say), in
// the order of the file; it wraps none of their values.
func (c *Config) Resolve(ctx context.Context) error {
	errs := make([]error, len(c.handles))
	slots := make(chan struct{}, maxLookups)
	var wg sync.WaitGroup
	for i, f := range c.handles {
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			if _, err := f.handle.Value(ctx); err != nil {
				errs[i] = &problem.Problem{File: c.file, Line: f.line, Key: f.key, Text: err.Error()}
			}
		})
	}
	wg.Wait()
	for _, s := range c.Sinks {
		_, err := s.Sink.Endpoint(ctx)
		for _, p := range problem.All(err) {
			key := "sinks." + s.Name + "." + p.Key
			i := slices.IndexFunc(c.handles, func(f found) bool { return f.key == key })
			if i >= 0 && errs[i] == nil {
				errs[i] = &problem.Problem{File: c.file, Line: c.handles[i].line, Key: key, Text: p.Text}
			}
		}
	}
	return errors.Join(errs...)
}
