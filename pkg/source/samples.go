package source

import (
	"bytes"
	"embed"
	"fmt"
	"io/fs"
	"net/http"
	"net/textproto"
	"path"
	"strings"
)

// The samples are the fixtures of the sources' own tests. A program that never
// calls Samples or Sample doesn't carry them.
//
//go:embed */testdata/*.body */testdata/*.headers
var samples embed.FS

// Samples lists the names of the sample requests of a source type, sorted.
func Samples(kind string) []string {
	files, err := fs.Glob(samples, kind+"/testdata/*.body")
	if err != nil {
		return nil
	}
	names := make([]string, 0, len(files))
	for _, f := range files {
		names = append(names, strings.TrimSuffix(path.Base(f), ".body"))
	}
	return names
}

// Sample is an unsigned sample request: its body and the headers that its
// sender gives it, less those that a Sealer makes.
func Sample(kind, name string) (*Request, error) {
	body, err := samples.ReadFile(path.Join(kind, "testdata", name+".body"))
	if err != nil {
		return nil, fmt.Errorf("%s has no sample %q: use one of %s", kind, name, strings.Join(Samples(kind), ", "))
	}
	headers, err := samples.ReadFile(path.Join(kind, "testdata", name+".headers"))
	if err != nil {
		headers = nil // a sender without headers of its own
	}
	return &Request{Header: readHeaders(headers), Body: body}, nil
}

func readHeaders(text []byte) http.Header {
	h := http.Header{}
	for line := range bytes.Lines(text) {
		if name, value, ok := strings.Cut(string(line), ":"); ok {
			h.Add(textproto.TrimString(name), textproto.TrimString(value))
		}
	}
	return h
}
