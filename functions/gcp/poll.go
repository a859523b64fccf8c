package gcp

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"time"
)

// pollRetryAfter is when a poll that failed may be asked for again. The
// schedule comes round by itself.
const pollRetryAfter = 10 * time.Second

// poller is the part of the relay that asks the polled sources.
type poller interface {
	Poll(ctx context.Context) error
}

// poll asks the polled sources once. It takes nothing from the request, whose
// caller Cloud Run has checked: the function is not public, and its one invoker
// is the scheduler's account.
func (f *function) poll(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		answer(w, http.StatusMethodNotAllowed, "method not allowed")
		return
	}
	road := f.road()
	p, ok := any(road.relay).(poller)
	if road.relay == nil || !ok {
		road.receive.ServeHTTP(w, r)
		return
	}
	start := time.Now()
	if err := p.Poll(r.Context()); err != nil {
		f.log.LogAttrs(r.Context(), slog.LevelError, "poll", slog.String("reason", err.Error()), slog.Duration("took", time.Since(start)))
		unavailable(w, pollRetryAfter, "not all was polled; ask again")
		return
	}
	f.log.LogAttrs(r.Context(), slog.LevelInfo, "poll", slog.Duration("took", time.Since(start)))
	header(w, http.StatusOK)
	_, _ = io.WriteString(w, `{"status":"polled"}`+"\n")
}
