package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/GoogleCloudPlatform/functions-framework-go/funcframework"

	"github.com/sigpost/sigpost/pkg/address"
	"github.com/sigpost/sigpost/pkg/config"
	"github.com/sigpost/sigpost/pkg/inbox"
	"github.com/sigpost/sigpost/pkg/queue"
	"github.com/sigpost/sigpost/pkg/relay"
	"github.com/sigpost/sigpost/pkg/state"
)

// server is the relay, its workers and the inbox under functions-framework.
type server struct {
	serverOptions
	handler  http.Handler
	road     *relay.Relay
	inFlight sync.WaitGroup
}

type serverOptions struct {
	host, port string
	log        *slog.Logger
	observe    func(relay.Delivery) // may be nil
	jobs       *queue.Memory        // nil: deliver before answering
	state      state.Store          // nil: in memory
}

func (s *server) url() string { return "http://" + net.JoinHostPort(s.host, s.port) }

// newServer puts the relay and, on loopback only, the inbox on one handler.
func newServer(c *config.Config, opt serverOptions) (*server, error) {
	box := inbox.New()
	ro := relay.Options{Log: opt.log, State: opt.state, Observe: func(d relay.Delivery) {
		for _, m := range messages(d) {
			box.Add(m)
		}
		if opt.observe != nil {
			opt.observe(d)
		}
	}}
	if opt.jobs != nil {
		ro.Queue = opt.jobs
	}
	r, err := relay.New(c, ro)
	if err != nil {
		return nil, err
	}
	s := &server{serverOptions: opt, road: r}
	if address.Loopback(opt.host) {
		pages := box.Handler()
		s.handler = http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			if req.URL.Path == "/inbox" || strings.HasPrefix(req.URL.Path, "/inbox/") {
				pages.ServeHTTP(w, req)
				return
			}
			s.relay(r, w, req)
		})
		return s, nil
	}
	s.handler = http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) { s.relay(r, w, req) })
	return s, nil
}

const (
	// workers is how many jobs are done at once. They mostly wait: for a
	// receiver, or until it is tried again.
	workers = 128
	// workGrace is how long a job that was begun may go on after a stop. What
	// is not delivered by then is tried again after the next start.
	workGrace = 5 * time.Second
)

// work does the jobs of the queue until ctx ends; drain waits for those begun.
func (s *server) work(ctx context.Context) {
	if s.jobs == nil {
		return
	}
	begun, cancel := context.WithCancel(context.WithoutCancel(ctx))
	context.AfterFunc(ctx, func() { time.AfterFunc(workGrace, cancel) })
	s.inFlight.Go(func() {
		defer cancel()
		s.jobs.Work(ctx, workers, func(_ context.Context, m queue.Message) queue.Verdict {
			return s.road.Work(begun, m)
		})
	})
}

// relay serves a request and counts it as in flight meanwhile.
func (s *server) relay(r http.Handler, w http.ResponseWriter, req *http.Request) {
	s.inFlight.Add(1)
	defer s.inFlight.Done()
	r.ServeHTTP(w, req)
}

// poll asks the polled sources until ctx ends; drain waits for it.
func (s *server) poll(ctx context.Context, sources []config.Source) {
	s.inFlight.Go(func() {
		poll(ctx, s.road, sources, func(_ config.Source, _ relay.Polled, err error) {
			if err != nil && ctx.Err() == nil {
				s.log.ErrorContext(ctx, "poll", "error", err.Error())
			}
		})
	})
}

// drainTimeout is how long a request in flight may go on after a stop, more
// than the most patient sender waits.
const drainTimeout = 16 * time.Second

// drain waits for the requests in flight, so that their senders get an answer,
// and for the jobs that were begun, so that they are not done again.
func (s *server) drain() {
	done := make(chan struct{})
	go func() { s.inFlight.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(drainTimeout):
		s.log.Warn("stopped with requests or deliveries in flight; senders should send again what was not answered")
	}
}

// messages are the requests of a delivery as the inbox shows them, in their order;
// none if there was nothing to post.
func messages(d relay.Delivery) (ms []inbox.Message) {
	steps := d.Steps
	if d.Body != nil || d.Err != nil {
		steps = append(steps[:len(steps):len(steps)], relay.Step{ContentType: d.ContentType, Body: d.Body, Err: d.Err})
	}
	for _, s := range steps {
		status := "delivered"
		if s.Err != nil {
			status = "failed: " + s.Err.Error()
		}
		ms = append(ms, inbox.Message{
			Sink: d.Sink.Name, Type: d.Sink.Type, Status: status, Time: time.Now(),
			Body: s.Body, ContentType: s.ContentType, Event: *d.Event,
		})
	}
	return ms
}

// start serves until ctx ends. It returns when the server answers; done then
// gives the server's error, or nothing.
func (s *server) start(ctx context.Context) (done <-chan error, err error) {
	// With a target the framework serves that one function, at every path, and
	// doesn't announce it on standard output. A name that nothing registered
	// means the function registered last.
	if err := os.Setenv("FUNCTION_TARGET", "sigpost"); err != nil {
		return nil, err
	}
	if err := checkFree(ctx, s.host, s.port); err != nil {
		return nil, err
	}
	if err := funcframework.RegisterHTTPFunctionContext(ctx, "/", s.handler.ServeHTTP); err != nil {
		return nil, err
	}
	ended := make(chan error, 1)
	go func() { ended <- funcframework.StartHostPort(s.host, s.port) }()
	return ended, s.awaitReady(ctx, ended)
}

// checkFree says clearly that a port is taken, before the framework does it
// less clearly.
func checkFree(ctx context.Context, host, port string) error {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", net.JoinHostPort(host, port))
	if err != nil {
		return fmt.Errorf("can't listen on %s: %w; is it in use? PORT or --port takes another port from 1 to 65535", net.JoinHostPort(host, port), err)
	}
	return l.Close()
}

// readyTimeout is how long the server may take to answer its first request.
const readyTimeout = 10 * time.Second

func (s *server) awaitReady(ctx context.Context, ended <-chan error) error {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url()+"/healthz", nil)
		if err != nil {
			return err
		}
		if resp, err := http.DefaultClient.Do(req); err == nil {
			return resp.Body.Close()
		}
		select {
		case err := <-ended:
			return err
		case <-ctx.Done():
			return errors.New("the server did not answer in time")
		case <-tick.C:
		}
	}
}

// listenOn is where to listen: PORT (8080) on loopback unless told otherwise.
func listenOn(host, port string) (string, string, error) {
	if port == "" {
		port = os.Getenv("PORT")
	}
	if port == "" {
		port = "8080"
	}
	if port != "0" {
		return host, port, nil
	}
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		return "", "", err
	}
	_, port, err = net.SplitHostPort(l.Addr().String())
	if err != nil {
		return "", "", err
	}
	return host, port, l.Close()
}
