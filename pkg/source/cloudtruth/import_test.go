package cloudtruth

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/sigpost/sigpost/pkg/problem"
)

// documents are subscriptions, good and bad; <name>.out is what each becomes.
func documents(tb testing.TB) map[string][]byte {
	tb.Helper()
	files, err := filepath.Glob("testdata/import/*.json")
	if err != nil || len(files) == 0 {
		tb.Fatal("no testdata/import/*.json", err)
	}
	all := map[string][]byte{}
	for _, file := range files {
		if all[file], err = os.ReadFile(file); err != nil {
			tb.Fatal(err)
		}
	}
	return all
}

func TestImport(t *testing.T) {
	for file, data := range documents(t) {
		got, err := Import(filepath.Base(file), data)
		if err == nil {
			checkImport(t, file, string(got))
		} else {
			for _, p := range problem.All(err) {
				got = append(got, p.Error()+"\n"...)
			}
		}
		if strings.Contains(string(got), secretWord) {
			t.Errorf("%s: a token comes out:\n%s", file, got)
		}
		golden := strings.TrimSuffix(file, ".json") + ".out"
		if flag.Lookup("update").Value.String() == "true" {
			if err := os.WriteFile(golden, got, 0o600); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if want, err := os.ReadFile(golden); err != nil || string(want) != string(got) {
			t.Errorf("%s: %v, got\n%s", golden, err, got)
		}
	}
}

// secretWord is in every token of the documents.
const secretWord = "hidden-word"

// checkImport reads a configuration back.
func checkImport(t *testing.T, file, out string) {
	t.Helper()
	var v struct {
		Sources map[string]struct{ Type string }
		Sinks   map[string]struct{ Type, URL string }
		Routes  []struct{ From, Events, To []string }
	}
	if err := yaml.Unmarshal([]byte(out), &v); err != nil {
		t.Fatalf("%s: %v\n%s", file, err, out)
	}
	if len(v.Sources) != 1 || len(v.Sinks) != len(v.Routes) || len(v.Routes) == 0 {
		t.Errorf("%s: %+v", file, v)
	}
	for _, r := range v.Routes {
		if len(r.Events) == 0 || len(r.To) != 1 || v.Sinks[r.To[0]].Type != "slack" {
			t.Errorf("%s: route %+v", file, r)
		}
	}
}

func FuzzImport(f *testing.F) {
	for _, data := range documents(f) {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		out, err := Import("x.json", data)
		if err == nil {
			checkImport(t, "x.json", string(out))
			return
		}
		var p *problem.Problem
		if !errors.As(err, &p) || out != nil {
			t.Fatalf("%v is no problem", err)
		}
	})
}
