package gcp

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sigpost/sigpost/functions/gcp/gcptest"
)

// newFunction is the functions of an instance and their log.
func newFunction(env setting) (*function, *lines) {
	log, out := newLog(env)
	return &function{env: env.get, project: &projectID{env: env.get}, log: log}, out
}

// deploy sets what Configure is given.
func deploy(t *testing.T, text string) {
	t.Helper()
	before := deployed
	t.Cleanup(func() { deployed = before })
	Configure("sigpost.yaml", []byte(text))
}

func call(f func(http.ResponseWriter, *http.Request), method, path, body string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	f(w, httptest.NewRequest(method, path, strings.NewReader(body)))
	return w
}

func TestBadConfigurationAnswers503(t *testing.T) {
	deploy(t, "sources:\n  github: { type: github, secrets: ["+hidden+"] }\nsinks:\n  ops: { type: slak }\nroutes:\n  - { to: [ops] }\n")
	f, out := newFunction(setting{modeVariable: "quick"})
	for _, entry := range []http.HandlerFunc{f.receive, f.poll, f.receive} {
		w := call(f.guard(entry, receiveReserve), http.MethodPost, "/github", "{}")
		if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") != "60" || w.Body.String() != `{"error":"not taken; send it again"}`+"\n" {
			t.Errorf("answer %d %v %s", w.Code, w.Header(), w.Body)
		}
	}
	var problems, requests int
	for _, e := range out.entries(t) {
		switch e["message"] {
		case "configuration":
			problems++
		case "request":
			requests++
			if e["severity"] != "ERROR" || !strings.Contains(e["reason"].(string), "SIGPOST_MODE") {
				t.Errorf("%v", e)
			}
		}
	}
	text := out.buf.String()
	for _, want := range []string{`"problem":"is \"quick\", which this build`, `"line":2,"key":"sources.github.secrets`, `"line":4,"key":"sinks.ops.type"`, `"file":"sigpost.yaml"`, "slack, teams"} {
		if !strings.Contains(text, want) {
			t.Errorf("the log doesn't say %s:\n%s", want, text)
		}
	}
	if problems != 3 || requests != 3 || strings.Contains(text, hidden) {
		t.Errorf("%d problems, %d requests:\n%s", problems, requests, text)
	}
}

func TestNoConfiguration(t *testing.T) {
	t.Chdir(t.TempDir())
	f, out := newFunction(setting{})
	if w := call(f.receive, http.MethodGet, "/healthz", ""); w.Code != http.StatusServiceUnavailable {
		t.Errorf("answer %d", w.Code)
	}
	if text := out.buf.String(); !strings.Contains(text, "no configuration found") || !strings.Contains(text, "scripts/build --config FILE") {
		t.Error(text)
	}
}

func TestConfigurationOfTheVariable(t *testing.T) {
	deploy(t, "broken")
	file := filepath.Join(t.TempDir(), "other.yaml")
	t.Setenv("SIGPOST_CONFIG", file)
	f, out := newFunction(setting{"SIGPOST_CONFIG": file})
	if w := call(f.receive, http.MethodGet, "/healthz", ""); w.Code != http.StatusServiceUnavailable || !strings.Contains(out.buf.String(), file) {
		t.Errorf("answer %d: %s", w.Code, out.buf.String())
	}
	if err := os.WriteFile(file, []byte(goodConfig), 0o600); err != nil {
		t.Fatal(err)
	}
	f, _ = newFunction(setting{"SIGPOST_CONFIG": file})
	if w := call(f.receive, http.MethodGet, "/healthz", ""); w.Code != http.StatusOK {
		t.Errorf("answer %d", w.Code)
	}
}

func TestNothingIsAskedBeforeItIsNeeded(t *testing.T) {
	fake := gcptest.NewSecrets(t)
	deploy(t, goodConfig)
	f, out := newFunction(setting{secretsEmulator: fake.URL, projectVariable: gcptest.Project})
	for path, want := range map[string]int{"/healthz": 200, "/nobody": 404} {
		if w := call(f.receive, http.MethodGet, path, ""); w.Code != want {
			t.Errorf("%s: answer %d", path, w.Code)
		}
	}
	if n := len(fake.Requests()); n != 0 {
		t.Errorf("%d requests to Secret Manager", n)
	}
	if w := call(f.receive, http.MethodPost, "/github", "{}"); w.Code != http.StatusServiceUnavailable || len(fake.Requests()) == 0 {
		t.Errorf("answer %d after %d requests to Secret Manager\n%s", w.Code, len(fake.Requests()), out.buf.String())
	}
}

