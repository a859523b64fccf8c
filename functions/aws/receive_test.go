package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/sigpost/sigpost/functions/aws/awstest"
)

// invoke hands one event to a handler behind a receiver.
func invoke(ctx context.Context, t *testing.T, h http.HandlerFunc, payload []byte, log io.Writer) (*events.LambdaFunctionURLResponse, error) {
	t.Helper()
	out, err := (&receiver{handler: h, log: slog.New(slog.NewJSONHandler(log, nil))}).Invoke(ctx, payload)
	if err != nil {
		return nil, err
	}
	var r events.LambdaFunctionURLResponse
	if err := json.Unmarshal(out, &r); err != nil {
		t.Fatal(err)
	}
	return &r, nil
}

func TestPanicsAreAnswered(t *testing.T) {
	for name, h := range map[string]http.HandlerFunc{
		"value":      func(http.ResponseWriter, *http.Request) { panic(hiddenWord) },
		"error":      func(http.ResponseWriter, *http.Request) { panic(errors.New(hiddenWord)) },
		"abort":      func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"after some": func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, hiddenWord); panic("x") },
	} {
		var log bytes.Buffer
		got, err := invoke(t.Context(), t, h, awstest.Event("POST", "/github", nil, []byte(hiddenWord)), &log)
		if err != nil || got.StatusCode != http.StatusInternalServerError {
			t.Errorf("%s: %+v, %v", name, got, err)
			continue
		}
		if strings.Contains(log.String()+got.Body, hiddenWord) || !strings.Contains(log.String(), "receive_test.go") {
			t.Errorf("%s: the log holds the value, or not the place: %s", name, &log)
		}
	}
}

// TestDeadlines wants the handler told in time, and the sender answered in time
// even if the handler does not listen.
func TestDeadlines(t *testing.T) {
	for name, c := range map[string]struct {
		timeout  time.Duration
		deaf     bool
		status   int
		from, to time.Duration // when the answer comes
	}{
		"listens":           {15 * time.Second, false, 418, 14 * time.Second, 14 * time.Second},
		"is deaf":           {15 * time.Second, true, 503, 14750 * time.Millisecond, 14750 * time.Millisecond},
		"listens, short":    {time.Second, false, 418, 750 * time.Millisecond, 750 * time.Millisecond},
		"is deaf, short":    {time.Second, true, 503, 937 * time.Millisecond, 938 * time.Millisecond},
		"is over before it": {0, true, 503, 0, 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			ctx, cancel := context.WithDeadline(t.Context(), start.Add(c.timeout))
			defer cancel()
			release := make(chan struct{})
			got, err := invoke(ctx, t, func(w http.ResponseWriter, r *http.Request) {
				if c.deaf {
					<-release
				} else {
					<-r.Context().Done()
				}
				w.WriteHeader(http.StatusTeapot)
			}, awstest.Event("POST", "/github", nil, nil), io.Discard)
			took := time.Since(start)
			close(release)
			if err != nil || got.StatusCode != c.status || took < c.from || took > c.to {
				t.Errorf("%s: %+v, %v after %v", name, got, err, took)
			}
			if got.StatusCode == 503 && got.Headers["Retry-After"] == "" {
				t.Errorf("%s: no Retry-After", name)
			}
		})
	}
}

func TestUnknownHandlers(t *testing.T) {
	for _, handler := range []string{"", "bootstrap", "Receive", "delivery"} {
		var log bytes.Buffer
		h := newFunction(t.Context(), handler, testEnv(t, nil), slog.New(slog.NewJSONHandler(&log, nil)))
		_, err := h.Invoke(t.Context(), awstest.Event("POST", "/github", nil, nil))
		for _, want := range []string{fmt.Sprintf("%q", handler), "handler setting", "receive"} {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%q: %v has no %s", handler, err, want)
			}
		}
		if !strings.Contains(log.String(), "handler setting") {
			t.Errorf("%q: is not logged", handler)
		}
	}
}

// TestBrokenConfigurations wants every problem in the log by file, line and key,
// and 503 for every request.
func TestBrokenConfigurations(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	wrong := write("wrong.yaml", "sources:\n  github: { type: githup, secrets: [secret://a] }\nsinks:\n  ops: { type: slack, url: hidden-word }\nroutes:\n  - { to: [nobody] }\n")
	for name, c := range map[string]struct {
		config string
		env    map[string]string
		want   []string
	}{
		"missing":  {filepath.Join(dir, "none.yaml"), nil, []string{"none.yaml", "SIGPOST_CONFIG", "scripts/build --config"}},
		"wrong":    {wrong, nil, []string{wrong, `"line":2`, "sources.github.type", `"line":4`, "sinks.ops.url", "routes[0]"}},
		"empty":    {write("empty.yaml", ""), nil, []string{"empty.yaml"}},
		"mode":     {wrong, map[string]string{"SIGPOST_MODE": "kafka"}, []string{"SIGPOST_MODE", "direct"}},
		"region":   {wrong, map[string]string{"AWS_REGION": ""}, []string{"AWS_REGION"}},
		"endpoint": {wrong, map[string]string{"AWS_ENDPOINT_URL": "nowhere"}, []string{"AWS_ENDPOINT_URL"}},
	} {
		t.Setenv("SIGPOST_CONFIG", c.config)
		var log bytes.Buffer
		h := newFunction(t.Context(), "receive", testEnv(t, c.env), slog.New(slog.NewJSONHandler(&log, nil)))
		for _, want := range c.want {
			if !strings.Contains(log.String(), want) {
				t.Errorf("%s: the log has no %s:\n%s", name, want, &log)
			}
		}
		log.Reset()
		for _, target := range []string{"/github", "/healthz"} {
			out, err := h.Invoke(t.Context(), awstest.Event("POST", target, nil, nil))
			var r events.LambdaFunctionURLResponse
			if err != nil || json.Unmarshal(out, &r) != nil || r.StatusCode != 503 || r.Headers["Retry-After"] != "60" {
				t.Errorf("%s: %s, %v", name, out, err)
			}
		}
		if !strings.Contains(log.String(), c.want[0]) {
			t.Errorf("%s: the requests' log doesn't name the first problem: %s", name, &log)
		}
		if strings.Contains(log.String(), hiddenWord) {
			t.Errorf("%s: the log repeats a value", name)
		}
	}
}
