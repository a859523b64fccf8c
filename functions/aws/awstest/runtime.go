package awstest

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Runtime is the Runtime API of Lambda, for one instance of a function: set
// AWS_LAMBDA_RUNTIME_API to its Address.
// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
type Runtime struct {
	Address string

	server *httptest.Server
	calls  chan *call
	polled chan struct{}
	once   sync.Once

	mu   sync.Mutex
	next int
	open map[string]*call
	all  []Outcome
}

// call is an invocation under way.
type call struct {
	id       string
	payload  []byte
	deadline time.Time
	done     chan Outcome
}

// Outcome is what an invocation came to.
type Outcome struct {
	Failed bool // the function reported an error
	Body   []byte
}

// NewRuntime starts a Runtime API.
func NewRuntime() *Runtime {
	r := &Runtime{calls: make(chan *call), polled: make(chan struct{}), open: map[string]*call{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /2018-06-01/runtime/invocation/next", r.serveNext)
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/{outcome}", r.serveOutcome)
	r.server = httptest.NewServer(mux)
	r.Address = strings.TrimPrefix(r.server.URL, "http://")
	return r
}

// Close stops the server.
func (r *Runtime) Close() { r.server.CloseClientConnections(); r.server.Close() }

// Polled is closed when the function has asked for its first invocation: that
// is the end of its start.
func (r *Runtime) Polled() <-chan struct{} { return r.polled }

// Outcomes is what all invocations came to.
func (r *Runtime) Outcomes() []Outcome {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]Outcome(nil), r.all...)
}

// Invoke hands the function one event and waits for the outcome, at most for
// timeout: then Lambda kills the instance.
func (r *Runtime) Invoke(ctx context.Context, payload []byte, timeout time.Duration) (Outcome, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	r.mu.Lock()
	r.next++
	c := &call{id: fmt.Sprintf("00000000-0000-4000-8000-%012d", r.next), payload: payload, deadline: time.Now().Add(timeout), done: make(chan Outcome, 1)}
	r.open[c.id] = c
	r.mu.Unlock()
	select {
	case r.calls <- c:
	case <-ctx.Done():
		return Outcome{}, fmt.Errorf("the function asks for no invocation: %w", ctx.Err())
	}
	select {
	case o := <-c.done:
		return o, nil
	case <-ctx.Done():
		return Outcome{}, fmt.Errorf("the function answered not before its timeout: %w", ctx.Err())
	}
}

func (r *Runtime) serveNext(w http.ResponseWriter, req *http.Request) {
	r.once.Do(func() { close(r.polled) })
	select {
	case c := <-r.calls:
		h := w.Header()
		h.Set("Lambda-Runtime-Aws-Request-Id", c.id)
		h.Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(c.deadline.UnixMilli(), 10))
		h.Set("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:"+Region+":123456789012:function:sigpost")
		h.Set("Lambda-Runtime-Trace-Id", "Root=1-5e1b4151-43a0913a12345678901234567")
		_, _ = w.Write(c.payload)
	case <-req.Context().Done():
	}
}

func (r *Runtime) serveOutcome(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(io.LimitReader(req.Body, maxRequest))
	if err != nil {
		return
	}
	r.mu.Lock()
	c := r.open[req.PathValue("id")]
	delete(r.open, req.PathValue("id"))
	o := Outcome{Failed: req.PathValue("outcome") == "error", Body: body}
	r.all = append(r.all, o)
	r.mu.Unlock()
	if c == nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	w.WriteHeader(http.StatusAccepted)
	c.done <- o
}
