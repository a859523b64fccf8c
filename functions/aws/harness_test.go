package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"

	"github.com/sigpost/sigpost/functions/aws/awstest"
	"github.com/sigpost/sigpost/pkg/secret/secrettest"
)

// panicVariable makes the test's own binary a function whose handler panics at
// /panic: the real one has no way to be brought to that from outside.
const panicVariable = "SIGPOST_TEST_PANIC"

func TestMain(m *testing.M) {
	if os.Getenv(panicVariable) != "" {
		lambda.Start(&receiver{log: newLogger(), handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			if body, err := io.ReadAll(r.Body); err != nil || r.URL.Path == "/panic" {
				panic(string(body))
			}
		})})
	}
	code := m.Run()
	if dir != "" {
		_ = os.RemoveAll(dir)
	}
	os.Exit(code)
}

// dir is where the binary is built, once.
var dir string

// bootstrap builds the binary as it is deployed, but for this machine.
var bootstrap = sync.OnceValues(func() (string, error) {
	var err error
	if dir, err = os.MkdirTemp("", "sigpost-bootstrap"); err != nil {
		return "", err
	}
	file := filepath.Join(dir, "bootstrap")
	cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-tags", "lambda.norpc", "-ldflags", "-s -w", "-o", file, ".") //nolint:gosec // a file of our own
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return file, nil
})

// bodyWord stands in every body that is sent, and in no log and no answer.
const bodyWord = "hidden-body-word"

// function is an instance of the real binary and all that is around it.
type function struct {
	t       *testing.T
	runtime *awstest.Runtime
	secrets *awstest.Secrets
	chat    *chat
	cmd     *exec.Cmd
	out     output
	hidden  []string // secrets that were put
	next    int
}

const goodConfig = `sources:
  github: { type: github, secrets: [secret://github-webhook] }
  certs: { type: certifyclouds, tokens: [secret://certs-token] }
sinks:
  ops: { type: slack, url: secret://slack-ops }
routes:
  - { to: [ops] }
`

// startFunction starts an instance with the configuration beside the binary;
// none if it is empty. env is added to the environment.
func startFunction(t *testing.T, config string, env map[string]string) *function {
	t.Helper()
	built, err := bootstrap()
	if err != nil {
		t.Fatal(err)
	}
	return startBinary(t, built, config, env)
}

