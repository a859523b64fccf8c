package sourcetest

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/source"
)

var update = flag.Bool("update", false, "rewrite the expected events in testdata")

// parse compares a sample's events with the expected ones.
func (s Suite) parse(t *testing.T, sample Sample) {
	t.Helper()
	src := s.make(t, testSecret)
	r := sample.Request()
	parsed, err := src.Parse(r)
	if err != nil {
		t.Fatalf("Parse: %v", err)
	}
	if !bytes.Equal(r.Body, sample.Body) {
		t.Error("Parse changed the body")
	}
	if !parsed.Ping && len(parsed.Events) == 0 {
		t.Error("neither a ping nor an event")
	}
	for i := range parsed.Events {
		Check(t, &parsed.Events[i])
		if parsed.Events[i].Raw != nil {
			t.Error("Raw is the relay's to fill")
		}
	}
	golden(t, sample.Name, parsed)
}

// golden compares v with <name>.event.json.
func golden(t *testing.T, name string, v any) {
	t.Helper()
	got, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	file := filepath.Join("testdata", name+".event.json")
	if *update {
		if err := os.WriteFile(file, got, 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v (go test -update writes it)", err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s: got\n%s\nwant\n%s", file, got, want)
	}
}

// Check tries what holds for every event of every source.
func Check(tb testing.TB, e *event.Event) {
	tb.Helper()
	if strings.TrimSpace(e.Title) == "" || !utf8.ValidString(e.Title) || strings.ContainsAny(e.Title, "\r\n") {
		tb.Errorf("title %q is not one line of text", e.Title)
	}
	if r := e.Recovery; r != "" && (r == e.Title || e.State != event.StateResolved || !utf8.ValidString(r) || strings.ContainsAny(r, "\r\n")) {
		tb.Errorf("recovery %q of an event titled %q that leaves its subject %q", r, e.Title, e.State)
	}
	if e.Type == "" {
		tb.Error("event without a type")
	}
	if !known(e.Severity) {
		tb.Errorf("severity %q", e.Severity)
	}
	for _, f := range e.Fields {
		if f.Name == "" || f.Value == "" || strings.ContainsAny(f.Value, "\r\n") {
			tb.Errorf("field %q has the value %q", f.Name, f.Value)
		}
	}
	for _, l := range e.Lists {
		for _, item := range l.Items {
			if item.Text == "" {
				tb.Errorf("list %q has an item without text", l.Name)
			}
		}
	}
}

// hollow are the words that a missing value leaves in a careless title.
var hollow = []string{"null", "<nil>", "N/A", "[object", "%!"}

func known(s event.Severity) bool {
	for _, v := range event.Severities {
		if s == v {
			return true
		}
	}
	return false
}

// tolerate nulls and removes every member of the body, one at a time.
func (s Suite) tolerate(t *testing.T, sample Sample) {
	t.Helper()
	src := s.make(t, testSecret)
	for _, v := range variants(t, sample.Body) {
		r := sample.Request()
		r.Body = v.body
		parsed, err := src.Parse(r)
		if err != nil {
			var refusal *source.Refusal
			if !errors.As(err, &refusal) {
				t.Errorf("%s: %v is not a refusal", v.name, err)
			}
			if v.deep {
				t.Errorf("%s: refused: %v", v.name, err)
			}
			continue
		}
		for i := range parsed.Events {
			Check(t, &parsed.Events[i])
			solid(t, v.name, sample, &parsed.Events[i])
		}
	}
}

type variant struct {
	name string
	body []byte
	deep bool // a member of a member, which can't say what kind of event it is
}

// variants are the body with one member nulled, removed or of another type.
// Bodies that are no JSON object have none.
func variants(t *testing.T, body []byte) []variant {
	t.Helper()
	var paths [][]string
	var root any
	if json.Unmarshal(body, &root) != nil {
		return nil
	}
	walk(root, nil, func(path []string) { paths = append(paths, append([]string(nil), path...)) })
	if len(paths) > 400 {
		paths = paths[:400]
	}
	var out []variant
	for _, path := range paths {
		for _, change := range []struct {
			name  string
			value any
			drop  bool
		}{{"null", nil, false}, {"removed", nil, true}, {"a string", "x", false}, {"an object", map[string]any{}, false}, {"a number", 7, false}} {
			var doc any
			if err := json.Unmarshal(body, &doc); err != nil {
				t.Fatal(err)
			}
			doc = alter(doc, path, change.value, change.drop)
			b, err := json.Marshal(doc)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, variant{strings.Join(path, ".") + " " + change.name, b, names(path) > 1})
		}
	}
	return out
}

func walk(v any, path []string, visit func([]string)) {
	switch v := v.(type) {
	case map[string]any:
		for k, inner := range v {
			p := append(path[:len(path):len(path)], k)
			visit(p)
			walk(inner, p, visit)
		}
	case []any:
		for i, inner := range v {
			p := append(path[:len(path):len(path)], strconv.Itoa(i))
			visit(p)
			walk(inner, p, visit)
		}
	}
}

// alter sets or drops the value at path.
func alter(v any, path []string, value any, drop bool) any {
	if len(path) == 0 {
		return value
	}
	switch v := v.(type) {
	case map[string]any:
		if len(path) == 1 && drop {
			delete(v, path[0])
			return v
		}
		v[path[0]] = alter(v[path[0]], path[1:], value, drop)
	case []any:
		i, err := strconv.Atoi(path[0])
		if err != nil {
			return v
		}
		if len(path) == 1 && drop {
			return append(v[:i:i], v[i+1:]...)
		}
		v[i] = alter(v[i], path[1:], value, drop)
	}
	return v
}

// names counts the elements of a path that are no index of a list.
func names(path []string) int {
	n := 0
	for _, p := range path {
		if _, err := strconv.Atoi(p); err != nil {
			n++
		}
	}
	return n
}
