package secret

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sigpost/sigpost/pkg/problem"
)

func lookup(vars map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		v, ok := vars[name]
		return v, ok
	}
}

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestLocalFinds(t *testing.T) {
	store := NewLocal(
		lookup(map[string]string{"A": "a", "SIGPOST_SECRET_HOOK": "env", "SIGPOST_SECRET_J": `{"k":"v","n":1}`}),
		map[string]string{"SIGPOST_SECRET_HOOK": "file", "SIGPOST_SECRET_SLACK_OPS": "slack", "plain-name": "plain"},
	)
	for text, want := range map[string]string{
		"env://A": "a", "secret://hook": "env", "secret://slack-ops": "slack", "secret://plain-name": "plain",
		"secret://j?key=k": "v", "secret://hook?version=7": "env",
		"file://" + write(t, "line\n"): "line", "file://" + write(t, "line\r\n"): "line",
		"file://" + write(t, " two\n\n"): " two\n", "file://" + write(t, strings.Repeat("x", maxFileBytes)): strings.Repeat("x", maxFileBytes),
	} {
		ref, err := ParseRef(text)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := store.Get(t.Context(), ref); err != nil || got.Reveal() != want {
			t.Errorf("%s: %v (value right: %v)", text, err, got.Reveal() == want)
		}
	}
}

func TestLocalSaysHowToMendWhatIsMissing(t *testing.T) {
	store := NewLocal(lookup(map[string]string{
		"SIGPOST_SECRET_J": `{"k":"hunter2","n":1,"z":null}`, "SIGPOST_SECRET_T": "hunter2",
	}), nil)
	for text, c := range map[string]struct {
		want    string
		missing bool
	}{
		"secret://github-webhook": {"set SIGPOST_SECRET_GITHUB_WEBHOOK or add it to the file given with --secrets", true},
		"env://NOPE":              {"set the environment variable NOPE", true},
		"file:///nowhere/at/all":  {"create the file", true},
		"secret://j?key=x":        {"no field of that name", true},
		"secret://j?key=n":        {"is not a string", false},
		"secret://j?key=z":        {"is not a string", false},
		"secret://t?key=k":        {"is not a JSON object", false},
		"file://" + write(t, strings.Repeat("hunter2", maxFileBytes)): {"larger than 64 KiB", false},
	} {
		ref, err := ParseRef(text)
		if err != nil {
			t.Fatal(err)
		}
		_, err = store.Get(t.Context(), ref)
		if err == nil || !strings.Contains(err.Error(), c.want) || errors.Is(err, ErrNotFound) != c.missing {
			t.Errorf("%s: %v, want %q", text, err, c.want)
		} else if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: the error repeats a value", text)
		}
	}
}

func TestReadDotenv(t *testing.T) {
	path := write(t, "\ufeff# comment\r\n\nA=a\nexport B = b b # c\nC='x # \"y\\n'\nD=\"l1\\nl2 \\\"q\\\" \\$\\\\\" # c\nE=\nF=a#b=c\nG=last")
	got, err := ReadDotenv(path)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"A": "a", "B": "b b", "C": `x # "y\n`, "D": "l1\nl2 \"q\" $\\", "E": "", "F": "a#b=c", "G": "last"}
	for k, v := range want {
		if got[k] != v {
			t.Errorf("%s: %q, want %q", k, got[k], v)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d names, want %d", len(got), len(want))
	}
}

func TestReadDotenvRefusesWithoutRepeating(t *testing.T) {
	path := write(t, "hunter2\nA='hunter2\nB=\"hunter2\nC=\"hunter2\" hunter2\nD=\"hunter2\\q\"\nhun ter2=1\nE=1\nE=hunter2\n=hunter2\n")
	_, err := ReadDotenv(path)
	ps := problem.All(err)
	if len(ps) != 8 {
		t.Fatalf("%d problems, want 8: %v", len(ps), err)
	}
	if strings.Contains(err.Error(), "hunter2") {
		t.Errorf("the error repeats a value: %v", err)
	}
	if ps[6].Line != 8 || ps[6].File != path {
		t.Errorf("problem at %s:%d", ps[6].File, ps[6].Line)
	}
	if _, err := ReadDotenv(write(t, strings.Repeat("#", maxDotenvBytes+1))); err == nil {
		t.Error("a file of more than 1 MiB was read")
	}
	if _, err := ReadDotenv("/nowhere/at/all"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v", err)
	}
}
