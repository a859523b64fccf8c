// Package relay is the road itself: an http.Handler that verifies a request,
// makes events of it, routes them, renders them and delivers them before it
// answers, and a Poll that does the same for senders that have to be asked. It is the only package that knows the order; it knows no sender, no
// receiver and no cloud.
package relay

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"runtime"
	"runtime/debug"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/sigpost/sigpost/pkg/config"
	"github.com/sigpost/sigpost/pkg/deliver"
	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/queue"
	"github.com/sigpost/sigpost/pkg/route"
	"github.com/sigpost/sigpost/pkg/state"
)

// Options are the parts that a Relay works with. The zero value of each but
// Log is the real thing.
type Options struct {
	Client *deliver.Client
	State  state.Store
	// Queue, if there is one, takes the jobs, and Work does them. Without one
	// everything is delivered before the sender is answered.
	Queue queue.Queue
	// RetryFor is how long a job is tried. Default DefaultRetryFor.
	RetryFor time.Duration
	Log      *slog.Logger
	Now      func() time.Time
	// Observe is told of every delivery when it is over. It must not block.
	Observe func(Delivery)
	// ReadTimeout is how long a sender may take to send its body. Default 10 s.
	ReadTimeout time.Duration
}

// Delivery is one event on its way to one sink, when it is over.
type Delivery struct {
	Event *event.Event
	Sink  config.Sink
	// Channel is where at the sink, if its route chose that.
	Channel string
	// ContentType and Body are of what was posted last, without the sink's
	// secrets. Body is nil if nothing had to be posted.
	ContentType string
	Body        []byte
	Attempts    int
	Err         error // nil: delivered
	// Steps are what was posted before Body, where the sink makes a conversation
	// of several requests.
	Steps []Step

	keep     time.Duration // how long it is remembered as delivered
	round    string        // see queue.Job
	resent   int           // how often it was brought back from the dead
	accepted time.Time     // when it was queued; zero if it was not
}

// Step is one request of a conversation, without the sink's secrets.
type Step struct {
	ContentType string
	Body        []byte
	Err         error // nil: accepted; else the conversation went on without it
}

// Relay takes in what senders post and hands it to the sinks.
type Relay struct {
	sources map[string]config.Source // those that post
	polled  []config.Source
	sinks   map[string]config.Sink
	config  *config.Config
	opt     Options
	room    *semaphore.Weighted // see begin
}

const (
	defaultReadTimeout = 10 * time.Second
	// answerReserve is kept of the time a sender waits, so that the answer
	// still reaches it.
	answerReserve = time.Second
	// window is how long a delivery is remembered, so that a redelivery inside
	// of it is a duplicate.
	window = 10 * time.Minute
)

// New returns a Relay for a configuration that config.Load accepted.
func New(c *config.Config, opt Options) (*Relay, error) {
	if len(c.Sources) == 0 || len(c.Sinks) == 0 {
		return nil, errors.New("relay: the configuration has no sources or no sinks")
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if opt.Client == nil {
		opt.Client = deliver.New(deliver.Config{})
	}
	if opt.State == nil {
		opt.State = state.NewMemory(opt.Now)
	}
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	if opt.RetryFor <= 0 {
		opt.RetryFor = DefaultRetryFor
	}
	if opt.ReadTimeout == 0 {
		opt.ReadTimeout = defaultReadTimeout
	}
	r := &Relay{sources: map[string]config.Source{}, sinks: map[string]config.Sink{}, config: c, opt: opt, room: semaphore.NewWeighted(allRoom)}
	for _, s := range c.Sources {
		if s.Poller != nil {
			r.polled = append(r.polled, s)
			continue
		}
		r.sources[s.Name] = s
	}
	for _, s := range c.Sinks {
		r.sinks[s.Name] = s
	}
	return r, nil
}

// delivery is e on its way to a target, in the words of the target.
func (r *Relay) delivery(ctx context.Context, e *event.Event, to route.Target) *Delivery {
	s, err := r.at(to.Sink, to.Channel)
	if err != nil { // config.Parse lets none of these through
		s.Sink = nil
	}
	worded, err := r.config.Words(e, to, s)
	if err != nil {
		r.opt.Log.LogAttrs(ctx, slog.LevelWarn, "a template failed: the event's own words are sent instead",
			slog.String("event", e.ID), slog.String("source", e.Source), slog.String("type", e.Type), slog.String("sink", to.Sink), slog.String("error", err.Error()))
	}
	return &Delivery{Event: worded, Sink: s, Channel: to.Channel}
}

// at is the sink of that name, posting to a channel if one is named.
func (r *Relay) at(name, channel string) (config.Sink, error) {
	s, ok := r.sinks[name]
	if !ok {
		return config.Sink{Name: name}, errors.New("the configuration has no sink of that name any more")
	}
	return s.To(channel)
}

// ServeHTTP answers POST /{source}, POST /{source}/{token} and GET /healthz.
func (r *Relay) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	start := r.opt.Now()
	name, a := "", answer{}
	defer func() {
		if p := recover(); p != nil {
			a = answer{status: http.StatusInternalServerError, public: "internal error", reason: "panic"}
			r.opt.Log.LogAttrs(req.Context(), slog.LevelError, "panic", slog.String("source", name),
				slog.String("panic", panicText(p)), slog.String("stack", string(debug.Stack())))
		}
		a.write(w)
		r.logAnswer(req.Context(), name, a, r.opt.Now().Sub(start))
	}()
	name, a = r.serve(w, req)
}

// panicText is what may be logged of a panic: the text of the runtime's own
// errors, and only the kind of any other, whose text may hold a body.
func panicText(p any) string {
	var re runtime.Error
	if err, ok := p.(error); ok && errors.As(err, &re) {
		return re.Error()
	}
	return "a value that is not shown"
}

func (r *Relay) logAnswer(ctx context.Context, source string, a answer, took time.Duration) {
	level := slog.LevelInfo
	switch {
	case a.quiet:
		level = slog.LevelDebug
	case a.status >= http.StatusInternalServerError:
		level = slog.LevelError
	case a.status >= http.StatusBadRequest:
		level = slog.LevelWarn
	}
	if !r.opt.Log.Enabled(ctx, level) {
		return
	}
	attrs := []slog.Attr{slog.String("source", source), slog.Int("status", a.status), slog.Duration("took", took)}
	for _, kv := range [][2]string{{"outcome", a.outcome}, {"event", a.id}, {"type", a.kind}, {"reason", a.reason}} {
		if kv[1] != "" {
			attrs = append(attrs, slog.String(kv[0], kv[1]))
		}
	}
	r.opt.Log.LogAttrs(ctx, level, "request", attrs...)
}
