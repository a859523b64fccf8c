package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// googleMain is what Google's builder adds to the sources, shortened. Here it
// only has to compile.
const (
	googleMainDir = "functions.local/app"
	googleMain    = `package main

import (
	"log"

	"github.com/GoogleCloudPlatform/functions-framework-go/funcframework"

	_ "github.com/sigpost/sigpost"
)

func main() { log.Fatal(funcframework.Start("8080")) }
`
)

// tryGoogle compiles an archive as Google's builder will, away from the
// repository, so that what is missing shows here and not minutes into a
// deployment.
func (b *builder) tryGoogle(ctx context.Context, a archive) (err error) {
	dir, err := os.MkdirTemp("", "sigpost-build-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := a.extract(dir); err != nil {
		return err
	}
	if err := (archive{googleMainDir + "/main.go": {plain, []byte(googleMain)}}).extract(dir); err != nil {
		return err
	}
	b.say("compiling the sources as Google's builder will")
	path := filepath.Join(dir, "main")
	if _, err := b.golang(ctx, dir, gcpArch, "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w", "-o", path, "./"+googleMainDir); err != nil {
		return fmt.Errorf("the sources don't compile by themselves: %w", err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	b.say("they make a binary of %s", size(info.Size()))
	return nil
}