func TestPollTakesOnlyPost(t *testing.T) {
	f, _ := newFunction(setting{})
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPut, http.MethodDelete, "CUSTOM"} {
		if w := call(f.poll, method, "/", ""); w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != http.MethodPost {
			t.Errorf("%s: answer %d, Allow %q", method, w.Code, w.Header().Get("Allow"))
		}
	}
}

func TestPollWithoutStateIsWarnedOf(t *testing.T) {
	const polled = `
sources: { changes: { type: cloudtruth, api_key: secret://cloudtruth } }
sinks: { ops: { type: slack, url: secret://slack-ops } }
routes: [ { to: [ops] } ]
`
	for collection, want := range map[string]bool{"": true, "claims": false} {
		deploy(t, polled)
		f, out := newFunction(setting{collectionVariable: collection})
		f.road()
		if got := strings.Contains(out.buf.String(), "SIGPOST_STATE_COLLECTION is not set"); got != want {
			t.Errorf("collection %q: warned %v:\n%s", collection, got, out.buf.String())
		}
	}
}

func TestBadStateIsAProblem(t *testing.T) {
	deploy(t, goodConfig)
	f, out := newFunction(setting{collectionVariable: "a/b"})
	if w := call(f.receive, http.MethodPost, "/github", "{}"); w.Code != http.StatusServiceUnavailable || !strings.Contains(out.buf.String(), `"key":"SIGPOST_STATE_COLLECTION"`) {
		t.Errorf("answer %d\n%s", w.Code, out.buf.String())
	}
}

func TestPanicSaysNothing(t *testing.T) {
	f, out := newFunction(setting{projectVariable: gcptest.Project})
	for _, value := range []any{hidden, io.ErrUnexpectedEOF, struct{ s string }{hidden}} {
		w := call(f.guard(func(http.ResponseWriter, *http.Request) { panic(value) }, receiveReserve), http.MethodPost, "/x", hidden)
		if w.Code != http.StatusInternalServerError || strings.Contains(w.Body.String(), hidden) {
			t.Errorf("answer %d %s", w.Code, w.Body)
		}
	}
	for _, e := range out.entries(t) {
		if e["severity"] != "ERROR" || e["message"] != "panic" || !strings.Contains(e["stack"].(string), "road_test.go") {
			t.Errorf("%v", e)
		}
	}
	if n := len(out.entries(t)); n != 3 || strings.Contains(out.buf.String(), hidden) {
		t.Errorf("%d lines:\n%s", n, out.buf.String())
	}
}

func TestBudget(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"": 58 * time.Second, "300": 298 * time.Second, "4": 3 * time.Second, "1": 750 * time.Millisecond,
		"0": 58 * time.Second, "-5": 58 * time.Second, "1m": 58 * time.Second, "9223372036854775807": 58 * time.Second,
	} {
		if got := budget(setting{timeoutVariable: text}.get, receiveReserve); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
	for text, want := range map[string]time.Duration{"": 28 * time.Second, "10": 8 * time.Second, "soon": 28 * time.Second} {
		if got := budget(setting{timeoutVariable: text, deployedVariable: "30"}.get, receiveReserve); got != want {
			t.Errorf("deployed with 30 and told %q: %v, want %v", text, got, want)
		}
	}
	// Terraform's default for a poll is 55 s: it must fit even if nothing says so.
	if got := budget(setting{}.get, pollReserve); got > 50*time.Second {
		t.Errorf("a poll may work %v", got)
	}
}

func TestRequestsHaveADeadline(t *testing.T) {
	f, _ := newFunction(setting{timeoutVariable: "30"})
	call(f.guard(func(_ http.ResponseWriter, r *http.Request) {
		at, ok := r.Context().Deadline()
		if left := time.Until(at); !ok || left > 28*time.Second || left < 20*time.Second {
			t.Errorf("deadline in %v", left)
		}
	}, receiveReserve), http.MethodPost, "/", "")
}

func TestEarlierDeadlineStays(t *testing.T) {
	f, _ := newFunction(setting{})
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	f.guard(func(_ http.ResponseWriter, r *http.Request) {
		if at, _ := r.Context().Deadline(); time.Until(at) > time.Second {
			t.Error("the deadline was put off")
		}
	}, receiveReserve)(httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, http.MethodPost, "/", http.NoBody))
}
