package main

import (
	"cmp"
	"context"
	"os"
	"path/filepath"

	"github.com/sigpost/sigpost/pkg/config"
)

const (
	// defaultArch is cheaper on Lambda, and what Terraform deploys.
	defaultArch = "arm64"
	// awsBinary is the name that Lambda's OS-only runtimes start.
	// https://docs.aws.amazon.com/lambda/latest/dg/golang-package.html
	awsBinary = "bootstrap"
)

// awsArch is the processor to compile for.
func awsArch(env func(string) string) string {
	return cmp.Or(env("GOARCH"), defaultArch)
}

// aws is the archive for Lambda: the binary and the configuration beside it.
func (b *builder) aws(ctx context.Context) (archive, error) {
	arch := awsArch(os.Getenv)
	dir, err := os.MkdirTemp("", "sigpost-build-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	path := filepath.Join(dir, awsBinary)
	b.say("compiling functions/aws for linux/%s", arch)
	if _, err := b.golang(ctx, b.root, arch, "build", "-trimpath", "-buildvcs=false", "-tags", "lambda.norpc",
		"-ldflags", "-s -w", "-o", path, "./functions/aws"); err != nil {
		return nil, err
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	a := archive{awsBinary: {executable, data}}
	if b.config != nil {
		a[config.FileName] = file{plain, b.config}
	}
	return a, nil
}
