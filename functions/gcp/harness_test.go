package gcp

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sigpost/sigpost/functions/gcp/gcptest"
	"github.com/sigpost/sigpost/pkg/secret/secrettest"
)

const (
	// bodyWord stands in every body that is sent, and in no log and no answer.
	bodyWord = "hidden-body-word"
	// testPrefix is that of the secrets' names.
	testPrefix = "acme-"
	// patience is how long a test waits for what should come at once.
	patience = 30 * time.Second
)

// process is an instance of the functions and all that is around it.
type process struct {
	t       *testing.T
	url     string
	secrets *gcptest.Secrets
	chat    *chat
	out     string // path of what it writes
	answers strings.Builder
	hidden  []string // secrets that were put
	next    int
	kill    func() // ends it at once, as the platform may
}

// start starts an instance of a function.
func start(t *testing.T, target string, more setting) *process {
	t.Helper()
	binary, err := server()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	p := &process{t: t, secrets: gcptest.NewSecrets(t), chat: newChat(t), out: filepath.Join(dir, "log"), hidden: []string{gcptest.Token}}
	port := freePort(t)
	p.url = "http://127.0.0.1:" + port
	env := setting{
		"FUNCTION_TARGET": target, "PORT": port, "K_SERVICE": "sigpost", "FUNCTION_SIGNATURE_TYPE": "http", "HOME": dir,
		projectVariable: gcptest.Project, secretsEmulator: strings.TrimPrefix(p.secrets.URL, "http://"), prefixVariable: testPrefix, modeVariable: "direct",
		"GOOGLE_SDK_GO_LOGGING_LEVEL": "debug", // which must show nothing either
	}
	for k, v := range more {
		env[k] = v
	}
	p.run(binary, dir, env)
	return p
}

// run runs the binary and waits until it answers.
func (p *process) run(binary, dir string, env setting) {
	p.t.Helper()
	cmd := exec.Command(binary)
	cmd.Dir = dir
	for k, v := range env {
		cmd.Env = append(cmd.Env, k+"="+v)
	}
	log, err := os.Create(p.out)
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = log.Close() }()
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	exited := make(chan struct{})
	go func() { _ = cmd.Wait(); close(exited) }()
	killed := false
	p.kill = func() {
		killed = true
		_ = cmd.Process.Kill()
		<-exited
	}
	p.t.Cleanup(func() {
		select {
		case <-exited:
			if !killed {
				p.t.Errorf("the instance died:\n%s", p.log())
			}
		default:
			p.kill()
		}
		p.nothingLeaked()
	})
	eventually(p.t, func() bool {
		conn, err := (&net.Dialer{}).DialContext(p.t.Context(), "tcp", strings.TrimPrefix(p.url, "http://"))
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	})
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
}

// eventually calls try until it is true.
func eventually(t *testing.T, try func() bool) {
	t.Helper()
	end := time.After(patience)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !try() {
		select {
		case <-end:
			t.Fatal("that did not come in time")
		case <-tick.C:
		}
	}
}

func (p *process) put(name, value string) {
	p.hidden = append(p.hidden, value)
	p.secrets.Put(testPrefix+name, value)
}

// putAll gives all secrets of goodConfig a value.
func (p *process) putAll() {
	p.put("github-webhook", "hidden-webhook-word")
	p.put("slack-ops", p.chat.hook("first"))
}

// do makes a request and wants a status, and with 503 when to try again.
func (p *process) do(method, path string, h http.Header, body io.Reader, want int) string {
	p.t.Helper()
	resp, answer := p.send(method, path, h, body)
	if resp.StatusCode != want {
		p.t.Fatalf("status %d, want %d: %s\n%s", resp.StatusCode, want, answer, p.log())
	}
	if resp.StatusCode == http.StatusServiceUnavailable && resp.Header.Get("Retry-After") == "" {
		p.t.Error("503 without Retry-After")
	}
	return answer
}

func (p *process) send(method, path string, h http.Header, body io.Reader) (*http.Response, string) {
	p.t.Helper()
	req, err := http.NewRequestWithContext(p.t.Context(), method, p.url+path, body)
	if err != nil {
		p.t.Fatal(err)
	}
	if h != nil {
		req.Header = h
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		p.t.Fatalf("%v\n%s", err, p.log())
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	fmt.Fprintf(&p.answers, "%v %s\n", resp.Header, answer)
	return resp, string(answer)
}

// post sends an issue of GitHub, signed and a new delivery, and wants a status.
func (p *process) post(key string, want int) string {
	p.t.Helper()
	h, body := p.issue(key)
	return p.do(http.MethodPost, "/github", h, body, want)
}

// issue is the header and body of an issue of GitHub.
func (p *process) issue(key string) (http.Header, io.Reader) {
	p.next++
	body := fmt.Appendf(nil, `{"action":"opened","issue":{"number":%d,"title":%q,"html_url":"https://github.com/acme/api/issues/1"},"repository":{"full_name":"acme/api"},"sender":{"login":"octocat"}}`, p.next, bodyWord)
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write(body)
	return http.Header{
		"Content-Type": {"application/json"}, "X-Github-Event": {"issues"}, "X-Github-Delivery": {fmt.Sprintf("delivery-%d", p.next)},
		"X-Hub-Signature-256": {"sha256=" + hex.EncodeToString(mac.Sum(nil))}, "Traceparent": {"00-" + traceID + "-b7ad6b7169203331-01"},
	}, bytes.NewReader(body)
}

func (p *process) log() string {
	text, err := os.ReadFile(p.out)
	if err != nil {
		p.t.Fatal(err)
	}
	return string(text)
}

// logged wants all words in one line of the log.
func (p *process) logged(words ...string) {
	p.t.Helper()
	for line := range strings.Lines(p.log()) {
		found := true
		for _, w := range words {
			found = found && strings.Contains(line, w)
		}
		if found {
			return
		}
	}
	p.t.Errorf("no line of the log has all of %q:\n%s", words, p.log())
}

// nothingLeaked looks for secrets and bodies in all that the process wrote and
// answered, and wants its lines to be JSON but for the framework's empty ones.
func (p *process) nothingLeaked() {
	p.t.Helper()
	log := p.log()
	for line := range strings.Lines(log) {
		var e struct{ Severity, Message string }
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		if err := json.Unmarshal([]byte(line), &e); err != nil || e.Severity == "" || e.Message == "" {
			p.t.Errorf("a line is not for Cloud Logging: %s", line)
		}
	}
	for _, value := range append(p.hidden, bodyWord) {
		for _, how := range secrettest.Leaks(log+p.answers.String(), value) {
			p.t.Errorf("a secret or a body got out, %s", how)
		}
	}
}
