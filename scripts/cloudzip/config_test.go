package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sigpost/sigpost/pkg/problem"
)

// hidden is a secret that may be shown nowhere.
const hidden = "hidden-word"

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestBadConfiguration(t *testing.T) {
	config := write(t, "bad.yaml", "sources:\n  github: { type: github, secrets: ["+hidden+"] }\nsinks:\n  ops: { type: slack, uri: x }\nroutes:\n  - { to: [nobody] }\n")
	dir := t.TempDir()
	r, err := build(dir, "--root", "../..", "--config", config)
	if err == nil {
		t.Fatal("it was built")
	}
	var text strings.Builder
	for _, p := range problem.All(err) {
		text.WriteString(p.Error() + "\n")
	}
	for _, want := range []string{config + ":2: sources.github.secrets", config + ":4: sinks.ops.uri", config + ":6: routes[0].to[0]"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("%s is not named:\n%s", want, text.String())
		}
	}
	if strings.Contains(text.String()+r.printed+r.said, hidden) {
		t.Error("a secret that was pasted is shown")
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("%v was written", left)
	}
}

func TestConfigurationThatIsNotThere(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing.yaml")
	if _, err := build(t.TempDir(), "--config", missing); err == nil || !strings.Contains(err.Error(), missing) {
		t.Error(err)
	}
	t.Setenv("SIGPOST_CONFIG", missing)
	if _, err := build(t.TempDir()); err == nil || !strings.Contains(err.Error(), missing) || !strings.Contains(err.Error(), "SIGPOST_CONFIG") {
		t.Error(err)
	}
}

// Terraform is told by a label which configuration is in a zip. A build without
// one takes the label of the build before away.
func TestLabel(t *testing.T) {
	for _, name := range []string{"aws.zip", "gcp.zip"} {
		_, texts := unzip(t, filepath.Join(shared(t).dir, name))
		sum := sha256.Sum256([]byte(texts["sigpost.yaml"]))
		if got := read(t, filepath.Join(shared(t).dir, name+".config.sha256")); got != hex.EncodeToString(sum[:])+"\n" {
			t.Errorf("%s is labelled %q, want the sum of its sigpost.yaml, %x", name, got, sum)
		}
	}
	zip := filepath.Join(t.TempDir(), "gcp.zip")
	for _, config := range []string{goodConfig, ""} {
		if err := (&builder{config: []byte(config)}).label(zip); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := read(t, zip+".config.sha256"), fmt.Sprintf("%x\n", sha256.Sum256(nil)); got != want {
		t.Errorf("without a configuration it is labelled %q, want %q", got, want)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// Without a configuration there is a zip all the same, whose functions say so.
func TestNoConfiguration(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	r, err := build(t.TempDir(), "--root", root, "--only", "gcp")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(r.said, "no configuration") || !strings.Contains(r.said, "scripts/build --config FILE") {
		t.Errorf("it said\n%s", r.said)
	}
	_, texts := unzip(t, filepath.Join(r.dir, "gcp.zip"))
	if _, ok := texts["sigpost.yaml"]; ok || strings.Contains(texts["sigpost.go"], "embed") {
		t.Error("there is a configuration")
	}
	onePackageAtRoot(t, texts)
	if _, err := os.Stat(filepath.Join(r.dir, "aws.zip")); err == nil {
		t.Error("--only gcp made a zip for AWS too")
	}
}

func TestArguments(t *testing.T) {
	for _, args := range [][]string{{"--only", "azure"}, {"prod.yaml"}, {"--confg", "x"}} {
		if _, err := build(t.TempDir(), args...); err == nil {
			t.Errorf("%v was taken", args)
		}
	}
}

func TestProcessor(t *testing.T) {
	for set, want := range map[string]string{"": "arm64", "amd64": "amd64", "arm64": "arm64"} {
		if got := awsArch(func(string) string { return set }); got != want {
			t.Errorf("GOARCH=%s: %s, want %s", set, got, want)
		}
	}
}

func TestSizes(t *testing.T) {
	for n, want := range map[int64]string{0: "0 KB", 1: "1 KB", 1024: "1 KB", 1<<20 - 1: "1024 KB", 1 << 20: "1.0 MB", 3500000: "3.3 MB"} {
		if got := size(n); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
}

func TestTerraformIsToldOfTheSameConfiguration(t *testing.T) {
	if got := configVariable(""); got != "" {
		t.Errorf("without a configuration: %q", got)
	}
	dir := filepath.Join(t.TempDir(), "ann's folder")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	out, err := exec.CommandContext(t.Context(), "sh", "-c", "printf %s,"+configVariable("sigpost.yaml")).Output() //nolint:gosec // a constant
	if err != nil {
		t.Fatal(err)
	}
	if want := "-var,config_file=" + filepath.Join(dir, "sigpost.yaml") + ","; string(out) != want {
		t.Errorf("the shell makes %q of it, want %q", out, want)
	}
}
