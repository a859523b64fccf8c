package gcp

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sigpost/sigpost/functions/gcp/gcptest"
	"github.com/sigpost/sigpost/pkg/source"
)

// These tests run the functions under the real framework, from the zip that is
// deployed. What they log and answer is searched for secrets and bodies at the
// end of each.

func TestProcessColdAndWarm(t *testing.T) {
	p := start(t, "Receive", nil)
	p.putAll()
	if n := len(p.secrets.Requests()); n != 0 {
		t.Errorf("%d secrets were fetched before anything needed one", n)
	}
	if a := p.post("hidden-webhook-word", 200); !strings.Contains(a, `"status":"delivered"`) || !strings.Contains(a, "delivery-1") {
		t.Errorf("the answer is %s", a)
	}
	for range 3 {
		p.post("hidden-webhook-word", 200)
	}
	if n := len(p.secrets.Requests()); n != 2 {
		t.Errorf("%d secrets were fetched, want 2", n)
	}
	if n := p.chat.count(); n != 4 {
		t.Errorf("%d messages came, want 4", n)
	}
	p.logged(`"severity":"INFO"`, `"message":"request"`, `"event":"delivery-1"`, `"`+traceField+`":"`+traceURL+`"`)
	p.do(http.MethodGet, "/healthz", nil, nil, 200)
	p.do(http.MethodGet, "/github", nil, nil, 405)
	p.do(http.MethodPost, "/none", nil, strings.NewReader(bodyWord), 404)
	p.post("wrong-word", 401)
	p.logged(`"severity":"WARNING"`, `"status":401`)
}

func TestProcessRotation(t *testing.T) {
	p := start(t, "Receive", nil)
	p.putAll()
	p.post("hidden-webhook-word", 200)
	p.put("github-webhook", "hidden-second-word")
	p.post("hidden-second-word", 200)
	p.post("hidden-webhook-word", 200) // the version before
	p.post("wrong-word", 401)
	before := len(p.secrets.Requests())
	for range 5 {
		p.post("wrong-word", 401)
	}
	if n := len(p.secrets.Requests()); n != before {
		t.Errorf("forged requests made the function fetch secrets %d times", n-before)
	}
	p.chat.revoke("first")
	p.put("slack-ops", p.chat.hook("second"))
	p.post("hidden-second-word", 200)
	if n := p.chat.count(); n != 4 {
		t.Errorf("%d messages came, want 4", n)
	}
}

func TestProcessStoreDown(t *testing.T) {
	p := start(t, "Receive", nil)
	p.putAll()
	p.secrets.Down(true)
	p.post("hidden-webhook-word", 503)
	p.logged(`"severity":"ERROR"`, "secret acme-github-webhook", "Secret Manager can't be reached")
	p.secrets.Down(false)
	eventually(t, func() bool {
		h, body := p.issue("hidden-webhook-word")
		resp, _ := p.send(http.MethodPost, "/github", h, body)
		return resp.StatusCode == http.StatusOK
	})
	p.secrets.Down(true)
	p.post("hidden-webhook-word", 200)
}

func TestProcessStoreHangs(t *testing.T) {
	p := start(t, "Receive", setting{timeoutVariable: "2"})
	p.putAll()
	goOn := p.secrets.Hang()
	begin := time.Now()
	p.post("hidden-webhook-word", 503)
	if took := time.Since(begin); took >= 2*time.Second {
		t.Errorf("the answer came after %v", took)
	}
	p.logged(`"severity":"ERROR"`, "github-webhook", "in time")
	goOn()
	eventually(t, func() bool {
		h, body := p.issue("hidden-webhook-word")
		resp, _ := p.send(http.MethodPost, "/github", h, body)
		return resp.StatusCode == http.StatusOK
	})
}

func TestProcessRefusedSecrets(t *testing.T) {
	p := start(t, "Receive", nil)
	p.post("hidden-webhook-word", 503)
	p.logged(`"severity":"ERROR"`, "secret acme-github-webhook", "not found", "gcloud secrets versions add acme-github-webhook --data-file=-")
	for name, c := range map[string]struct {
		prepare func(*gcptest.Secrets)
		words   []string
	}{
		"no permission": {func(s *gcptest.Secrets) { s.Deny("acme-slack-ops") }, []string{"secret acme-slack-ops", "roles/secretmanager.secretAccessor"}},
		"API off": {
			func(s *gcptest.Secrets) { s.Deny("acme-github-webhook"); s.DenyFor("SERVICE_DISABLED") },
			[]string{"acme-github-webhook", "gcloud services enable secretmanager.googleapis.com"},
		},
		"disabled": {func(s *gcptest.Secrets) { s.Set("acme-github-webhook", 1, gcptest.Disabled) }, []string{"acme-github-webhook", "latest version is disabled"}},
		"damaged":  {func(s *gcptest.Secrets) { s.Damage(1000) }, []string{"acme-github-webhook", "checksum"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := start(t, "Receive", nil)
			p.putAll()
			c.prepare(p.secrets)
			p.post("hidden-webhook-word", 503)
			p.logged(append(c.words, `"severity":"ERROR"`)...)
		})
	}
	t.Run("damaged once", func(t *testing.T) {
		p := start(t, "Receive", nil)
		p.putAll()
		p.secrets.Damage(1)
		p.post("hidden-webhook-word", 200)
	})
}

