package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
)

// receiver answers the requests of a function URL in buffered mode.
type receiver struct {
	handler http.Handler
	log     *slog.Logger
}

var _ lambda.Handler = (*receiver)(nil)

// The time that an invocation has left is divided: the handler's context ends
// answerReserve before the invocation does, so that the handler can still say
// what became of the request, and abandonReserve before its end the sender is
// answered without the handler. Of a short time each takes a share at most.
const (
	answerReserve  = time.Second
	answerShare    = 4
	abandonReserve = 250 * time.Millisecond
	abandonShare   = 16
)

// reserves are when the handler's context ends and when it is abandoned.
func reserves(deadline time.Time, left time.Duration) (answer, abandon time.Time) {
	return deadline.Add(-min(answerReserve, left/answerShare)), deadline.Add(-min(abandonReserve, left/abandonShare))
}

// Invoke implements lambda.Handler. Its error, which Lambda logs and the sender
// sees as 502, says that the event is no request at all.
func (r *receiver) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	e, err := parseEvent(payload)
	if err != nil {
		return nil, err
	}
	return json.Marshal(r.answer(ctx, e, utf8.Valid(payload)))
}

// answer serves one request, whatever the handler does.
func (r *receiver) answer(ctx context.Context, e *events.LambdaFunctionURLRequest, whole bool) *events.LambdaFunctionURLResponse {
	method := e.RequestContext.HTTP.Method
	abandoned := ctx
	if deadline, ok := ctx.Deadline(); ok {
		answerBy, abandonAt := reserves(deadline, time.Until(deadline))
		var cancel context.CancelFunc
		abandoned, cancel = context.WithDeadline(ctx, abandonAt)
		defer cancel()
		ctx, cancel = context.WithDeadline(ctx, answerBy)
		defer cancel()
	}
	req, err := newRequest(ctx, e, whole)
	if err != nil {
		return r.failed(ctx, method, err.Error())
	}
	done := make(chan *responseWriter, 1)
	go func() { done <- r.serve(req) }()
	select {
	case w := <-done:
		return w.response(method)
	case <-abandoned.Done():
		return r.failed(ctx, method, "the request was not done before the function's timeout: raise the timeout, or see what hangs")
	}
}

// serve lets the handler answer; a panic becomes 500.
func (r *receiver) serve(req *http.Request) (w *responseWriter) {
	w = newResponseWriter()
	defer func() {
		if recover() == nil {
			return
		}
		// What a panic says may hold part of a body; where it happened doesn't.
		r.log.LogAttrs(req.Context(), slog.LevelError, "panic", slog.String("stack", string(debug.Stack())))
		w = newResponseWriter()
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusInternalServerError)
		_, _ = w.Write([]byte(`{"error":"internal error"}` + "\n"))
	}()
	r.handler.ServeHTTP(w, req)
	return w
}

// failedRetryAfter is when a sender should try again, in seconds.
const failedRetryAfter = 10

// failed is the answer for a request that could not be done: it was not the
// sender's fault, as far as one knows.
func (r *receiver) failed(ctx context.Context, method, reason string) *events.LambdaFunctionURLResponse {
	r.log.LogAttrs(ctx, slog.LevelError, "request", slog.Int("status", http.StatusServiceUnavailable), slog.String("reason", reason))
	w := newResponseWriter()
	unavailable(w, failedRetryAfter)
	return w.response(method)
}
