package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sigpost/sigpost/functions/aws/awstest"
	"github.com/sigpost/sigpost/pkg/source/cloudtruth/cloudtruthtest"
)

const scheduleEvent = `{"version":"0","detail-type":"Scheduled Event","source":"aws.scheduler","detail":{}}`

func TestPollPanics(t *testing.T) {
	var log bytes.Buffer
	p := &poller{poll: func(context.Context) error { panic(hiddenWord) }, log: slog.New(slog.NewJSONHandler(&log, nil))}
	_, err := p.Invoke(t.Context(), []byte(scheduleEvent))
	if !errors.Is(err, errPollPanic) || strings.Contains(log.String(), hiddenWord) || !strings.Contains(log.String(), "poll_test.go") {
		t.Errorf("%v\n%s", err, &log)
	}
}

func TestPollDeadlines(t *testing.T) {
	for timeout, want := range map[time.Duration]time.Duration{time.Minute: 55 * time.Second, 8 * time.Second: 6 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			ctx, cancel := context.WithDeadline(t.Context(), start.Add(timeout))
			defer cancel()
			p := &poller{poll: func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }, log: slog.New(slog.DiscardHandler)}
			if _, err := p.Invoke(ctx, nil); err == nil || time.Since(start) != want {
				t.Errorf("of %v the poll got %v, want %v", timeout, time.Since(start), want)
			}
		})
	}
}

// TestProcessPoll wants a change delivered once, by whichever instance.
func TestProcessPoll(t *testing.T) {
	const key = "hidden-api-key-word"
	changes := &cloudtruthtest.Server{Key: key}
	api := httptest.NewServer(changes)
	defer api.Close()
	table := awstest.NewDynamo(testTable)
	defer table.Close()
	config := fmt.Sprintf(`sources: { changes: { type: cloudtruth, api_key: secret://cloudtruth, url: %q, since: 1h } }
sinks: { ops: { type: slack, url: secret://slack-ops } }
routes: [ { to: [ops] } ]
`, api.URL)
	env := map[string]string{"_HANDLER": "poll", "AWS_ENDPOINT_URL_DYNAMODB": table.URL, "SIGPOST_STATE_TABLE": testTable}
	start := func(key string) *function {
		f := startFunction(t, config, env)
		f.put("cloudtruth", key)
		f.put("slack-ops", f.chat.hook("first"))
		return f
	}
	poll := func(f *function, failed bool, want string) {
		t.Helper()
		if o := f.invoke([]byte(scheduleEvent), patience); o.Failed != failed || !strings.Contains(string(o.Body), want) {
			t.Errorf("the poll came to %s, want %q\n%s", o.Body, want, f.out)
		}
	}
	first := start(key)
	changes.Add(time.Now(), "update", "Value", "v-1", bodyWord+":Production")
	poll(first, false, `{"status":"polled"}`)
	poll(first, false, `{"status":"polled"}`)
	second := start(key)
	changes.Add(time.Now(), "create", "Project", "p-1", bodyWord)
	poll(second, false, `{"status":"polled"}`)
	if a, b := first.chat.count(), second.chat.count(); a != 1 || b != 1 {
		t.Errorf("two instances delivered %d and %d messages, want one each", a, b)
	}
	wrong := start("hidden-wrong-key-word")
	poll(wrong, true, "CloudTruth refused the key with status 401")
	wrong.logged(`"level":"ERROR"`, "cloudtruth", "401")
	poll(wrong, false, "polled") // it leaves the source alone for a while
}

func TestProcessPollWithoutConfiguration(t *testing.T) {
	f := startFunction(t, strings.Replace(goodConfig, "secrets:", "secretz:", 1), map[string]string{"_HANDLER": "poll"})
	f.logged(`"level":"ERROR"`, `"key":"sources.github.secretz"`, `"line":2`)
	o := f.invoke([]byte(scheduleEvent), patience)
	var e struct{ ErrorMessage string }
	if err := json.Unmarshal(o.Body, &e); err != nil || !o.Failed || !strings.Contains(e.ErrorMessage, "sources.github.secretz") {
		t.Errorf("the poll came to %s", o.Body)
	}
}

func TestPollWarnings(t *testing.T) {
	f := startFunction(t, goodConfig, map[string]string{"_HANDLER": "poll"})
	f.logged(`"level":"WARN"`, "no source of the configuration is polled", "cloudtruth")
	f = startFunction(t, `sources: { changes: { type: cloudtruth, api_key: secret://cloudtruth } }
sinks: { ops: { type: slack, url: secret://slack-ops } }
routes: [ { to: [ops] } ]
`, map[string]string{"_HANDLER": "poll"})
	f.logged(`"level":"WARN"`, "SIGPOST_STATE_TABLE is not set")
}
