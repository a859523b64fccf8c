package gcp

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sigpost/sigpost/functions/gcp/gcptest"
	"github.com/sigpost/sigpost/pkg/secret"
)

// lines is a log that a test reads.
type lines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

// entries is what was logged.
func (l *lines) entries(t *testing.T) []map[string]any {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	var all []map[string]any
	for text := range strings.Lines(l.buf.String()) {
		var e map[string]any
		if err := json.Unmarshal([]byte(text), &e); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		all = append(all, e)
	}
	return all
}

func newLog(env setting) (*slog.Logger, *lines) {
	out := &lines{}
	return slog.New(newLogHandler(out, &projectID{env: env.get})), out
}

const (
	traceID  = "0af7651916cd43dd8448eb211c80319c"
	traceURL = "projects/" + gcptest.Project + "/traces/" + traceID
)

func TestLogLine(t *testing.T) {
	log, out := newLog(setting{projectVariable: gcptest.Project})
	ctx := withTrace(t.Context(), http.Header{"Traceparent": {"00-" + traceID + "-b7ad6b7169203331-01"}})
	log.DebugContext(ctx, "unseen")
	log.InfoContext(ctx, "one", "level", "mine", "secret", secret.NewValue(hidden))
	log.With("a", 1).WarnContext(ctx, "two")
	log.With("a", 1).WithGroup("g").With("b", 2).ErrorContext(ctx, "three", "msg", "m", "level", slog.LevelWarn)
	got := out.entries(t)
	if len(got) != 3 {
		t.Fatalf("%d lines", len(got))
	}
	for i, want := range []map[string]any{
		{"severity": "INFO", "message": "one", "level": "mine", "secret": "REDACTED"},
		{"severity": "WARNING", "message": "two", "a": 1.0},
		{"severity": "ERROR", "message": "three", "a": 1.0},
	} {
		want[traceField] = traceURL
		for k, v := range want {
			if got[i][k] != v {
				t.Errorf("line %d: %s is %v, want %v", i, k, got[i][k], v)
			}
		}
		if at, err := time.Parse(time.RFC3339Nano, got[i]["time"].(string)); err != nil || time.Since(at) > time.Hour {
			t.Errorf("time is %v", got[i]["time"])
		}
	}
	if g, ok := got[2]["g"].(map[string]any); !ok || g["b"] != 2.0 || g["msg"] != "m" || g["level"] != "WARN" {
		t.Errorf("the group is %v", got[2]["g"])
	}
}

func TestLogSharesNoAttributes(t *testing.T) {
	log, out := newLog(setting{projectVariable: gcptest.Project})
	ctx := withTrace(t.Context(), http.Header{"X-Cloud-Trace-Context": {traceID + "/1"}})
	base := log.WithGroup("g").With("x", 1)
	a, b := base.With("a", 1), base.With("b", 2)
	a.InfoContext(ctx, "a")
	b.InfoContext(ctx, "b")
	got := out.entries(t)
	if g := got[0]["g"].(map[string]any); g["a"] != 1.0 || g["b"] != nil {
		t.Errorf("%v", g)
	}
	if g := got[1]["g"].(map[string]any); g["b"] != 2.0 || g["a"] != nil {
		t.Errorf("%v", g)
	}
}

func TestSeverities(t *testing.T) {
	for level, want := range map[slog.Level]string{
		slog.LevelDebug: "DEBUG", slog.LevelInfo: "INFO", slog.LevelInfo + 2: "INFO", slog.LevelWarn: "WARNING", slog.LevelError: "ERROR", slog.LevelError + 4: "ERROR",
	} {
		if got := severity(level); got != want {
			t.Errorf("%v is %s, want %s", level, got, want)
		}
	}
}

func TestTraces(t *testing.T) {
	const other = "4bf92f3577b34da6a3ce929d0e0e4736"
	for _, c := range []struct{ parent, google, want string }{
		{"00-" + traceID + "-b7ad6b7169203331-01", other + "/1;o=1", traceID},
		{"", traceID + "/2450349824;o=1", traceID},
		{"", strings.ToUpper(traceID), traceID},
		{"garbage", other + "/1", other},
		{"00-" + strings.Repeat("0", 32) + "-b7ad6b7169203331-01", "", ""},
		{"", traceID + "\"}\n{", ""},
		{"", traceID[1:] + "/1", ""},
		{"00-" + hidden + "-1-1", hidden, ""},
		{"", "", ""},
	} {
		h := http.Header{"Traceparent": {c.parent}, "X-Cloud-Trace-Context": {c.google}}
		got, _ := withTrace(context.Background(), h).Value(traceKey{}).(string)
		if got != c.want {
			t.Errorf("%q, %q: trace is %q, want %q", c.parent, c.google, got, c.want)
		}
	}
}

func TestNoTraceWithoutProject(t *testing.T) {
	log, out := newLog(setting{})
	log.InfoContext(withTrace(t.Context(), http.Header{"X-Cloud-Trace-Context": {traceID}}), "x")
	if _, ok := out.entries(t)[0][traceField]; ok {
		t.Error("there is a trace of no project")
	}
}
