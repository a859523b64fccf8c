package main

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"debug/elf"
	"encoding/hex"
	"errors"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
)

const goodConfig = "sources:\r\n  github: { type: github, secrets: [secret://github-webhook] }\r\n" +
	"sinks:\n  ops: { type: slack, url: secret://slack-ops }\nroutes:\n  - { to: [ops] }\n"

// built is the output of one build of both clouds, which the tests share.
var built = sync.OnceValues(func() (result, error) {
	dir, err := os.MkdirTemp("", "cloudzip-test-")
	if err != nil {
		return result{}, err
	}
	config := filepath.Join(dir, "prod.yaml")
	if err := os.WriteFile(config, []byte(goodConfig), 0o600); err != nil {
		return result{}, err
	}
	return build(filepath.Join(dir, "dist"), "--root", "../..", "--config", config)
})

type result struct {
	dir           string
	printed, said string
}

func build(dir string, args ...string) (result, error) {
	var out, errOut bytes.Buffer
	err := run(context.Background(), append(args, "--out", dir), &out, &errOut)
	return result{dir, out.String(), errOut.String()}, err
}

func TestMain(m *testing.M) {
	// So that the compiler's cache serves the tests of the functions too.
	_ = os.Setenv("GOARCH", runtime.GOARCH)
	_ = os.Unsetenv("SIGPOST_CONFIG")
	code := m.Run()
	if r, err := built(); err == nil {
		_ = os.RemoveAll(filepath.Dir(r.dir))
	}
	os.Exit(code)
}

func shared(t *testing.T) result {
	t.Helper()
	r, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// unzip is the files of a zip and their contents.
func unzip(t *testing.T, path string) (map[string]*zip.File, map[string]string) {
	t.Helper()
	z, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = z.Close() })
	files, texts := map[string]*zip.File{}, map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		files[f.Name], texts[f.Name] = f, string(data)
	}
	return files, texts
}

// maxZip is the most that the zip for AWS may have, in bytes. What is shipped is
// for arm64, 5 MB; the same program for amd64 is a tenth larger and stands in for
// it on a machine of that kind. scripts/bench builds and shows arm64's.
var maxZip = map[string]uint64{"arm64": 5_000_000, "amd64": 5_550_000}

func TestZipForAWS(t *testing.T) {
	files, texts := unzip(t, filepath.Join(shared(t).dir, "aws.zip"))
	if len(files) != 2 || texts["sigpost.yaml"] != goodConfig || files["bootstrap"] == nil {
		t.Fatalf("it holds %d files", len(files))
	}
	if m := files["bootstrap"].Mode(); m != 0o755 {
		t.Errorf("bootstrap has the mode %v", m)
	}
	if m := files["sigpost.yaml"].Mode(); m != 0o644 {
		t.Errorf("sigpost.yaml has the mode %v", m)
	}
	binary, err := elf.NewFile(strings.NewReader(texts["bootstrap"]))
	if err != nil {
		t.Fatal(err)
	}
	if want := map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64}[runtime.GOARCH]; binary.Machine != want {
		t.Errorf("bootstrap is for %v, want %v", binary.Machine, want)
	}
	if libs, err := binary.ImportedLibraries(); err != nil || len(libs) > 0 || binary.Section(".symtab") != nil {
		t.Errorf("bootstrap needs %v, %v, or has symbols", libs, err)
	}
	if n := files["bootstrap"].CompressedSize64; n > maxZip[runtime.GOARCH] {
		t.Errorf("%d bytes, more than %d", n, maxZip[runtime.GOARCH])
	}
	nothingStrange(t, files, texts)
}

// nothingStrange wants no trace of this machine, and fixed times.
func nothingStrange(t *testing.T, files map[string]*zip.File, texts map[string]string) {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	names := make([]string, 0, len(files))
	for name, f := range files {
		names = append(names, name)
		if !f.Modified.Equal(epoch) {
			t.Errorf("%s is of %v", name, f.Modified)
		}
		if strings.Contains(texts[name], root+"/") {
			t.Errorf("%s knows where it was built", name)
		}
	}
	for _, name := range names {
		if !fs.ValidPath(name) {
			t.Errorf("%q is no path", name)
		}
	}
}

func TestZipForGoogleCloud(t *testing.T) {
	files, texts := unzip(t, filepath.Join(shared(t).dir, "gcp.zip"))
	for _, name := range []string{"go.mod", "go.sum", "sigpost.go", "functions/gcp/gcp.go", "pkg/relay/relay.go"} {
		if files[name] == nil {
			t.Errorf("%s is missing", name)
		}
	}
	if texts["sigpost.yaml"] != goodConfig {
		t.Errorf("sigpost.yaml is %q", texts["sigpost.yaml"])
	}
	for name, f := range files {
		for _, unwanted := range []string{"_test.go", "testdata/", "functions/aws/", "functions/local/", "gcptest/", "scripts/", "vendor/", "pkg/inbox/", "samples.go"} {
			if strings.Contains(name, unwanted) {
				t.Errorf("%s is in it", name)
			}
		}
		if f.Mode() != 0o644 {
			t.Errorf("%s has the mode %v", name, f.Mode())
		}
	}
	if !strings.Contains(shared(t).said, "compiling the sources as Google's builder will") {
		t.Error("the sources were not tried")
	}
	nothingStrange(t, files, texts)
	onePackageAtRoot(t, texts)
}

