package gcp

import (
	"os/exec"
	"strings"
	"testing"
)

// What is compiled in counts for every cold start.
func TestLinksNothingOfAmazon(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(out), "cloud.google.com/go/secretmanager/") {
		t.Fatal("the list has not even Secret Manager in it")
	}
	for path := range strings.Lines(string(out)) {
		for _, foreign := range []string{"github.com/aws/", "github.com/spf13/", "sigpost/pkg/inbox", "test\n"} {
			if strings.Contains(path, foreign) && strings.Contains(path, ".") {
				t.Errorf("links %s", path)
			}
		}
	}
}
