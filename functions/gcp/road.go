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

// The modes: deliver before answering, or store, answer and deliver.
const (
	directMode = "direct"
	queueMode  = "queue"
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
	deliver http.Handler
}

func newRoad(env func(string) string, p *projectID, given embedded, log *slog.Logger) *road {
	made, opt, err := newRelay(env, p, given, log)
	if err != nil {
		b := broken{problem.All(err), log}
		b.tell(context.Background())
		return &road{receive: b, deliver: b}
	}
	r := &road{receive: made, poll: made.Poll}
	k, err := newWorker(env, log)
	if err != nil { // of no interest to the other functions
		r.deliver = broken{problem.All(err), log}
		return r
	}
	k.work, k.state, k.queue = made.Work, opt.State, opt.queue
	r.deliver = k
	return r
}

// options are what a relay of this package is made with.
type options struct {
	relay.Options
	queue *topics // nil in direct mode
}

// newRelay checks the configuration and asks no service for anything: secrets
// are fetched when they are first needed.
func newRelay(env func(string) string, p *projectID, given embedded, log *slog.Logger) (*relay.Relay, options, error) {
	opt := options{Options: relay.Options{Log: log}}
	kept, err := newStore(env, p)
	problems := []error{err}
	if kept != nil { // else a nil *store, which is not a nil Store
		opt.State = kept
	}
	switch mode := env(modeVariable); mode {
	case "", directMode:
	case queueMode:
		opt.queue, err = newTopics(env)
		opt.Queue, problems = opt.queue, append(problems, err)
		if kept == nil {
			problems = append(problems, problem.New(collectionVariable, "is not set, and %s=%s needs it: a job could not be told from one that was delivered; set it to a Firestore collection",
				modeVariable, queueMode))
		}
	default:
		problems = append(problems, problem.New(modeVariable, "is %q, which this build does not know: set it to %s or %s, or unset it", mode, directMode, queueMode))
	}
	secrets := secret.NewCache(newSecrets(env, p), secret.NewLocal(os.LookupEnv, nil), secret.CacheConfig{Log: log})
	c, err := readConfig(env, given, secrets)
	if err := errors.Join(append(problems, err)...); err != nil {
		return nil, options{}, err
	}
	checkPolled(c, kept != nil, log)
	r, err := relay.New(c, opt.Options)
	return r, opt, err
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
