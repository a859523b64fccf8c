package gcp

import (
	"io"
	"log/slog"
	"net/http"
	"time"
)

// pollRetryAfter is when a poll that failed may be asked for again. The
// schedule comes round by itself.
const pollRetryAfter = 10 * time.Second

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
	if road.poll == nil {
		road.receive.ServeHTTP(w, r)
		return
	}
	if err := road.poll(r.Context()); err != nil {
		f.log.LogAttrs(r.Context(), slog.LevelError, "poll", slog.String("reason", err.Error()))
		unavailable(w, pollRetryAfter, "not all was polled; ask again")
		return
	}
	header(w, http.StatusOK)
	_, _ = io.WriteString(w, `{"status":"polled"}`+"\n")
}
