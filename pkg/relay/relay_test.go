package relay

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sigpost/sigpost/pkg/config"
	"github.com/sigpost/sigpost/pkg/deliver"
	"github.com/sigpost/sigpost/pkg/secret"
	"github.com/sigpost/sigpost/pkg/source"
)

const hidden = "hidden-word"

const testConfig = `
sources:
  github:    { type: github, secrets: [secret://github], max_body: 1MB }
  array:     { type: cloudiq, secrets: [secret://cloudiq] }
  terraform: { type: scalr, secrets: [secret://scalr] }
  certs:     { type: certifyclouds, tokens: [secret://certs] }
sinks:
  ops:     { type: slack, url: secret://ops }
  archive: { type: generic, url: secret://archive }
routes:
  - { to: [ops, archive] }
`

type road struct {
	*httptest.Server
	config  *config.Config
	log     *bytes.Buffer
	logLock sync.Mutex
	ops     atomic.Int32 // messages that reached ops
	archive atomic.Int32
	fail    atomic.Int32 // status that archive answers instead of 200
	hold    atomic.Pointer[chan struct{}]
	held    chan struct{} // told when ops begins to wait for hold
}

func (r *road) Write(p []byte) (int, error) {
	r.logLock.Lock()
	defer r.logLock.Unlock()
	return r.log.Write(p)
}

// newRoad is a relay with two receivers. Retries wait for nothing.
func newRoad(t *testing.T, changes ...func(*Options)) *road {
	t.Helper()
	r := &road{log: &bytes.Buffer{}, held: make(chan struct{}, 1)}
	receivers := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		_, _ = io.Copy(io.Discard, req.Body)
		if strings.HasPrefix(req.URL.Path, "/archive") {
			if s := r.fail.Load(); s != 0 {
				w.WriteHeader(int(s))
				return
			}
			r.archive.Add(1)
			return
		}
		if hold := r.hold.Load(); hold != nil {
			r.held <- struct{}{}
			<-*hold
		}
		r.ops.Add(1)
		_, _ = io.WriteString(w, "ok")
	}))
	t.Cleanup(receivers.Close)
	store := secret.NewLocal(func(string) (string, bool) { return "", false }, map[string]string{
		"SIGPOST_SECRET_GITHUB": hidden + "-github", "SIGPOST_SECRET_CLOUDIQ": hidden + "-cloudiq",
		"SIGPOST_SECRET_SCALR": hidden + "-scalr", "SIGPOST_SECRET_CERTS": hidden + "-certs/as+base64=",
		"SIGPOST_SECRET_OPS": receivers.URL + "/ops/" + hidden, "SIGPOST_SECRET_ARCHIVE": receivers.URL + "/archive/" + hidden,
	})
	c, err := config.Parse("test.yaml", []byte(testConfig), store)
	if err != nil {
		t.Fatal(err)
	}
	opt := Options{
		Log:         slog.New(slog.NewJSONHandler(r, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Client:      deliver.New(deliver.Config{Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }}),
		ReadTimeout: time.Minute,
	}
	for _, change := range changes {
		change(&opt)
	}
	relay, err := New(c, opt)
	if err != nil {
		t.Fatal(err)
	}
	r.config, r.Server = c, httptest.NewServer(relay)
	t.Cleanup(func() {
		r.Close()
		if strings.Contains(r.log.String(), hidden) {
			t.Errorf("a secret or body is in the log: %s", r.log)
		}
	})
	return r
}

// sealed is a correctly signed sample for the named source.
func (r *road) sealed(t *testing.T, name, sample string) *source.Request {
	t.Helper()
	for _, s := range r.config.Sources {
		if s.Name != name {
			continue
		}
		if sample == "" {
			sample = source.Samples(s.Type)[0]
		}
		req, err := source.Sample(s.Type, sample)
		if err != nil {
			t.Fatal(err)
		}
		r.seal(t, name, req)
		return req
	}
	t.Fatalf("no source %s", name)
	return nil
}

