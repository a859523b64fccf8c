package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sigpost/sigpost/pkg/problem"
	"github.com/sigpost/sigpost/pkg/secret"
)

const good = `sources:
  github: { type: github, secrets: [secret://github-webhook, secret://github-webhook-old], max_body: 6MB }
  terraform:
    type: scalr
    secrets: [secret://scalr-signing-key]
    tolerance: 300s
sinks:
  platform: { type: teams, url: secret://teams-platform }
  archive: { type: generic, url: "https://example.com/hooks", headers: { Authorization: secret://archive-auth } }
routes:
  - { to: [platform] }
  - { from: [github], events: ["issues.*"], severity: [error, warning], to: [archive] }
`

func local(vars map[string]string) secret.Store {
	return secret.NewLocal(func(name string) (string, bool) {
		v, ok := vars[name]
		return v, ok
	}, nil)
}

func TestParse(t *testing.T) {
	c, err := Parse("sigpost.yaml", []byte(good), local(nil))
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Sources) != 2 || c.Sources[0].Name != "github" || c.Sources[0].MaxBody != 6<<20 ||
		c.Sources[1].Type != "scalr" || c.Sources[1].MaxBody != MaxBodyBytes || c.Sources[1].Source == nil {
		t.Errorf("sources: %+v", c.Sources)
	}
	if len(c.Sinks) != 2 || c.Sinks[0].Name != "platform" || c.Sinks[1].Sink == nil {
		t.Errorf("sinks: %+v", c.Sinks)
	}
	if len(c.Routes) != 2 || c.Routes[1].Severity[1] != "warning" || c.Routes[1].Events[0] != "issues.*" {
		t.Errorf("routes: %+v", c.Routes)
	}
}

func TestResolveReportsEverySecretByLine(t *testing.T) {
	c, err := Parse("sigpost.yaml", []byte(good), local(map[string]string{
		"SIGPOST_SECRET_GITHUB_WEBHOOK": "hunter2", "SIGPOST_SECRET_TEAMS_PLATFORM": "", "SIGPOST_SECRET_ARCHIVE_AUTH": "hunter2",
	}))
	if err != nil {
		t.Fatal(err)
	}
	err = c.Resolve(t.Context())
	want := `sigpost.yaml:2: sources.github.secrets[1]: secret://github-webhook-old not found: set SIGPOST_SECRET_GITHUB_WEBHOOK_OLD or add it to the file given with --secrets
sigpost.yaml:5: sources.terraform.secrets[0]: secret://scalr-signing-key not found: set SIGPOST_SECRET_SCALR_SIGNING_KEY or add it to the file given with --secrets
sigpost.yaml:8: sinks.platform.url: secret://teams-platform is empty`
	if fmt.Sprint(err) != want {
		t.Errorf("got:\n%v\nwant:\n%s", err, want)
	}
}

