package main

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sigpost/sigpost/pkg/source/cloudtruth/cloudtruthtest"
)

// truth is a configuration with a CloudTruth that logged one change, and what its receiver gets.
func truth(t *testing.T, key string) (config string, received chan string) {
	t.Helper()
	log := &cloudtruthtest.Server{Key: key}
	log.Add(time.Now(), "update", "Value", "v", "db_\x1b[31mpassword:Production")
	log.Add(time.Now(), "push", "Push", "p", "nightly")
	received = make(chan string, 10)
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var b bytes.Buffer
		_, _ = b.ReadFrom(r.Body)
		received <- b.String()
	}))
	api := httptest.NewServer(log)
	t.Cleanup(receiver.Close)
	t.Cleanup(api.Close)
	t.Setenv("SIGPOST_SECRET_CT", hidden+"-key")
	t.Setenv("SIGPOST_SECRET_OPS", receiver.URL+"/"+hidden)
	return write(t, "sigpost.yaml", `
sources: { changes: { type: cloudtruth, api_key: secret://ct, url: "`+api.URL+`" } }
sinks: { ops: { type: generic, url: secret://ops } }
routes: [ { to: [ops] } ]
`), received
}

func TestPollOnce(t *testing.T) {
	config, received := truth(t, hidden+"-key")
	code, out, errOut := sigpost(t, "poll", "--once", "--config", config)
	if code != 0 || len(received) != 1 {
		t.Fatalf("exit %d, %d messages: %s%s", code, len(received), out, errOut)
	}
	for _, want := range []string{"TITLE", "changes", "value_updated", "ops", "delivered", "password updated in Production", "changes: 1 new, 1 delivered"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing: %s", want, out)
		}
	}
	if strings.Contains(out, "\x1b") {
		t.Errorf("the terminal is told what to do: %q", out)
	}
}

func TestPollOnceSaysWhatIsWrong(t *testing.T) {
	config, _ := truth(t, "another-key")
	if code, _, errOut := sigpost(t, "poll", "--once", "--config", config); code != 1 || !strings.Contains(errOut, "CloudTruth refused the key with status 401: the API key secret://ct is wrong") {
		t.Errorf("exit %d: %s", code, errOut)
	}
	for args, want := range map[string]string{"--source=nothing": "it has changes", "--config=" + write(t, "demo.yaml", string(demoConfig)): "no source of the configuration is polled"} {
		if code, _, errOut := sigpost(t, "poll", "--once", "--config", config, args); code != 1 || !strings.Contains(errOut, want) {
			t.Errorf("%s: exit %d: %s", args, code, errOut)
		}
	}
	if code, _, errOut := sigpost(t, "send", "changes", "--config", config); code != 1 || !strings.Contains(errOut, "sigpost poll --source changes") {
		t.Errorf("send: exit %d: %s", code, errOut)
	}
	code, out, errOut := sigpost(t, "render", "changes", "--config", config)
	if code != 0 || !strings.Contains(out, "# value_updated → ops") || !strings.Contains(out, "db_password updated in Production") {
		t.Errorf("render: exit %d: %s%s", code, out, errOut)
	}
}

// locked is a buffer that two goroutines may use.
type locked struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *locked) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func TestPollStopsWhenItIsTold(t *testing.T) {
	config, received := truth(t, hidden+"-key")
	ctx, cancel := context.WithCancel(t.Context())
	var out, errOut locked
	done := make(chan int)
	go func() { done <- run(ctx, []string{"poll", "--config", config}, &out, &errOut) }()
	<-received
	cancel()
	if code := <-done; code != 0 || !strings.Contains(out.String(), "1 delivered") || strings.Contains(errOut.String(), "ERROR") {
		t.Errorf("exit %d: %s%s", code, &out, &errOut)
	}
}

func TestServeAsksThePolledSourcesAndStopsCleanly(t *testing.T) {
	file, received := truth(t, hidden+"-key")
	s := &settings{config: file}
	c, err := s.load()
	if err != nil {
		t.Fatal(err)
	}
	var log locked
	srv, err := newServer(c, serverOptions{host: "127.0.0.1", port: "0", log: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	srv.poll(ctx, c.Sources)
	<-received
	cancel()
	srv.drain()
	if text := log.String(); !strings.Contains(text, "delivered=1") || strings.Contains(text, "level=ERROR") {
		t.Errorf("log: %s", text)
	}
}
