package gcp

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"
	"time"
)

// The environment variables that say how long a request may take: Cloud Run's
// own, which it sets but documents nowhere, and the deployment's.
const (
	timeoutVariable  = "CLOUD_RUN_TIMEOUT_SECONDS"
	deployedVariable = "SIGPOST_TIMEOUT_SECONDS"
)

const (
	// defaultTimeout is how long a request may take if nothing says so: a
	// function's own default,
	// https://cloud.google.com/functions/docs/configuring/timeout.
	defaultTimeout = 60 * time.Second
	// What is kept of it to answer and to settle what was begun; of a short time
	// it is a share at most. A poll has to keep how far it got, and a delivery
	// what became of its job.
	receiveReserve = 2 * time.Second
	pollReserve    = 10 * time.Second
	deliverReserve = 10 * time.Second
	reserveShare   = 4
)

// budget is how long a request may work.
func budget(env func(string) string, reserve time.Duration) time.Duration {
	timeout := defaultTimeout
	for _, name := range []string{timeoutVariable, deployedVariable} {
		if s, err := strconv.Atoi(env(name)); err == nil && s > 0 && s <= int(24*time.Hour/time.Second) {
			timeout = time.Duration(s) * time.Second
			break
		}
	}
	return timeout - min(reserve, timeout/reserveShare)
}

// guard gives a function what the framework doesn't: a deadline, the trace that
// its log lines belong to, and an end to a panic whose text, which may hold part
// of a body, goes nowhere.
func (f *function) guard(serve http.HandlerFunc, reserve time.Duration) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(withTrace(r.Context(), r.Header), budget(f.env, reserve))
		defer cancel()
		defer func() {
			if recover() == nil {
				return
			}
			f.log.LogAttrs(ctx, slog.LevelError, "panic", slog.String("stack", string(debug.Stack())))
			answer(w, http.StatusInternalServerError, "internal error")
		}()
		serve(w, r.WithContext(ctx))
	}
}

// unavailable is the answer of a function that can't do its work now.
func unavailable(w http.ResponseWriter, retryAfter time.Duration, text string) {
	w.Header().Set("Retry-After", strconv.Itoa(int(retryAfter/time.Second)))
	answer(w, http.StatusServiceUnavailable, text)
}

// answer gives an error, which is a constant, to the caller.
func answer(w http.ResponseWriter, status int, text string) {
	header(w, status)
	_, _ = io.WriteString(w, `{"error":"`+text+`"}`+"\n")
}

func header(w http.ResponseWriter, status int) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
}
