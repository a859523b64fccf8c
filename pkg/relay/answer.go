package relay

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/sigpost/sigpost/pkg/gauge"
	"github.com/sigpost/sigpost/pkg/source"
)

// answer is what the sender is told, and what the log keeps of it.
type answer struct {
	status     int
	id         string // event's id
	kind       string // event's type
	outcome    string // delivered, duplicate, ignored, pong
	public     string // for the sender, of an error: a constant
	reason     string // for the log
	retryAfter time.Duration
	quiet      bool
	picture    []byte        // of a gauge, in place of all words
	keep       time.Duration // how long that is good
}

// defaultRetryAfter is when a sender should try again if nothing says more.
const defaultRetryAfter = 10 * time.Second

// The outcomes of a request that was taken.
const (
	delivered = "delivered"
	queued    = "queued"
	duplicate = "duplicate"
	ignored   = "ignored"
	pong      = "pong"
)

func (a answer) write(w http.ResponseWriter) {
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	if a.picture != nil {
		h.Set("Content-Type", gauge.ContentType)
		h.Set("Content-Length", strconv.Itoa(len(a.picture)))
		h.Set("Cache-Control", "public, max-age="+strconv.FormatInt(int64(a.keep/time.Second), 10)+", immutable")
		w.WriteHeader(a.status)
		_, _ = w.Write(a.picture)
		return
	}
	h.Set("Cache-Control", "no-store")
	if a.outcome == pong {
		h.Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(a.status)
		_, _ = w.Write([]byte("pong"))
		return
	}
	h.Set("Content-Type", "application/json")
	if a.status == http.StatusServiceUnavailable {
		wait := a.retryAfter
		if wait <= 0 {
			wait = defaultRetryAfter
		}
		h.Set("Retry-After", strconv.Itoa(int((wait+time.Second-1)/time.Second)))
	}
	var body any = struct {
		ID     string `json:"id,omitempty"`
		Status string `json:"status"`
	}{a.id, a.outcome}
	if a.status >= http.StatusBadRequest {
		body = struct {
			Error string `json:"error"`
		}{a.public}
	}
	out, err := json.Marshal(body)
	if err != nil {
		out = []byte(`{}`)
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(append(out, '\n'))
}

// refuse maps an error of a source to an answer.
func refuse(err error) answer {
	var r *source.Refusal
	if errors.As(err, &r) {
		return answer{status: r.Status, public: r.Public, reason: r.Reason}
	}
	return unavailable("a secret could not be read: " + err.Error())
}

func unavailable(reason string) answer {
	return answer{status: http.StatusServiceUnavailable, public: "not taken; send it again", reason: reason}
}

func refused(status int, text string) answer {
	return answer{status: status, public: text, reason: text}
}
