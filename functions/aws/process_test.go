package main

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/sigpost/sigpost/functions/aws/awstest"
)

// These tests run the real binary. What it logs and answers is searched for
// secrets and bodies at the end of each.

func TestProcessColdAndWarm(t *testing.T) {
	f := startFunction(t, goodConfig, nil)
	f.putAll()
	if n := f.secrets.Calls(); n != 0 {
		t.Errorf("%d secrets were fetched before anything needed one", n)
	}
	r := f.post("hidden-webhook-word", 200)
	if !strings.Contains(r.Body, `"status":"delivered"`) || !strings.Contains(r.Body, "delivery-1") {
		t.Errorf("the answer is %s", r.Body)
	}
	if n := f.secrets.Calls(); n != 2 {
		t.Errorf("%d secrets were fetched at a cold start, want 2", n)
	}
	for range 3 {
		f.post("hidden-webhook-word", 200)
	}
	if n := f.secrets.Calls(); n != 2 {
		t.Errorf("%d secrets were fetched, of which 2 were needed", n)
	}
	if n := f.chat.count(); n != 4 {
		t.Errorf("%d messages came, want 4", n)
	}
	f.logged(`"timestamp":`, `"level":"INFO"`, `"message":"request"`, `"requestId":"00000000-0000-4000-8000-000000000001"`, `"event":"delivery-1"`)
	f.answer(awstest.Event("GET", "/healthz", nil, nil), patience, 200)
	f.answer(awstest.Event("GET", "/github", nil, nil), patience, 405)
	f.answer(awstest.Event("POST", "/none", nil, []byte(bodyWord)), patience, 404)
	f.post("wrong-word", 401)
}

// TestProcessForms sends a form, which a function URL flags as base64, with its
// token in the path, escaped.
func TestProcessForms(t *testing.T) {
	f := startFunction(t, goodConfig, nil)
	f.putAll()
	body := []byte(`{"title":"Secret expired","message":"` + bodyWord + `","severity":"error","event_type":"secret_expired"}`)
	event := func(token string) []byte {
		return awstest.Event("POST", "/certs/"+url.PathEscape(token), http.Header{"Content-Type": {"application/vnd.any+json"}}, body)
	}
	f.answer(event("hidden token/word%"), patience, 200)
	f.answer(event("hidden token/word"), patience, 401)
}

func TestProcessRotation(t *testing.T) {
	f := startFunction(t, goodConfig, nil)
	f.putAll()
	f.post("hidden-webhook-word", 200)
	f.put("github-webhook", "hidden-second-word")
	f.post("hidden-second-word", 200)
	f.post("hidden-webhook-word", 200) // as AWSPREVIOUS
	f.post("wrong-word", 401)
	calls := f.secrets.Calls()
	for range 5 {
		f.post("wrong-word", 401)
	}
	if n := f.secrets.Calls(); n != calls {
		t.Errorf("forged requests made the function fetch secrets %d times", n-calls)
	}
	f.chat.revoke("first")
	f.put("slack-ops", f.chat.hook("second"))
	f.post("hidden-second-word", 200)
	if n := f.chat.count(); n != 4 {
		t.Errorf("%d messages came, want 4", n)
	}
}

func TestProcessStoreDown(t *testing.T) {
	f := startFunction(t, goodConfig, nil)
	f.putAll()
	f.secrets.Down(true)
	f.post("hidden-webhook-word", 503)
	f.logged(`"level":"ERROR"`, "acme/github-webhook", "Secrets Manager can't be reached")
	f.secrets.Down(false)
	eventually(t.Context(), t, func() bool {
		o := f.invoke(f.issue("hidden-webhook-word"), patience)
		return strings.Contains(string(o.Body), `"statusCode":200`)
	})
	f.secrets.Down(true)
	f.post("hidden-webhook-word", 200)
}

func TestProcessStoreHangs(t *testing.T) {
	f := startFunction(t, goodConfig, nil)
	f.putAll()
	goOn := f.secrets.Hang()
	f.answer(f.issue("hidden-webhook-word"), 1200*time.Millisecond, 503)
	f.logged(`"level":"ERROR"`, "github-webhook", "in time")
	goOn()
	eventually(t.Context(), t, func() bool {
		o := f.invoke(f.issue("hidden-webhook-word"), patience)
		return strings.Contains(string(o.Body), `"statusCode":200`)
	})
}

