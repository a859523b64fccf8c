package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// googleMain is the program that Google's builder makes of the function.
const googleMain = `package main

import (
	"log"

	"github.com/GoogleCloudPlatform/functions-framework-go/funcframework"
	_ "github.com/sigpost/sigpost/functions/gcp"
)

func main() { log.Fatal(funcframework.Start("8080")) }
`

// google measures the size of the function for Google Cloud: its zip, and the
// binary that Google makes of it.
func (b *bench) google() error {
	config, main := filepath.Join(b.dir, "google.yaml"), filepath.Join(b.dir, "main.go")
	for file, text := range map[string]string{config: lambdaConfig, main: googleMain} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			return err
		}
	}
	pack := exec.CommandContext(b.ctx, "scripts/build", "--only", "gcp", "--config", config, "--out", b.dir) //nolint:gosec // files of our own
	if out, err := pack.CombinedOutput(); err != nil {
		return fmt.Errorf("scripts/build: %w\n%s", err, out)
	}
	file := filepath.Join(b.dir, "google")
	build := exec.CommandContext(b.ctx, "go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w", "-o", file, main) //nolint:gosec // files of our own
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=amd64")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w\n%s", err, out)
	}
	zipped, err := os.Stat(filepath.Join(b.dir, "gcp.zip"))
	if err != nil {
		return err
	}
	binary, err := os.Stat(file)
	if err != nil {
		return err
	}
	fmt.Fprintf(b.out, "Google Cloud, amd64        %.1f MB zip of sources, %.1f MB binary\n", float64(zipped.Size())/megabyte, float64(binary.Size())/megabyte)
	return nil
}