// startBinary is startFunction with another binary.
func startBinary(t *testing.T, binary, config string, env map[string]string) *function {
	t.Helper()
	task := t.TempDir() // what Lambda unpacks the zip to
	file := filepath.Join(task, "bootstrap")
	if err := os.Link(binary, file); err != nil { // on another file system
		content, err := os.ReadFile(binary)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, content, 0o700); err != nil { //nolint:gosec // it shall run
			t.Fatal(err)
		}
	}
	if config != "" {
		if err := os.WriteFile(filepath.Join(task, "sigpost.yaml"), []byte(config), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	f := &function{t: t, runtime: awstest.NewRuntime(), secrets: awstest.NewSecrets(), chat: newChat(t), out: output{filepath.Join(t.TempDir(), "log")}}
	t.Cleanup(f.runtime.Close)
	t.Cleanup(f.secrets.Close)
	f.cmd = exec.Command(file) //nolint:gosec // a file of our own
	f.cmd.Dir = t.TempDir()
	log, err := os.Create(f.out.path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = log.Close() }()
	f.cmd.Stdout, f.cmd.Stderr = log, log
	all := awstest.Env()
	for k, v := range map[string]string{
		"_HANDLER": "receive", "AWS_LAMBDA_RUNTIME_API": f.runtime.Address, "AWS_LAMBDA_LOG_FORMAT": "JSON",
		"AWS_LAMBDA_LOG_LEVEL": "DEBUG", "AWS_ENDPOINT_URL_SECRETS_MANAGER": f.secrets.URL, "SIGPOST_SECRETS_PREFIX": testPrefix,
		"SIGPOST_MODE": "direct", "LAMBDA_TASK_ROOT": task,
	} {
		all[k] = v
	}
	for k, v := range env {
		all[k] = v
	}
	for k, v := range all {
		f.cmd.Env = append(f.cmd.Env, k+"="+v)
	}
	f.hidden = []string{awstest.SecretKey, awstest.SessionToken}
	if err := f.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	exited := make(chan struct{})
	go func() { _ = f.cmd.Wait(); close(exited) }()
	t.Cleanup(func() {
		_ = f.cmd.Process.Kill()
		<-exited
		f.checkNothingLeaked()
	})
	select {
	case <-f.runtime.Polled():
	case <-exited:
		t.Fatalf("the function ended:\n%s", f.out)
	case <-time.After(patience):
		t.Fatalf("the function did not ask for work:\n%s", f.out)
	}
	return f
}

// patience is how long a test waits for what should come at once.
const patience = 30 * time.Second

// put gives a secret a value.
func (f *function) put(name, value string) {
	f.hidden = append(f.hidden, value)
	f.secrets.Put(testPrefix+name, value)
}

// putAll gives all secrets of goodConfig a value.
func (f *function) putAll() {
	f.put("github-webhook", "hidden-webhook-word")
	f.put("certs-token", "hidden token/word%")
	f.put("slack-ops", f.chat.hook("first"))
}

// invoke hands the function an event.
func (f *function) invoke(payload []byte, timeout time.Duration) awstest.Outcome {
	f.t.Helper()
	o, err := f.runtime.Invoke(f.t.Context(), payload, timeout)
	if err != nil {
		f.t.Fatalf("%v\n%s", err, f.out)
	}
	return o
}

// post sends a signed issue of GitHub, each a new delivery, and checks the status.
func (f *function) post(key string, want int) *events.LambdaFunctionURLResponse {
	f.t.Helper()
	return f.answer(f.issue(key), patience, want)
}

// issue is the event of a signed issue.
func (f *function) issue(key string) []byte {
	f.next++
	body := fmt.Appendf(nil, `{"action":"opened","issue":{"number":%d,"title":%q,"html_url":"https://github.com/acme/api/issues/1"},"repository":{"full_name":"acme/api"},"sender":{"login":"octocat"}}`, f.next, bodyWord)
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write(body)
	return awstest.Event("POST", "/github", http.Header{
		"Content-Type": {"application/json"}, "X-Github-Event": {"issues"}, "X-Github-Delivery": {fmt.Sprintf("delivery-%d", f.next)},
		"X-Hub-Signature-256": {"sha256=" + hex.EncodeToString(mac.Sum(nil))},
	}, body)
}

// answer is the HTTP answer to an event; 503 must say when to try again.
func (f *function) answer(payload []byte, timeout time.Duration, want int) *events.LambdaFunctionURLResponse {
	f.t.Helper()
	o := f.invoke(payload, timeout)
	var r events.LambdaFunctionURLResponse
	if err := json.Unmarshal(o.Body, &r); err != nil || o.Failed {
		f.t.Fatalf("no answer but %s\n%s", o.Body, f.out)
	}
	if r.StatusCode != want {
		f.t.Fatalf("status %d, want %d: %s\n%s", r.StatusCode, want, r.Body, f.out)
	}
	if r.StatusCode == http.StatusServiceUnavailable && r.Headers["Retry-After"] == "" {
		f.t.Error("503 without Retry-After")
	}
	return &r
}

// logged wants all words in one line of the log, which may still be on its way.
func (f *function) logged(words ...string) {
	f.t.Helper()
	end := time.Now().Add(patience)
	for !f.hasLogged(words) {
		if time.Now().After(end) {
			f.t.Fatalf("no line of the log has all of %q:\n%s", words, f.out)
		}
		runtime.Gosched()
	}
}

func (f *function) hasLogged(words []string) bool {
	for line := range strings.Lines(f.out.String()) {
		if !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(line, w) }) {
			return true
		}
	}
	return false
}

// checkNothingLeaked looks for secrets, in all the ways they could be written,
// and for bodies, in everything that the function wrote or answered.
func (f *function) checkNothingLeaked() {
	f.t.Helper()
	all := f.out.String()
	for line := range strings.Lines(all) {
		if !json.Valid([]byte(line)) {
			f.t.Errorf("a line of the log is not JSON: %s", line)
		}
	}
	for _, o := range f.runtime.Outcomes() {
		all += string(o.Body) + "\n"
	}
	for _, value := range append(f.hidden, bodyWord) {
		for _, how := range secrettest.Leaks(all, value) {
			f.t.Errorf("a secret or a body got out, %s", how)
		}
	}
	for _, text := range f.secrets.Invalid() {
		f.t.Error("Secrets Manager was asked what it does not take:", text)
	}
}

// output is the file that a process writes to, so that what it wrote before it
// answered is there.
type output struct{ path string }

func (o output) String() string {
	text, err := os.ReadFile(o.path)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// eventually calls try until it is true.
func eventually(ctx context.Context, t *testing.T, try func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !try() {
		select {
		case <-ctx.Done():
			t.Fatal("that did not come in time")
		case <-tick.C:
		}
	}
}
