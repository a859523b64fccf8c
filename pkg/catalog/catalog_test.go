package catalog

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sigpost/sigpost/pkg/source"
)

func TestTablesMatchTheFolders(t *testing.T) {
	var sources, sinks []string
	for _, s := range Sources {
		sources = append(sources, s.Type)
		polled := s.NewPoller != nil
		if s.Product == "" || polled != (s.New == nil) || polled != (s.Wait <= 0) {
			t.Errorf("source %s has an empty column, or one too many", s.Type)
		}
		if len(source.Samples(s.Type)) == 0 {
			t.Errorf("source %s has no samples", s.Type)
		}
	}
	for _, s := range Sinks {
		sinks = append(sinks, s.Type)
		if s.Product == "" || s.New == nil {
			t.Errorf("sink %s has an empty column", s.Type)
		}
	}
	for dir, types := range map[string][]string{"../source": sources, "../sink": sinks} {
		if want := folders(t, dir); !slices.Equal(types, want) {
			t.Errorf("the table has %v, %s has %v", types, dir, want)
		}
	}
}

func folders(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		files, err := filepath.Glob(filepath.Join(dir, e.Name(), "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		if e.IsDir() && len(files) > 0 && !strings.HasSuffix(e.Name(), "test") {
			names = append(names, e.Name())
		}
	}
	return names
}

func TestReadmeHasARowForEach(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("no README.md yet")
	}
	if err != nil {
		t.Fatal(err)
	}
	var rows []string
	for line := range strings.Lines(string(readme)) {
		if strings.HasPrefix(strings.TrimSpace(line), "|") {
			rows = append(rows, line)
		}
	}
	has := func(kind string) bool {
		return slices.ContainsFunc(rows, func(row string) bool { return strings.Contains(row, "`"+kind+"`") })
	}
	for _, s := range Sources {
		if !has(s.Type) {
			t.Errorf("README.md has no row for the source `%s`", s.Type)
		}
	}
	for _, s := range Sinks {
		if !has(s.Type) {
			t.Errorf("README.md has no row for the sink `%s`", s.Type)
		}
	}
}

// built makes a source of either kind and tells whether there is one.
func built(s Source, decode func(any) error) (bool, error) {
	if s.NewPoller != nil {
		p, err := s.NewPoller(decode)
		return p != nil, err
	}
	v, err := s.New(decode)
	return v != nil, err
}

func TestConstructorsPassOnWhatDecodeSays(t *testing.T) {
	want := errors.New("unreadable")
	decode := func(any) error { return want }
	for _, s := range Sources {
		if got, err := built(s, decode); got || !errors.Is(err, want) {
			t.Errorf("%s: %v, %v", s.Type, got, err)
		}
	}
	for _, s := range Sinks {
		if got, err := s.New(decode); got != nil || !errors.Is(err, want) {
			t.Errorf("%s: %v, %v", s.Type, got, err)
		}
	}
}

func TestConstructorsFailClosed(t *testing.T) {
	empty := func(any) error { return nil }
	for _, s := range Sources {
		if got, err := built(s, empty); err == nil || got {
			t.Errorf("%s was built without a secret", s.Type)
		}
	}
	for _, s := range Sinks {
		if got, err := s.New(empty); err == nil || got != nil {
			t.Errorf("%s was built without an address", s.Type)
		}
	}
}
