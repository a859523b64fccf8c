package gcp

import (
	"os/exec"
	"strings"
	"testing"
)

// What is compiled in counts at every cold start.
func TestLinksOnlyWhatAFunctionNeeds(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(out), "cloud.google.com/go/secretmanager/") {
		t.Fatal("the list has not even Secret Manager in it")
	}
	for path := range strings.Lines(string(out)) {
		path = strings.TrimSpace(path)
		for _, foreign := range []string{"github.com/aws/", "github.com/spf13/", "sigpost/pkg/inbox", "sigpost/functions/gcp/"} {
			if strings.Contains(path, foreign) {
				t.Errorf("links %s", path)
			}
		}
		if strings.Contains(path, "/sigpost/") && strings.HasSuffix(path, "test") || path == "testing" {
			t.Errorf("links %s, which is for tests", path)
		}
	}
}
