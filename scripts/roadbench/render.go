package main

import (
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/sigpost/sigpost/pkg/config"
	"github.com/sigpost/sigpost/pkg/secret"
	"github.com/sigpost/sigpost/pkg/source"
)

const (
	galleryFile  = "functions/local/gallery.yaml" // every sink in each of its formats
	renderRounds = 40
	renderRepeat = 200
)

// render compares drawing a GitHub issue for each sink with parsing its payload:
// they take turns, and the middle one of the rounds counts.
func (b *bench) render() error {
	text, err := os.ReadFile(galleryFile)
	if err != nil {
		return err
	}
	c, err := config.Parse(galleryFile, text, secret.NewLocal(func(string) (string, bool) { return "", false }, nil))
	if err != nil {
		return err
	}
	i := slices.IndexFunc(c.Sources, func(s config.Source) bool { return s.Type == "github" })
	if i < 0 {
		return fmt.Errorf("%s has no source of GitHub", galleryFile)
	}
	src := c.Sources[i].Source
	req, err := source.Sample("github", "issues.opened")
	if err != nil {
		return err
	}
	parsed, err := src.Parse(req)
	if err != nil {
		return err
	}
	e := &parsed.Events[0]
	e.Source, e.Kind, e.Product, e.Time = "github", "github", "GitHub", time.Now()
	parse := make([]time.Duration, renderRounds)
	draw := make([][]time.Duration, len(c.Sinks))
	for round := range renderRounds {
		parse[round] = timed(func() { _, _ = src.Parse(req) })
		for i, s := range c.Sinks {
			draw[i] = append(draw[i], timed(func() { s.Sink.Render(e) }))
		}
	}
	for i, s := range c.Sinks {
		fmt.Fprintf(b.out, "draw an issue for %-17s %6.1f µs   parse it %6.1f µs   ratio %.2f (budget 0.5)\n",
			s.Name, micro(middle(draw[i])), micro(middle(parse)), float64(middle(draw[i]))/float64(middle(parse)))
	}
	return nil
}

func timed(f func()) time.Duration {
	start := time.Now()
	for range renderRepeat {
		f()
	}
	return time.Since(start) / renderRepeat
}

func middle(d []time.Duration) time.Duration {
	d = slices.Sorted(slices.Values(d))
	return d[len(d)/2]
}

func micro(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
