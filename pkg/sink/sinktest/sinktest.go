// Package sinktest is what every sink has to pass: golden files for the
// canonical events, and the promises of sink.Sink for those and hostile ones.
package sinktest

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"image/png"
	"io"
	"mime"
	"mime/multipart"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/event/eventtest"
	"github.com/sigpost/sigpost/pkg/sink"
)

var update = flag.Bool("update", false, "write the golden files")

// Suite is a sink under test.
type Suite struct {
	Sink sink.Sink
	// Dir is where the golden files are, e.g. "testdata/blocks".
	Dir string
	// Check says what the receiver would refuse about a body, and of a body with
	// files about the part payload_json. May be nil.
	Check func(body []byte) error
}

// Run tests the sink of s with all events of eventtest.
func Run(t *testing.T, s Suite) {
	t.Helper()
	canonical, hostile := eventtest.Canonical(), eventtest.Hostile()
	if *update {
		if err := os.MkdirAll(s.Dir, 0o755); err != nil { //nolint:gosec // test data
			t.Fatal(err)
		}
	}
	for _, c := range canonical {
		t.Run("golden/"+c.Name, func(t *testing.T) {
			Golden(t, filepath.Join(s.Dir, c.Name+".json"), payload(t, s.Sink.Render(&c.Event)))
		})
	}
	again := append(eventtest.Canonical(), eventtest.Hostile()...)
	for i, c := range append(canonical, hostile...) {
		t.Run("promises/"+c.Name, func(t *testing.T) { promises(t, s, &c.Event, &again[i].Event) })
	}
}

// promises checks what Sink.Render promises; twin is equal to e.
func promises(t *testing.T, s Suite, e, twin *event.Event) {
	t.Helper()
	m := s.Sink.Render(e)
	if !reflect.DeepEqual(e, twin) {
		t.Error("Render changed the event")
	}
	if again := s.Sink.Render(twin); !bytes.Equal(m.Body, again.Body) || m.ContentType != again.ContentType {
		t.Error("the same event gave two messages")
	}
	check(t, s, m)
	if r, ok := s.Sink.(sink.Reducer); ok {
		check(t, s, r.RenderReduced(e))
		if !reflect.DeepEqual(e, twin) {
			t.Error("RenderReduced changed the event")
		}
	}
}

func check(t *testing.T, s Suite, m sink.Message) {
	t.Helper()
	body := payload(t, m)
	if !utf8.Valid(body) {
		t.Error("body is not valid UTF-8")
	}
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		t.Fatalf("body is not JSON: %v", err)
	}
	shown(t, v)
	if s.Check == nil {
		return
	}
	if err := s.Check(body); err != nil {
		t.Errorf("receiver would refuse it: %v\n%.2000s", err, body)
	}
}

// payload is the message in a body: the part payload_json of one with files,
// each of which must be a picture.
func payload(t *testing.T, m sink.Message) []byte {
	t.Helper()
	kind, params, err := mime.ParseMediaType(m.ContentType)
	if err != nil || kind != "multipart/form-data" {
		if kind != "application/json" && kind != "application/cloudevents+json" {
			t.Errorf("content type is %q", m.ContentType)
		}
		return m.Body
	}
	var body []byte
	for r := multipart.NewReader(bytes.NewReader(m.Body), params["boundary"]); ; {
		p, err := r.NextPart()
		if errors.Is(err, io.EOF) {
			return body
		}
		if err != nil {
			t.Fatalf("body is not what its content type says: %v", err)
		}
		data, err := io.ReadAll(p)
		if err != nil {
			t.Fatal(err)
		}
		if p.FormName() == "payload_json" {
			body = data
		} else if _, err := png.Decode(bytes.NewReader(data)); err != nil {
			t.Errorf("file %s: %v", p.FileName(), err)
		}
	}
}

// shown fails for texts that are a program's word for nothing.
func shown(t *testing.T, v any) {
	t.Helper()
	switch v := v.(type) {
	case map[string]any:
		for _, x := range v {
			shown(t, x)
		}
	case []any:
		for _, x := range v {
			shown(t, x)
		}
	case string:
		for _, word := range []string{"<nil>", "&lt;nil&gt;", "[object Object]", "0001-01-01"} {
			if strings.Contains(v, word) {
				t.Errorf("message shows %q: %.200q", word, v)
			}
		}
		if v == "null" || v == "N/A" {
			t.Errorf("message shows %q", v)
		}
	}
}

// Golden holds a body of JSON against a file, which -update writes.
func Golden(t *testing.T, path string, body []byte) {
	t.Helper()
	var b bytes.Buffer
	if err := json.Indent(&b, body, "", "  "); err != nil {
		t.Fatalf("body is not JSON: %v", err)
	}
	b.WriteByte('\n')
	if *update {
		if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil { //nolint:gosec // test data
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (run the test with -update to write it)", err)
	}
	if !bytes.Equal(b.Bytes(), want) {
		t.Errorf("%s differs (see with -update and git diff); got:\n%s", path, b.Bytes())
	}
}
