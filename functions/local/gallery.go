package main

import (
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/sigpost/sigpost/pkg/config"
	"github.com/sigpost/sigpost/pkg/inbox"
	"github.com/sigpost/sigpost/pkg/secret"
	"github.com/sigpost/sigpost/pkg/source"
)

//go:embed gallery.yaml
var galleryConfig []byte

// runGallery draws every sample of every source on every sink, and writes the
// page to dir. Times on it are those of the samples, so that it is the same
// page every time.
func runGallery(c *config.Config, dir string, out, errOut io.Writer) error {
	groups, drawn, err := gallery(c, errOut)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return err
	}
	path := filepath.Join(dir, "index.html")
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	err = errors.Join(inbox.Gallery(f, "sigpost gallery", groups), f.Close())
	if err == nil {
		fmt.Fprintf(out, "%s: %d messages of %d samples\n", path, drawn, len(groups))
	}
	return err
}

// galleryTime is when samples arrive that don't say when they were made.
var galleryTime = time.Date(2026, time.March, 2, 9, 30, 0, 0, time.UTC)

func gallery(c *config.Config, errOut io.Writer) (groups []inbox.Group, drawn int, err error) {
	total := 0
	for _, src := range c.Sources {
		total += len(source.Samples(src.Type))
	}
	p := newProgress(errOut, "samples", total)
	defer p.end()
	for _, src := range c.Sources {
		for _, name := range source.Samples(src.Type) {
			g, err := galleryGroup(c, src, name)
			if err != nil {
				return nil, 0, err
			}
			if len(g.Messages) > 0 {
				groups, drawn = append(groups, g), drawn+len(g.Messages)
			}
			p.step()
		}
	}
	return groups, drawn, nil
}

// galleryGroup is one sample on every sink.
func galleryGroup(c *config.Config, src config.Source, name string) (inbox.Group, error) {
	g := inbox.Group{Name: src.Type + " " + name}
	req, err := source.Sample(src.Type, name)
	if err != nil {
		return g, err
	}
	req.Received = galleryTime
	events, err := eventsOf(src, req)
	if err != nil {
		return g, nil //nolint:nilerr // samples of pages without entries, of refusals and the like draw nothing
	}
	for i := range events {
		events[i].ID = name
		for _, s := range c.Sinks {
			for _, to := range targets(c, &events[i], s.Name) {
				m, err := drawAt(c, &events[i], to, s)
				if err != nil {
					return g, err
				}
				g.Messages = append(g.Messages, m)
			}
		}
	}
	return g, nil
}

// galleryDefault is the configuration that there is, else the built-in one.
func (s *settings) galleryDefault() (*config.Config, error) {
	if _, err := s.file(); err == nil {
		return s.load()
	}
	return config.Parse("gallery.yaml", galleryConfig, secret.NewLocal(func(string) (string, bool) { return "", false }, nil))
}
