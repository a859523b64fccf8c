package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sigpost/sigpost/pkg/catalog"
	"github.com/sigpost/sigpost/pkg/config"
	"github.com/sigpost/sigpost/pkg/secret"
	"github.com/sigpost/sigpost/pkg/source"
)

func galleryOf(t *testing.T, args ...string) (page, said string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "new")
	var out, errOut bytes.Buffer
	if code := run(t.Context(), append(args, "render", "--all", "--out", dir), &out, &errOut); code != 0 {
		t.Fatalf("exit %d: %s", code, errOut.String())
	}
	text, err := os.ReadFile(filepath.Join(dir, "index.html"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text), out.String()
}

// The page without a configuration has every source and every sink that there
// is, and every sample that makes an event.
func TestGalleryHasAll(t *testing.T) {
	c, err := config.Parse("gallery.yaml", galleryConfig, secret.NewLocal(func(string) (string, bool) { return "", false }, nil))
	if err != nil {
		t.Fatal(err)
	}
	have := map[string]bool{}
	for _, s := range c.Sources {
		have["source "+s.Type] = true
	}
	for _, s := range c.Sinks {
		have["sink "+s.Type] = true
	}
	for _, s := range catalog.Sources {
		if !have["source "+s.Type] {
			t.Errorf("gallery.yaml has no source of type %s", s.Type)
		}
	}
	for _, s := range catalog.Sinks {
		if !have["sink "+s.Type] {
			t.Errorf("gallery.yaml has no sink of type %s", s.Type)
		}
	}
	t.Chdir(t.TempDir()) // no configuration here
	page, _ := galleryOf(t)
	for _, s := range c.Sources {
		for _, name := range source.Samples(s.Type) {
			req, err := source.Sample(s.Type, name)
			if err != nil {
				t.Fatal(err)
			}
			if events, err := eventsOf(s, req); err == nil && len(events) > 0 && !strings.Contains(page, `"name":"`+s.Type+" "+name+`"`) {
				t.Errorf("%s %s is not on the page", s.Type, name)
			}
		}
	}
	if again, _ := galleryOf(t); again != page {
		t.Error("the page differs from one time to the next")
	}
}

func TestGalleryOfAConfiguration(t *testing.T) {
	file := filepath.Join(t.TempDir(), "sigpost.yaml")
	err := os.WriteFile(file, []byte(`
sources: { certs: { type: certifyclouds, tokens: [secret://a] } }
sinks: { ops: { type: generic, url: secret://b, title: "</script><script>alert(1)</script> {{ .Type }}" } }
routes: [ { to: [ops] } ]
`), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	page, said := galleryOf(t, "--config", file)
	if strings.Count(page, "</script>") != 2 {
		t.Error("a text of a message ends the page's script")
	}
	if !strings.Contains(page, "alert(1)") || strings.Contains(page, `"name":"github`) || !strings.Contains(said, "messages of") {
		t.Errorf("the page is not of the configuration: %s", said)
	}
}

func TestGalleryArguments(t *testing.T) {
	for _, args := range [][]string{{"render", "--all"}, {"render", "github", "--out", "x"}, {"render", "github", "--all", "--out", "x"}, {"render"}} {
		var out, errOut bytes.Buffer
		if code := run(t.Context(), args, &out, &errOut); code == 0 || errOut.Len() == 0 {
			t.Errorf("%v: exit %d, %q", args, code, errOut.String())
		}
	}
}

// maxRenderAllocations is what drawing a GitHub issue may allocate, on any sink.
// The race detector makes about half as many again.
const maxRenderAllocations = 120 * (2 + raced) / 2

func TestRenderAllocations(t *testing.T) {
	c, err := config.Parse("gallery.yaml", galleryConfig, secret.NewLocal(func(string) (string, bool) { return "", false }, nil))
	if err != nil {
		t.Fatal(err)
	}
	src, err := findSource(c, "github")
	if err != nil {
		t.Fatal(err)
	}
	req, err := source.Sample("github", "issues.opened")
	if err != nil {
		t.Fatal(err)
	}
	events, err := eventsOf(src, req)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range c.Sinks {
		n := testing.AllocsPerRun(50, func() { s.Sink.Render(&events[0]) })
		t.Logf("%s: %.0f allocations", s.Name, n)
		if n > maxRenderAllocations {
			t.Errorf("%s: %.0f allocations, want at most %d", s.Name, n, maxRenderAllocations)
		}
	}
}
