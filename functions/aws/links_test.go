package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestLinksOneCloud keeps each cloud's function free of the other's clients.
func TestLinksOneCloud(t *testing.T) {
	for _, c := range []struct{ pkg, own, other string }{
		{"github.com/sigpost/sigpost/functions/aws", "github.com/aws/", "google"},
		{"github.com/sigpost/sigpost/functions/gcp", "google", "github.com/aws/"},
	} {
		if _, err := os.Stat(filepath.Join("..", filepath.Base(c.pkg))); err != nil {
			t.Logf("%s is not there yet, so it is not looked at", c.pkg)
			continue
		}
		out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "-tags", "lambda.norpc", c.pkg).CombinedOutput() //nolint:gosec // two constants
		if err != nil {
			t.Errorf("go list %s: %v\n%s", c.pkg, err, out)
			continue
		}
		own := false
		for pkg := range strings.Lines(strings.ToLower(string(out))) {
			own = own || strings.Contains(pkg, c.own)
			if strings.Contains(pkg, c.other) {
				t.Errorf("%s links %s", c.pkg, strings.TrimSpace(pkg))
			}
		}
		if !own {
			t.Errorf("%s links nothing with %q: is this test still right?", c.pkg, c.own)
		}
	}
}
