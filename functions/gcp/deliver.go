package gcp

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/sigpost/sigpost/pkg/problem"
	"github.com/sigpost/sigpost/pkg/queue"
	"github.com/sigpost/sigpost/pkg/state"
)

// maxPush is the most bytes of a push: the largest message, in base64, and what
// is around it.
const maxPush = 16 << 20

// push is what Pub/Sub posts to a push endpoint, wrapped.
// https://cloud.google.com/pubsub/docs/push#receive_push
type push struct {
	Message *struct {
		Data        []byte            `json:"data"`
		Attributes  map[string]string `json:"attributes"`
		MessageID   string            `json:"messageId"`
		OrderingKey string            `json:"orderingKey"`
	} `json:"message"`
	// DeliveryAttempt is there if the subscription has a dead-letter policy.
	DeliveryAttempt int `json:"deliveryAttempt"`
}

// worker does the jobs that Pub/Sub pushes, and answers it: 2xx takes a message
// off, anything else brings it back, and all later ones of its ordering key
// wait for it. What is merely not due is answered with 429, so that what counts
// as an error of the function is one.
type worker struct {
	work   func(context.Context, queue.Message) queue.Verdict
	state  state.Store
	queue  *topics
	caller *caller
	now    func() time.Time
	log    *slog.Logger
}

// newWorker is the worker of a road in queue mode.
func newWorker(env func(string) string, log *slog.Logger) (*worker, error) {
	if env(modeVariable) != queueMode {
		return nil, problem.New(modeVariable, "is not %s, so there are no jobs to deliver: set it, or don't deploy Deliver", queueMode)
	}
	c, err := newCaller(env)
	return &worker{caller: c, now: time.Now, log: log}, err
}

// deliver takes the jobs that the push subscription brings.
func (f *function) deliver(w http.ResponseWriter, r *http.Request) { f.road().deliver.ServeHTTP(w, r) }

// ServeHTTP implements http.Handler.
func (k *worker) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		answer(w, http.StatusMethodNotAllowed, "method not allowed")
		return
	}
	ctx := r.Context()
	if err := k.caller.check(ctx, r.Header.Get("Authorization")); err != nil {
		k.refuse(w, r, err)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxPush))
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		k.unusable(ctx, w, http.StatusRequestEntityTooLarge, "the push is too large")
		return
	}
	if err != nil {
		k.unusable(ctx, w, http.StatusBadRequest, "the push broke off")
		return
	}
	var p push
	if err := json.Unmarshal(body, &p); err != nil || p.Message == nil || p.Message.MessageID == "" {
		k.unusable(ctx, w, http.StatusBadRequest, "the push is not a wrapped message of Pub/Sub: is payload unwrapping on?")
		return
	}
	h := handed{lane: laneOf(p.Message.OrderingKey, p.Message.MessageID), id: p.Message.Attributes[idAttribute], body: p.Message.Data, attempt: p.DeliveryAttempt}
	if h.id == "" {
		h.id = queue.BodyID(h.body)
	}
	k.answer(w, k.take(ctx, h))
}

// refuse answers who is not the subscription.
func (k *worker) refuse(w http.ResponseWriter, r *http.Request, err error) {
	ctx := r.Context()
	if !errors.Is(err, errForged) {
		k.log.LogAttrs(ctx, slog.LevelError, "push", slog.Int("status", http.StatusServiceUnavailable), slog.String("reason", err.Error()))
		unavailable(w, pollRetryAfter, "not taken; push it again")
		return
	}
	k.log.LogAttrs(ctx, slog.LevelWarn, "push", slog.Int("status", http.StatusUnauthorized), slog.String("reason", err.Error()))
	w.Header().Set("WWW-Authenticate", "Bearer")
	answer(w, http.StatusUnauthorized, "not the push subscription")
}

// unusable answers a push that no worker will ever understand. The
// subscription's dead-letter policy ends its coming back.
func (k *worker) unusable(ctx context.Context, w http.ResponseWriter, status int, reason string) {
	k.log.LogAttrs(ctx, slog.LevelError, "push", slog.Int("status", status), slog.String("reason", reason))
	answer(w, status, reason)
}

// outcome is what became of a message that was handed out.
type outcome int

const (
	settled outcome = iota // it needs no more pushes
	later                  // not now
	failed                 // it could not be found out what to do
)

func (k *worker) answer(w http.ResponseWriter, o outcome) {
	switch o {
	case settled:
		header(w, http.StatusOK)
		_, _ = io.WriteString(w, `{"status":"settled"}`+"\n")
	case later:
		answer(w, http.StatusTooManyRequests, "not now; push it again")
	case failed:
		unavailable(w, pollRetryAfter, "not taken; push it again")
	}
}