func TestProcessRefusedSecrets(t *testing.T) {
	for name, c := range map[string]struct {
		prepare func(*function)
		words   []string
	}{
		"no permission": {func(f *function) { f.secrets.Deny("acme/github-webhook") }, []string{"acme/github-webhook", "secretsmanager:GetSecretValue"}},
		"no key":        {func(f *function) { f.secrets.DenyKey("acme/slack-ops") }, []string{"acme/slack-ops", "kms:Decrypt"}},
		"no value":      {func(f *function) { f.secrets.Create("acme/certs-token") }, nil},
		"deleted":       {func(f *function) { f.secrets.Delete("acme/slack-ops") }, []string{"acme/slack-ops", "restore-secret"}},
	} {
		t.Run(name, func(t *testing.T) {
			f := startFunction(t, goodConfig, nil)
			f.putAll()
			c.prepare(f)
			if c.words == nil { // another source's secret
				f.post("hidden-webhook-word", 200)
				return
			}
			f.post("hidden-webhook-word", 503)
			f.logged(append(c.words, `"level":"ERROR"`)...)
		})
	}
	t.Run("unknown", func(t *testing.T) {
		f := startFunction(t, goodConfig, nil)
		f.post("hidden-webhook-word", 503)
		f.logged(`"level":"ERROR"`, "acme/github-webhook", "put-secret-value", "SIGPOST_SECRETS_PREFIX")
	})
}

func TestProcessTimeout(t *testing.T) {
	f := startFunction(t, goodConfig, nil)
	f.putAll()
	goOn := f.chat.stall()
	start := time.Now()
	const timeout = 2 * time.Second
	r := f.answer(f.issue("hidden-webhook-word"), timeout, 503)
	if took := time.Since(start); took >= timeout {
		t.Errorf("the answer came after %v", took)
	}
	if strings.Contains(r.Body, "ops") {
		t.Errorf("the answer names a sink: %s", r.Body)
	}
	f.logged(`"level":"ERROR"`, `"status":503`, "ops")
	goOn()
	f.post("hidden-webhook-word", 200) // the instance is alive
}

func TestProcessPanic(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	f := startBinary(t, self, "", map[string]string{panicVariable: "1"})
	for range 3 {
		f.answer(awstest.Event("POST", "/panic", nil, []byte(bodyWord)), patience, 500)
		f.answer(awstest.Event("POST", "/", nil, []byte(bodyWord)), patience, 200)
	}
	f.logged(`"level":"ERROR"`, `"message":"panic"`, "harness_test.go", `"requestId":"00000000-0000-4000-8000-000000000001"`)
}

// TestProcessBadEvents wants each refused with its reason, and the same instance
// at work afterwards.
func TestProcessBadEvents(t *testing.T) {
	f := startFunction(t, goodConfig, nil)
	f.putAll()
	pid := f.cmd.Process.Pid
	for _, payload := range []string{`{`, `null`, `{"Records":[{"body":"` + bodyWord + `"}]}`, `{"version":"1.0","httpMethod":"POST","body":"` + bodyWord + `"}`} {
		if o := f.invoke([]byte(payload), patience); !o.Failed || !strings.Contains(string(o.Body), "2.0") {
			t.Errorf("%s came to %s", payload, o.Body)
		}
	}
	f.logged(`"level":"ERROR"`, "function URL", "2.0")
	var e events.LambdaFunctionURLRequest
	if err := json.Unmarshal(f.issue("hidden-webhook-word"), &e); err != nil {
		t.Fatal(err)
	}
	for body, encoded := range map[string]bool{"\x1f\uFFFD\x00" + bodyWord: false, "%" + bodyWord: true} {
		e.Body, e.IsBase64Encoded = body, encoded
		payload, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		f.answer(payload, patience, 503)
	}
	f.logged(`"level":"ERROR"`, "flagged as text", "application/octet-stream")
	f.logged(`"level":"ERROR"`, "flagged as base64")
	f.post("hidden-webhook-word", 200)
	if f.cmd.Process.Pid != pid || f.cmd.ProcessState != nil {
		t.Error("the instance did not stay")
	}
}

func TestProcessNoConfiguration(t *testing.T) {
	f := startFunction(t, "", nil)
	f.logged(`"level":"ERROR"`, "no configuration found", "sigpost.yaml", "scripts/build --config")
	f.post("hidden-webhook-word", 503)
	f.post("hidden-webhook-word", 503)
	f.logged(`"level":"ERROR"`, `"status":503`, "no configuration found")
}

func TestProcessWrongConfiguration(t *testing.T) {
	f := startFunction(t, strings.Replace(goodConfig, "secrets:", "secretz:", 1), nil)
	f.logged(`"level":"ERROR"`, "sigpost.yaml", `"line":2`, `"key":"sources.github.secretz"`)
	f.post("hidden-webhook-word", 503)
}

func TestProcessUnknownHandler(t *testing.T) {
	f := startFunction(t, goodConfig, map[string]string{"_HANDLER": "bootstrap"})
	if o := f.invoke(f.issue("x"), patience); !o.Failed || !strings.Contains(string(o.Body), "receive") {
		t.Errorf("%s", o.Body)
	}
	f.logged(`"level":"ERROR"`, "handler setting", "bootstrap", "receive")
}