// onePackageAtRoot reads the root as Google's builder does, which takes every
// Go file there, whatever its name and build tags say.
func onePackageAtRoot(t *testing.T, texts map[string]string) {
	t.Helper()
	packages := map[string]bool{}
	var imports []string
	for name, text := range texts {
		if strings.Contains(name, "/") || filepath.Ext(name) != ".go" {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, text, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		packages[f.Name.Name] = true
		for _, i := range f.Imports {
			imports = append(imports, i.Path.Value)
		}
	}
	if len(packages) != 1 || packages["main"] {
		t.Errorf("at the root are the packages %v, want one and not main", packages)
	}
	if !slices.Contains(imports, `"github.com/GoogleCloudPlatform/functions-framework-go/functions"`) {
		t.Errorf("the root imports %v: the builder will not look for registered functions", imports)
	}
	module, _, _ := strings.Cut(strings.TrimPrefix(texts["go.mod"], "module "), "/")
	if !strings.Contains(module, ".") {
		t.Errorf("the module's path begins with %q, without a dot", module)
	}
}

func TestTable(t *testing.T) {
	r := shared(t)
	for _, name := range []string{"aws.zip", "gcp.zip"} {
		data, err := os.ReadFile(filepath.Join(r.dir, name))
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(data)
		if !strings.Contains(r.printed, filepath.Join(r.dir, name)+"  ") || !strings.Contains(r.printed, hex.EncodeToString(sum[:])) {
			t.Errorf("%s or its sum is not in\n%s", name, r.printed)
		}
	}
	if entries, err := os.ReadDir(r.dir); err != nil || len(entries) != 4 { // each with its label
		t.Errorf("%d files were left, %v", len(entries), err)
	}
}

// TestReproducible builds again: elsewhere, through a symbolic link, as another
// kind of user, with settings that would change a binary.
func TestReproducible(t *testing.T) {
	first := shared(t)
	dir := t.TempDir()
	copied := filepath.Join(dir, "a copy", "of it")
	for _, part := range []string{"functions", "pkg"} {
		if err := os.CopyFS(filepath.Join(copied, part), os.DirFS(filepath.Join("../..", part))); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"go.mod", "go.sum"} {
		data, err := os.ReadFile(filepath.Join("../..", name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(copied, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink(copied, link); err != nil {
		t.Fatal(err)
	}
	defer syscall.Umask(syscall.Umask(0o077))
	for k, v := range map[string]string{
		"TZ": "Pacific/Kiritimati", "LANG": "tr_TR.UTF-8", "GOFLAGS": "-tags=other", "GOAMD64": "v3", "GOARM64": "v9.0",
		"CGO_ENABLED": "1", "GOEXPERIMENT": "jsonv2", "GOOS": "darwin",
	} {
		t.Setenv(k, v)
	}
	config := write(t, "other-name.yaml", goodConfig)
	second, err := build(filepath.Join(dir, "out"), "--root", link, "--config", config)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"aws.zip", "aws.zip.config.sha256", "gcp.zip", "gcp.zip.config.sha256"} {
		a, errA := os.ReadFile(filepath.Join(first.dir, name))
		b, errB := os.ReadFile(filepath.Join(second.dir, name))
		if err := errors.Join(errA, errB); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(a, b) {
			t.Errorf("%s differs: %d and %d bytes", name, len(a), len(b))
		}
		info, err := os.Stat(filepath.Join(second.dir, name))
		if err != nil || info.Mode().Perm() != 0o644 {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
}

// What the sources lack shows before anything is uploaded.
func TestSourcesThatDontCompile(t *testing.T) {
	env, err := goEnvironment(t.Context(), "../..")
	if err != nil {
		t.Fatal(err)
	}
	b := &builder{root: "../..", env: env, progress: io.Discard}
	err = b.tryGoogle(t.Context(), archive{
		"go.mod":     {plain, []byte("module github.com/sigpost/sigpost\n\ngo 1.26.0\n")},
		"sigpost.go": {plain, []byte("package sigpost\n\nimport _ \"github.com/sigpost/sigpost/pkg/nowhere\"\n")},
	})
	if err == nil || !strings.Contains(err.Error(), "pkg/nowhere") {
		t.Error(err)
	}
}
