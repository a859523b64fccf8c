package main

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
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
	if req.Body, err = asSent(req.Body); err != nil {
		return err
	}
	parsed, err := src.Parse(req)
	if err != nil {
		return err
	}
	e := &parsed.Events[0]
	e.Source, e.Kind, e.Product, e.Time, e.Raw = "github", "github", "GitHub", time.Now(), req.Body
	parse := make([]time.Duration, renderRounds)
	draw := make([][]time.Duration, len(c.Sinks))
	for round := range renderRounds {
		parse[round] = timed(func() { _, _ = src.Parse(req) })
		for i, s := range c.Sinks {
			draw[i] = append(draw[i], timed(func() { s.Sink.Render(e) }))
		}
	}
	fmt.Fprintf(b.out, "an issue of GitHub: %d bytes\n", len(req.Body))
	for i, s := range c.Sinks {
		fmt.Fprintf(b.out, "draw an issue for %-17s %6.1f µs   parse it %6.1f µs   ratio %.2f (budget 0.5)\n",
			s.Name, micro(middle(draw[i])), micro(middle(parse)), float64(middle(draw[i]))/float64(middle(parse)))
	}
	return nil
}

// The addresses that GitHub sends with every user and repository, which the
// samples leave out since nothing reads them:
// https://docs.github.com/en/webhooks/webhook-events-and-payloads#issues
var (
	userLinks = strings.Fields("avatar followers following gists starred subscriptions organizations repos events received_events")
	repoLinks = strings.Fields(`forks keys collaborators teams hooks issue_events events assignees branches tags blobs git_tags git_refs
		trees statuses languages stargazers contributors subscribers subscription commits git_commits comments issue_comment contents
		compare merges archive downloads issues pulls milestones notifications labels releases deployments git ssh clone svn`)
)

// asSent is the body of a sample with what GitHub sends besides.
func asSent(body []byte) ([]byte, error) {
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		return nil, err
	}
	fill(v)
	return json.MarshalIndent(v, "", "  ")
}

func fill(v any) {
	m, ok := v.(map[string]any)
	if !ok {
		if all, ok := v.([]any); ok {
			for _, x := range all {
				fill(x)
			}
		}
		return
	}
	for _, x := range m {
		fill(x)
	}
	var links []string
	base := "https://api.github.com/"
	if login, ok := m["login"].(string); ok {
		links, base = userLinks, base+"users/"+login
	} else if name, ok := m["full_name"].(string); ok {
		links, base = repoLinks, base+"repos/"+name
	}
	for _, l := range links {
		m[l+"_url"] = base + "/" + l
	}
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
