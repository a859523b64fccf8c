package main

import (
	"context"
	"errors"
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
)

// newRoad is the relay, or what answers in its place if there can be none.
func newRoad(ctx context.Context, env func(string) string, log *slog.Logger) http.Handler {
	r, err := newRelay(env, log)
	if err != nil {
		b := broken{problem.All(err), log}
		b.tell(ctx)
		return b
	}
	return r
}

// newRelay reads the configuration that lies beside the binary. It asks no
// service for anything: secrets are fetched when they are first needed.
func newRelay(env func(string) string, log *slog.Logger) (*relay.Relay, error) {
	if mode := env(modeVariable); mode != "" && mode != "direct" {
		return nil, fmt.Errorf("%s is %q, which this build does not know: set it to direct, or unset it", modeVariable, mode)
	}
	account, err := newAccount(env)
	if err != nil {
		return nil, err
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
	opt := relay.Options{Log: log}
	if name := env(tableVariable); name != "" {
		opt.State = newTable(account, name, time.Now)
	}
	return relay.New(c, opt)
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

// tell logs every problem, by file, line and key.
func (b broken) tell(ctx context.Context) {
	for _, p := range b.problems {
		b.log.LogAttrs(ctx, slog.LevelError, "configuration", slog.String("problem", p.Text),
			slog.String("file", p.File), slog.Int("line", p.Line), slog.String("key", p.Key))
	}
}

// ServeHTTP answers 503.
func (b broken) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	first := errors.New("unknown")
	if len(b.problems) > 0 {
		first = b.problems[0]
	}
	b.log.LogAttrs(r.Context(), slog.LevelError, "request", slog.Int("status", http.StatusServiceUnavailable),
		slog.String("reason", "the configuration can't be used: "+first.Error()), slog.Int("problems", len(b.problems)))
	unavailable(w, brokenRetryAfter)
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