func TestProcessTimeout(t *testing.T) {
	p := start(t, "Receive", setting{timeoutVariable: "2"})
	p.putAll()
	goOn := p.chat.stall()
	begin := time.Now()
	p.post("hidden-webhook-word", 503)
	if took := time.Since(begin); took >= 2*time.Second {
		t.Errorf("the answer came after %v", took)
	}
	p.logged(`"severity":"ERROR"`, `"status":503`, "ops")
	goOn()
	p.post("hidden-webhook-word", 200)
}

func TestProcessConfigurations(t *testing.T) {
	t.Run("none", func(t *testing.T) {
		p := start(t, "Receive", setting{"SIGPOST_CONFIG": "/nowhere/sigpost.yaml"})
		p.post("hidden-webhook-word", 503)
		p.logged(`"severity":"ERROR"`, `"message":"configuration"`, "/nowhere/sigpost.yaml", "scripts/build --config")
		p.post("hidden-webhook-word", 503)
		p.logged(`"severity":"ERROR"`, `"status":503`, "/nowhere/sigpost.yaml", traceURL)
	})
	t.Run("wrong", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "prod.yaml")
		write(t, file, strings.Replace(goodConfig, "secrets:", "secretz:", 1)+"what: else\n")
		p := start(t, "Poll", setting{"SIGPOST_CONFIG": file})
		p.do(http.MethodPost, "/", nil, nil, 503)
		p.logged(`"severity":"ERROR"`, file, `"line":3`, `"key":"sources.github.secretz"`)
		p.logged(`"severity":"ERROR"`, file, `"line":8`, `"key":"what"`)
	})
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestProcessVolume has its secrets in files, as a mounted volume has.
func TestProcessVolume(t *testing.T) {
	dir := t.TempDir()
	config := filepath.Join(dir, "sigpost.yaml")
	write(t, config, strings.NewReplacer("secret://", "file://"+dir+"/").Replace(goodConfig))
	p := start(t, "Receive", setting{"SIGPOST_CONFIG": config})
	put := func(name, value string) {
		p.hidden = append(p.hidden, value)
		write(t, filepath.Join(dir, name), value+"\n")
	}
	p.post("hidden-webhook-word", 503)
	p.logged(`"severity":"ERROR"`, "file://"+dir+"/github-webhook", "create the file")
	put("github-webhook", "hidden-webhook-word")
	put("slack-ops", p.chat.hook("first"))
	p.post("hidden-webhook-word", 200)
	put("github-webhook", "hidden-second-word")
	p.post("hidden-second-word", 200)
	p.post("hidden-webhook-word", 401)
	if n := len(p.secrets.Requests()); n != 0 {
		t.Errorf("Secret Manager was asked %d times", n)
	}
}

func TestProcessPanic(t *testing.T) {
	p := start(t, "Panic", nil)
	for range 2 {
		if a := p.do(http.MethodPost, "/", nil, strings.NewReader(bodyWord), 500); !strings.Contains(a, "internal error") {
			t.Errorf("the answer is %s", a)
		}
	}
	p.logged(`"severity":"ERROR"`, `"message":"panic"`, "panics.go")
}

// TestProcessBigBody sends more than any source takes, with its length announced
// and without.
func TestProcessBigBody(t *testing.T) {
	p := start(t, "Receive", nil)
	p.putAll()
	body := func() io.Reader { return io.LimitReader(endless(bodyWord), 26<<20) }
	h := http.Header{"Content-Type": {"application/json"}, "X-Github-Event": {"issues"}}
	p.do(http.MethodPost, "/github", h, body(), 413)
	p.do(http.MethodPost, "/github", h, strings.NewReader(strings.Repeat(bodyWord, 26<<20/len(bodyWord)+1)), 413)
	p.post("hidden-webhook-word", 200)
}

// endless repeats a text for ever.
type endless string

func (e endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = e[i%len(e)]
	}
	return len(p), nil
}

func TestProcessPollTakesOnlyPost(t *testing.T) {
	p := start(t, "Poll", nil)
	p.do(http.MethodGet, "/", nil, nil, 405)
	p.do(http.MethodDelete, "/", nil, nil, 405)
}

// The samples are for the local command: no instance loads them.
func TestBinaryHasNoSamples(t *testing.T) {
	binary, err := server()
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(binary)
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{"github", "cloudiq", "scalr", "certifyclouds"} {
		for _, name := range source.Samples(kind) {
			if s, err := source.Sample(kind, name); err != nil || len(s.Body) > 200 && strings.Contains(string(data), string(s.Body)) {
				t.Errorf("sample %s of %s: %v", name, kind, err)
			}
		}
	}
	if len(source.Samples("github")) == 0 {
		t.Error("there are no samples")
	}
}
