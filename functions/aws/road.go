package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/sigpost/sigpost/pkg/config"
	"github.com/sigpost/sigpost/pkg/problem"
	"github.com/sigpost/sigpost/pkg/relay"
	"github.com/sigpost/sigpost/pkg/secret"
)

// The environment variables of the function.
const (
	modeVariable   = "SIGPOST_MODE"
	prefixVariable = "SIGPOST_SECRETS_PREFIX"
	tableVariable  = "SIGPOST_STATE_TABLE"
	queueVariable  = "SIGPOST_QUEUE_URL"
	deadVariable   = "SIGPOST_DEAD_QUEUE_URL"
)

// The modes: deliver before answering, or store, answer and deliver.
const (
	modeDirect = "direct"
	modeQueue  = "queue"
)

// road is the relay of a configuration.
type road struct {
	*relay.Relay
	config *config.Config
	jobs   *jobs // nil in direct mode
}

// newRoad reads the configuration that lies beside the binary. It asks no
// service for anything: secrets are fetched when they are first needed.
func newRoad(env func(string) string, log *slog.Logger) (*road, error) {
	mode := env(modeVariable)
	if mode != "" && mode != modeDirect && mode != modeQueue {
		return nil, fmt.Errorf("%s is %q, which this build does not know: set it to %s or %s", modeVariable, mode, modeQueue, modeDirect)
	}
	account, err := newAccount(env)
	if err != nil {
		return nil, err
	}
	opt := relay.Options{Log: log}
	var queue *jobs
	if mode == modeQueue {
		if queue, err = newJobs(account); err != nil {
			return nil, err
		}
		opt.Queue = queue
	}
	file, err := config.Find()
	if err != nil {
		return nil, fmt.Errorf("%w; scripts/build --config FILE puts it into the zip", err)
	}
	secrets := secret.NewCache(newSecrets(account, env(prefixVariable)),
		secret.NewLocal(os.LookupEnv, nil), secret.CacheConfig{Log: log})
	c, err := config.Load(file, secrets)
	if err != nil {
		return nil, err
	}
	if name := env(tableVariable); name != "" {
		opt.State = newTable(account, name, time.Now)
	}
	r, err := relay.New(c, opt)
	if err != nil {
		return nil, err
	}
	return &road{r, c, queue}, nil
}

// tell logs every problem of a configuration, by file, line and key.
func tell(ctx context.Context, log *slog.Logger, problems []*problem.Problem) {
	for _, p := range problems {
		attrs := []slog.Attr{slog.String("problem", p.Text)}
		if p.File != "" {
			attrs = append(attrs, slog.String("file", p.File), slog.Int("line", p.Line), slog.String("key", p.Key))
		}
		log.LogAttrs(ctx, slog.LevelError, "configuration", attrs...)
	}
}

// broken answers every request where there is no usable configuration: the
// sender shall try again, since the fault is not its own.
type broken struct {
	problems []*problem.Problem
	log      *slog.Logger
}

// brokenRetryAfter is when a sender should try again, in seconds: a deployment
// takes about as long.
const brokenRetryAfter = 60

// ServeHTTP answers 503.
func (b broken) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.log.LogAttrs(r.Context(), slog.LevelError, "request", slog.Int("status", http.StatusServiceUnavailable),
		slog.String("reason", unusableReason(b.problems)))
	unavailable(w, brokenRetryAfter)
}

// unusableReason is the first problem and how many there are: all are in the
// log of the start.
func unusableReason(problems []*problem.Problem) string {
	reason := "the configuration can't be used: " + problems[0].Error()
	if n := len(problems) - 1; n > 0 {
		reason += fmt.Sprintf(" (and %d more, in the log of the instance's start)", n)
	}
	return reason
}

// unavailable is the answer of a function that can't do its work now.
func unavailable(w http.ResponseWriter, retryAfter int) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Retry-After", strconv.Itoa(retryAfter))
	w.WriteHeader(http.StatusServiceUnavailable)
	_, _ = io.WriteString(w, `{"error":"not taken; send it again"}`+"\n")
}
