package gcp

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"slices"
	"time"

	"github.com/sigpost/sigpost/pkg/config"
	"github.com/sigpost/sigpost/pkg/problem"
	"github.com/sigpost/sigpost/pkg/relay"
	"github.com/sigpost/sigpost/pkg/secret"
)

// The environment variables of the functions.
const (
	modeVariable   = "SIGPOST_MODE"
	prefixVariable = "SIGPOST_SECRETS_PREFIX"
)

// embedded is a configuration that was compiled in.
type embedded struct {
	file string
	data []byte
}

// road is what the entry points use: the relay, or what answers in its place if
// there can be none.
type road struct {
	receive http.Handler
	poll    func(context.Context) error // nil if there is no relay
}

func newRoad(env func(string) string, p *projectID, given embedded, log *slog.Logger) *road {
	r, err := newRelay(env, p, given, log)
	if err != nil {
		b := broken{problem.All(err), log}
		b.tell(context.Background())
		return &road{receive: b}
	}
	return &road{receive: r, poll: r.Poll}
}

// newRelay checks the configuration and asks no service for anything: secrets
// are fetched when they are first needed.
func newRelay(env func(string) string, p *projectID, given embedded, log *slog.Logger) (*relay.Relay, error) {
	var problems []error
	if mode := env(modeVariable); mode != "" && mode != "direct" {
		problems = append(problems, problem.New(modeVariable, "is %q, which this build does not know: set it to direct, or unset it", mode))
	}
	kept, err := newStore(env, p)
	problems = append(problems, err)
	secrets := secret.NewCache(newSecrets(env, p), secret.NewLocal(os.LookupEnv, nil), secret.CacheConfig{Log: log})
	c, err := readConfig(env, given, secrets)
	if err := errors.Join(append(problems, err)...); err != nil {
		return nil, err
	}
	opt := relay.Options{Log: log}
	if kept != nil { // else a nil *store, which is not a nil Store
		opt.State = kept
	}
	checkPolled(c, kept != nil, log)
	return relay.New(c, opt)
}

// checkPolled tells what makes polling lose its place.
func checkPolled(c *config.Config, kept bool, log *slog.Logger) {
	polled := slices.ContainsFunc(c.Sources, func(s config.Source) bool { return s.Poller != nil })
	if polled && !kept {
		log.Warn(collectionVariable + " is not set, so each instance forgets how far the polled sources were read, and what was delivered: set it to a Firestore collection")
	}
}

// readConfig reads the file that SIGPOST_CONFIG names, else what was compiled
// in, else a file at the usual places.
func readConfig(env func(string) string, given embedded, store secret.Store) (*config.Config, error) {
	if env(config.Variable) == "" && given.file != "" {
		return config.Parse(given.file, given.data, store)
	}
	file, err := config.Find()
	if err != nil {
		return nil, problem.New("", "%v; scripts/build --config FILE puts it into the zip", err)
	}
	return config.Load(file, store)
}

// broken answers every request where there is no usable configuration: the
// sender shall try again, since the fault is not its own.
type broken struct {
	problems []*problem.Problem
	log      *slog.Logger
}

// brokenRetryAfter is when a sender should try again: a deployment takes about
// as long.
const brokenRetryAfter = time.Minute

// tell logs every problem, by file, line and key.
func (b broken) tell(ctx context.Context) {
	for _, p := range b.problems {
		b.log.LogAttrs(ctx, slog.LevelError, "configuration", slog.String("problem", p.Text),
			slog.String("file", p.File), slog.Int("line", p.Line), slog.String("key", p.Key))
	}
}

// ServeHTTP answers 503.
func (b broken) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.log.LogAttrs(r.Context(), slog.LevelError, "request", slog.Int("status", http.StatusServiceUnavailable),
		slog.String("reason", "the configuration can't be used: "+b.problems[0].Error()), slog.Int("problems", len(b.problems)))
	unavailable(w, brokenRetryAfter, "not taken; send it again")
}