// Each case replaces a part of the good file; want is the beginning of its only
// problem, or of all, one a line.
func TestProblems(t *testing.T) {
	for _, c := range []struct{ old, new, want string }{
		{"routes:", "route:", "f:10: route: is not known: did you mean routes?\nf: routes: is missing"},
		{"tolerance", "tolerence", "f:6: sources.terraform.tolerence: is not known: did you mean tolerance?"},
		{"sinks:", "sink:", "f:7: sink: is not known: did you mean sinks?\nf: sinks: is missing"},
		{"type: scalr", "kind: scalr", "f:3: sources.terraform.type: is missing"},
		{"type: scalr", "type: github2", "f:4: sources.terraform.type: is no type of source that is known: there is "},
		{"300s", "[1]", "f:6: sources.terraform.tolerance: must be a duration"},
		{"300s", "5", "f:6: sources.terraform.tolerance: must be a duration"},
		{"300s", "", "f:6: sources.terraform.tolerance: has no value"},
		{"6MB", "26MB", "f:2: sources.github.max_body: must be a size"},
		{"6MB", "lots", "f:2: sources.github.max_body: must be a size"},
		{"  terraform:", "  github:", "f:3: sources.github: stands here a second time: it was given on line 2"},
		{"  terraform:", "  healthz:", "f:3: sources.healthz: is a path that sigpost uses itself"},
		{"  terraform:", "  Inbox:", "f:3: sources.Inbox: is no good name"},
		{"[secret://scalr-signing-key]", "secret://x", "f:5: sources.terraform.secrets: must be a list"},
		{"[secret://scalr-signing-key]", "[{a: 1}]", "f:5: sources.terraform.secrets[0]: must be a reference"},
		{"[secret://scalr-signing-key]", "[]", "f:5: sources.terraform.secrets: is missing"},
		{"[secret://scalr-signing-key]", "[hunter2]", "f:5: sources.terraform.secrets: holds a secret in plain text"},
		{"[secret://scalr-signing-key]", `["secret://hunter2 x"]`, "f:5: sources.terraform.secrets[0]: has a character"},
		{"- { to: [platform] }", "- { to: [plattform] }", "f:11: routes[0].to[0]: names no sink of this file: did you mean platform?"},
		{"from: [github]", "from: [gitlab]", "f:12: routes[1].from[0]: names no source of this file: did you mean github?"},
		{"- { to: [platform] }", "- { to: [] }", "f:11: routes[0].to: "},
		{"- { to: [platform] }", "- { }", "f:11: routes[0].to: "},
		{"[error, warning]", "[fatal]", `f:12: routes[1].severity[0]: unknown severity "fatal"`},
		{"[archive] }", "[archive], channel: C1 }", "f:12: routes[1].channel: is wrong: sink archive posts to one channel only"},
		{"[archive] }", "[archive], title: '{{ .Titel }}', text: '{{' }", "f:12: routes[1].title: is no good template: 1:\nf:12: routes[1].text: is no good template: "},
		{"type: teams,", "type: teams, title: [a], text: '{{ nothing }}',", "f:8: sinks.platform.title: must be a text\nf:8: sinks.platform.text: is no good template: "},
		{"type: scalr", "type: &a scalr", "f:4: has an anchor"},
		{"type: scalr", "type: !x scalr", "f:4: has a tag"},
		{"type: scalr", "type: [scalr]", "f:4: sources.terraform.type: must be a text"},
		{"sinks:", "---\nsinks:", "f:7: holds more than one document"},
		{"sources:", "sources: [", "f:2: is not valid YAML: did not find expected ',' or ']'"},
		{"type: scalr", "type: *hunter2", "f: is not valid YAML: anchors"},
		{"type: scalr", "type: \"\\hunter2\"", "f:4: is not valid YAML: "},
		{good, "", "f: is empty"},
		{good, "# nothing\n", "f: is empty"},
		{good, "[]", "f:1: must hold the keys"},
		{good, "sources:\nsinks: {}\nroutes: []\n", "f:1: sources: is empty\nf:2: sinks: is empty\nf:3: routes: is empty"},
		{good, "sources: 1\nsinks: []\nroutes: {a: 1}\n", "f:1: sources: must hold keys\nf:2: sinks: is empty\nf:3: routes: must be a list"},
		{good, strings.Repeat("#", MaxFileBytes+1), "f: is larger than 1 MiB"},
		{good, strings.Repeat("[", 200) + strings.Repeat("]", 200), "f:1: is nested deeper"},
	} {
		_, err := Parse("f", []byte(strings.Replace(good, c.old, c.new, 1)), local(nil))
		got, want := problem.All(err), strings.Split(c.want, "\n")
		ok := len(got) == len(want)
		for i := range want {
			ok = ok && strings.HasPrefix(got[i].Error(), want[i])
		}
		if !ok {
			t.Errorf("%.40q for %.40q: got\n%v\nwant\n%s", c.new, c.old, err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("the error repeats a secret: %v", err)
		}
	}
}

func TestAllProblemsAtOnce(t *testing.T) {
	bad := strings.NewReplacer("tolerance", "tolerence", "6MB", "x", "[platform]", "[nope]", "type: teams", "type: team").Replace(good)
	_, err := Parse("f", []byte(bad), local(nil))
	if ps := problem.All(err); len(ps) != 4 {
		t.Errorf("%d problems, want 4:\n%v", len(ps), err)
	}
}

// What can't be read doesn't hide what else is wrong beside it, and is said once.
func TestProblemsBesideWhatCantBeRead(t *testing.T) {
	for _, c := range []struct{ old, new, want string }{
		{
			"{ type: github, secrets: [secret://github-webhook, secret://github-webhook-old]", "{ type: github, foo: 1, secrets: [hunter2]",
			"f:2: sources.github.foo: is not known\nf:2: sources.github.secrets: holds a secret in plain text",
		},
		{
			`["issues.*"], severity: [error, warning], to: [archive]`, `["[a"], severity: [fatal], to: [nope]`,
			"f:12: routes[1].severity[0]: unknown severity\nf:12: routes[1].events[0]: \"[a\"\nf:12: routes[1].to[0]: names no sink",
		},
		{"{ to: [platform] }", "{ to: platform, severity: [fatal] }", "f:11: routes[0].to: must be a list\nf:11: routes[0].severity[0]: unknown"},
		{"{ to: [platform] }", "7", "f:11: routes[0]: must hold"},
		{"secret://teams-platform", "[secret://teams-platform]", "f:8: sinks.platform.url: must be a reference"},
	} {
		_, err := Parse("f", []byte(strings.Replace(good, c.old, c.new, 1)), local(nil))
		got, want := problem.All(err), strings.Split(c.want, "\n")
		ok := len(got) == len(want)
		for i := range got {
			ok = ok && strings.HasPrefix(got[i].Error(), want[i])
		}
		if !ok || strings.Contains(fmt.Sprint(err), "hunter2") {
			t.Errorf("%q: got\n%v\nwant\n%s", c.new, err, c.want)
		}
	}
}

// A secret that is there but no address would fail at the first message only.
func TestResolveReportsWhatIsNoAddress(t *testing.T) {
	vars := map[string]string{
		"SIGPOST_SECRET_GITHUB_WEBHOOK": "a", "SIGPOST_SECRET_GITHUB_WEBHOOK_OLD": "b", "SIGPOST_SECRET_SCALR_SIGNING_KEY": "c",
		"SIGPOST_SECRET_TEAMS_PLATFORM": "http://example.com/hunter2", "SIGPOST_SECRET_ARCHIVE_AUTH": "hun\nter2",
	}
	c, err := Parse("f", []byte(good), local(vars))
	if err != nil {
		t.Fatal(err)
	}
	want := `f:8: sinks.platform.url: the URL must begin with https:// (http:// is for loopback hosts only)
f:9: sinks.archive.headers.Authorization: must be one line without control characters`
	if err := c.Resolve(t.Context()); fmt.Sprint(err) != want {
		t.Errorf("got:\n%v\nwant:\n%s", err, want)
	}
	vars["SIGPOST_SECRET_TEAMS_PLATFORM"], vars["SIGPOST_SECRET_ARCHIVE_AUTH"] = "https://example.com/x", "Bearer x"
	if c, err = Parse("f", []byte(good), local(vars)); err != nil {
		t.Fatal(err)
	}
	if err := c.Resolve(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestFindAndLoad(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	t.Setenv(Variable, "")
	if _, err := Find(); err == nil || !strings.Contains(err.Error(), "write a sigpost.yaml") {
		t.Errorf("%v", err)
	}
	if err := os.WriteFile(FileName, []byte(good), 0o600); err != nil {
		t.Fatal(err)
	}
	path, err := Find()
	if err != nil || path != FileName {
		t.Errorf("%q, %v", path, err)
	}
	if c, err := Load(path, local(nil)); err != nil || len(c.Sources) != 2 {
		t.Errorf("%v", err)
	}
	t.Setenv(Variable, filepath.Join(dir, "other.yaml"))
	if _, err := Find(); err == nil || !strings.Contains(err.Error(), Variable) {
		t.Errorf("%v", err)
	}
	if _, err := Load("other.yaml", local(nil)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(good))
	f.Add([]byte("sources: &a [*a]\n"))
	f.Add([]byte("a: b: c"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := Parse("f", data, local(nil))
		if (c == nil) == (err == nil) {
			t.Fatalf("%v, %v", c, err)
		}
		for _, p := range problem.All(err) {
			if p.File != "f" || p.Text == "" {
				t.Fatalf("problem without a place or text: %v", p)
			}
		}
	})
}
