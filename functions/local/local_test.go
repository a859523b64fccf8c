package main

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sigpost/sigpost/pkg/source"
)

const hidden = "hidden-word"

func sigpost(t *testing.T, args ...string) (code int, out, errOut string) {
	t.Helper()
	var o, e bytes.Buffer
	code = run(t.Context(), args, &o, &e)
	if strings.Contains(o.String()+e.String(), hidden) {
		t.Errorf("sigpost %v shows a secret:\n%s%s", args, &o, &e)
	}
	return code, o.String(), e.String()
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// The framework keeps one table of functions for the process, so one test
// starts the server.
func TestDemoOnce(t *testing.T) {
	code, out, errOut := sigpost(t, "demo", "--once")
	if code != 0 {
		t.Fatalf("exit %d\n%s%s", code, out, errOut)
	}
	if n := strings.Count(out, "delivered"); n != 12 {
		t.Errorf("%d of 12 messages were delivered:\n%s", n, out)
	}
	for _, want := range []string{"github", "array", "terraform", "certs", "ops", "platform", "archive", "SOURCE"} {
		if !strings.Contains(out, want) {
			t.Errorf("%s is missing:\n%s", want, out)
		}
	}
}

func TestMainSamplesExist(t *testing.T) {
	for kind, name := range mainSample {
		if _, err := source.Sample(kind, name); err != nil {
			t.Error(err)
		}
	}
}

func TestCheck(t *testing.T) {
	good := write(t, "sigpost.yaml", string(demoConfig))
	if code, out, errOut := sigpost(t, "check", "--config", good); code != 0 || !strings.Contains(out, "4 sources, 3 sinks, 1 routes") {
		t.Errorf("exit %d: %s%s", code, out, errOut)
	}
	if code, _, errOut := sigpost(t, "check", "--config", good, "--resolve"); code == 0 || !strings.Contains(errOut, "SIGPOST_SECRET_GITHUB_WEBHOOK") {
		t.Errorf("missing secrets: exit %d: %s", code, errOut)
	}
	dotenv := write(t, ".env", "SIGPOST_SECRET_GITHUB_WEBHOOK="+hidden+"\n")
	if code, _, errOut := sigpost(t, "check", "--config", good, "--secrets", dotenv, "--resolve"); code == 0 || strings.Contains(errOut, "GITHUB") {
		t.Errorf("with one secret: exit %d: %s", code, errOut)
	}
	bad := write(t, "bad.yaml", "sources:\n  a: {type: github, secrets: ["+hidden+"]}\n  b: {type: nope}\nsinks:\n  c: {type: slack, uri: x}\nroutes:\n  - {to: [d]}\n")
	code, _, errOut := sigpost(t, "check", "--config", bad)
	for _, want := range []string{"bad.yaml:2", "bad.yaml:3", "bad.yaml:5", "bad.yaml:7"} {
		if code == 0 || !strings.Contains(errOut, want) {
			t.Errorf("exit %d, %s is not named:\n%s", code, want, errOut)
		}
	}
}

func TestRender(t *testing.T) {
	config := write(t, "sigpost.yaml", string(demoConfig))
	code, out, errOut := sigpost(t, "render", "github", "--event", "issues.opened", "--config", config)
	if code != 0 || strings.Count(out, "# issues.opened →") != 3 {
		t.Errorf("exit %d: %s%s", code, out, errOut)
	}
	if code, _, errOut := sigpost(t, "render", "github", "--event", "nope", "--config", config); code == 0 || !strings.Contains(errOut, "issues.opened") {
		t.Errorf("unknown sample: exit %d: %s", code, errOut)
	}
	if code, _, errOut := sigpost(t, "render", "github", "--sink", "nope", "--config", config); code == 0 || !strings.Contains(errOut, "nope") {
		t.Errorf("unknown sink: exit %d: %s", code, errOut)
	}
}

func TestHelpHasExamples(t *testing.T) {
	for _, name := range []string{"demo", "serve", "poll", "send", "render", "check", "dead", "dead list", "dead show", "dead resend", "dead drop"} {
		if code, out, _ := sigpost(t, append(strings.Fields(name), "--help")...); code != 0 || !strings.Contains(out, "Examples:") {
			t.Errorf("%s --help: exit %d\n%s", name, code, out)
		}
	}
}

func TestDrainWaitsForRequestsInFlight(t *testing.T) {
	s := &server{}
	entered, leave, drained := make(chan struct{}), make(chan struct{}), make(chan struct{})
	go s.relay(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { close(entered); <-leave }), nil, nil)
	<-entered
	go func() { s.drain(); close(drained) }()
	select {
	case <-drained:
		t.Fatal("drain did not wait")
	default:
	}
	close(leave)
	<-drained
}