func (r *road) seal(t *testing.T, name string, req *source.Request) {
	t.Helper()
	for _, s := range r.config.Sources {
		if s.Name == name {
			if err := s.Source.(source.Sealer).Seal(t.Context(), req); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func (r *road) post(t *testing.T, path string, req *source.Request) (status int, body string, h http.Header) {
	t.Helper()
	if req.Token != "" {
		path += "/" + req.Token
	}
	out, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.URL+path, bytes.NewReader(req.Body))
	if err != nil {
		t.Fatal(err)
	}
	out.Header = req.Header.Clone()
	resp, err := http.DefaultClient.Do(out)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b), resp.Header
}

var names = []string{"github", "array", "terraform", "certs"}

func TestEverySourceIsDeliveredOnce(t *testing.T) {
	r := newRoad(t)
	for i, name := range names {
		req := r.sealed(t, name, "")
		if status, body, _ := r.post(t, "/"+name, req); status != 200 || !strings.Contains(body, `"status":"delivered"`) {
			t.Errorf("%s: %d %s", name, status, body)
		}
		wantStatus, want := 200, `"status":"duplicate"`
		if name == "terraform" {
			wantStatus, want = 403, `"error"`
		}
		if status, body, _ := r.post(t, "/"+name, req); status != wantStatus || !strings.Contains(body, want) {
			t.Errorf("%s again: %d %s", name, status, body)
		}
		if n := int(r.ops.Load()); n != i+1 {
			t.Errorf("%s: %d messages at ops, want %d", name, n, i+1)
		}
	}
}

func TestForgeriesAreRefused(t *testing.T) {
	r := newRoad(t)
	for name, want := range map[string]int{"github": 401, "array": 412, "terraform": 403, "certs": 401} {
		req := r.sealed(t, name, "")
		if req.Token != "" {
			req.Token = "wrong-" + hidden
		} else {
			req.Body = append(bytes.TrimSuffix(req.Body, []byte("\n")), ' ', ' ')
		}
		status, body, _ := r.post(t, "/"+name, req)
		if status != want || strings.Contains(body, hidden) {
			t.Errorf("%s: %d %s, want %d", name, status, body, want)
		}
	}
	if r.ops.Load()+r.archive.Load() != 0 {
		t.Error("a forged message was delivered")
	}
}

func TestAnswersSayTheTruth(t *testing.T) {
	r := newRoad(t)
	req := r.sealed(t, "github", "issues.opened")
	r.fail.Store(503)
	status, body, h := r.post(t, "/github", req)
	if status != 503 || h.Get("Retry-After") == "" {
		t.Errorf("receiver down: %d %s, Retry-After %q", status, body, h.Get("Retry-After"))
	}
	r.fail.Store(0)
	if status, body, _ := r.post(t, "/github", req); status != 200 || !strings.Contains(body, "delivered") {
		t.Errorf("sent again: %d %s", status, body)
	}
	if ops, archive := r.ops.Load(), r.archive.Load(); ops != 1 || archive != 1 {
		t.Errorf("ops got %d and archive %d messages, want 1 each", ops, archive)
	}
	r.fail.Store(404)
	if status, body, _ := r.post(t, "/github", r.sealed(t, "github", "issues.opened")); status != 502 {
		t.Errorf("refused for good: %d %s", status, body)
	}
}

func TestBadInputHasItsStatus(t *testing.T) {
	r := newRoad(t)
	signed := func(name, sample string, change func(*source.Request)) *source.Request {
		req := r.sealed(t, name, sample)
		change(req)
		r.seal(t, name, req)
		return req
	}
	body := func(b string) func(*source.Request) {
		return func(req *source.Request) { req.Body = []byte(b) }
	}
	for _, c := range []struct {
		what, path string
		req        *source.Request
		want       int
	}{
		{"truncated", "/github", signed("github", "issues.opened", body(`{"action":"`+hidden)), 400},
		{"invalid UTF-8", "/github", signed("github", "issues.opened", body("{\"action\":\"\xff\"}")), 400},
		{"deep", "/github", signed("github", "issues.opened", body(strings.Repeat(`{"a":`, 100_000))), 400},
		{"no object", "/github", signed("github", "issues.opened", body("null")), 400},
		{"too large", "/github", signed("github", "issues.opened", body(strings.Repeat(" ", 1<<20+1))), 413},
		{"content type", "/github", signed("github", "issues.opened", func(q *source.Request) { q.Header.Set("Content-Type", "text/html") }), 415},
		{"unknown event", "/github", signed("github", "issues.opened", func(q *source.Request) { q.Header.Set("X-GitHub-Event", "brand_new") }), 200},
		{"cloudiq unknown event", "/array", signed("array", "", func(q *source.Request) { q.Header.Set("x-ciq-event", "brand-new") }), 406},
		{"cloudiq no event", "/array", signed("array", "", func(q *source.Request) { q.Header.Del("x-ciq-event") }), 406},
		{"unknown path", "/nowhere", r.sealed(t, "github", ""), 404},
		{"no token", "/certs", &source.Request{Header: http.Header{}, Body: []byte("{}")}, 401},
		{"empty", "/github", &source.Request{Header: http.Header{}}, 401},
	} {
		status, answer, h := r.post(t, c.path, c.req)
		if status != c.want || h.Get("Content-Type") != "application/json" || strings.Contains(answer, hidden) {
			t.Errorf("%s: %d %s (%s), want %d", c.what, status, answer, h.Get("Content-Type"), c.want)
		}
	}
	resp, err := http.Get(r.URL + "/github")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != 405 || resp.Header.Get("Allow") != "POST" {
		t.Errorf("GET: %d, Allow %q", resp.StatusCode, resp.Header.Get("Allow"))
	}
}

func TestPingsArePonged(t *testing.T) {
	r := newRoad(t)
	ping := &source.Request{Header: http.Header{"X-Github-Event": {"ping"}, "Content-Type": {"application/json"}}, Body: []byte(`{"zen":"x"}`)}
	r.seal(t, "github", ping)
	if status, body, _ := r.post(t, "/github", ping); status != 200 || body != "pong" {
		t.Errorf("github: %d %s", status, body)
	}
	ping = &source.Request{Header: http.Header{"X-Ciq-Event": {"ping"}}, Body: []byte(`{}`)}
	r.seal(t, "array", ping)
	if status, body, _ := r.post(t, "/array", ping); status != 200 || body != "pong" {
		t.Errorf("cloudiq: %d %s", status, body)
	}
}
