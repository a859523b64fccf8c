package relay

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/sigpost/sigpost/pkg/deliver"
	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/secret"
	"github.com/sigpost/sigpost/pkg/sink"
	"github.com/sigpost/sigpost/pkg/state"
)

// deliverAll brings every event to every sink that a route names, all at once,
// and says how that went: the truth, since the sender acts on it.
func (r *Relay) deliverAll(ctx context.Context, events []event.Event) answer {
	var jobs []*Delivery
	var healed []*event.Event
	for i := range events {
		e := &events[i]
		targets := r.config.Routes.Match(e)
		if len(targets) > 0 && r.recall(ctx, e) {
			healed = append(healed, e)
		}
		for _, t := range targets {
			jobs = append(jobs, r.delivery(ctx, e, t))
		}
	}
	switch {
	case len(jobs) == 0:
		return answer{status: http.StatusOK, outcome: ignored}
	case r.opt.Queue != nil:
		a := r.enqueue(ctx, jobs)
		if a.status == http.StatusOK {
			r.recovered(ctx, healed)
		}
		return a
	}
	if err := r.rounds(ctx, jobs); err != nil {
		return unavailable("not delivered: state store: " + err.Error())
	}
	if len(jobs) == 1 {
		r.deliverMarked(ctx, jobs[0])
	} else {
		var wg sync.WaitGroup
		for _, j := range jobs {
			wg.Go(func() { r.deliverMarked(ctx, j) })
		}
		wg.Wait()
	}
	a := outcome(jobs)
	if a.status != http.StatusServiceUnavailable { // then it is asked for again
		r.recovered(ctx, healed)
	}
	return a
}

// outcome is the answer for all jobs: a sink that may take the message later
// asks for the request again; one that never will is named as final only when
// no other wants it again.
func outcome(jobs []*Delivery) answer {
	a := answer{status: http.StatusOK, outcome: delivered}
	for _, j := range jobs {
		if j.Err == nil {
			continue
		}
		var de *deliver.Error
		if errors.As(j.Err, &de) && !de.Temporary {
			if a.status == http.StatusOK {
				a = answer{status: http.StatusBadGateway, public: "a receiver refused the message for good", reason: "sink " + j.Sink.Name + " refused"}
			}
			continue
		}
		if a.status != http.StatusServiceUnavailable {
			a = unavailable("sink " + j.Sink.Name + " can't take it now")
			a.public = "not delivered; send it again"
		}
		if de != nil {
			a.retryAfter = max(a.retryAfter, de.RetryAfter)
		}
	}
	return a
}

var (
	errPanic    = errors.New("panic")
	errOnItsWay = errors.New("the same message is on its way")
)

// deliverMarked delivers a job unless a mark says that it was delivered before,
// by an earlier try of the same request. A panic is this job's failure alone.
func (r *Relay) deliverMarked(ctx context.Context, d *Delivery) {
	defer func() {
		if p := recover(); p != nil {
			d.Err = fmt.Errorf("%w: %s", errPanic, panicText(p))
			r.opt.Log.ErrorContext(ctx, "panic", "sink", d.Sink.Name, "panic", panicText(p))
		}
	}()
	mark := d.mark()
	mark.until = r.opt.Now().Add(leaseTime)
	status, err := r.opt.State.Claim(ctx, mark.key, leaseTime)
	switch {
	case err != nil:
		d.Err = err
		return
	case status == state.Done:
		return
	case status == state.Busy:
		d.Err = errOnItsWay
		return
	}
	done := false
	defer func() { r.settle(ctx, []claim{mark}, done) }()
	start := r.opt.Now()
	d.Err = r.deliver(ctx, d)
	if denied(d.Err) && (secret.Refresh(ctx, d.Sink.Secrets, start) || r.renewable(d)) {
		d.Err = r.deliver(ctx, d)
	}
	done = d.Err == nil
	if r.opt.Observe != nil {
		r.opt.Observe(*d)
	}
}

// mark is what says that d was delivered.
func (d *Delivery) mark() claim {
	mark := claim{key: "delivered\n" + d.Event.Source + "\n" + d.Event.ID + "\n" + d.place(), window: max(window, d.keep)}
	if d.round != "" {
		mark.key += "\nround " + d.round
	}
	if d.resent > 0 { // on purpose, whatever was delivered before
		mark.key += "\n" + strconv.Itoa(d.resent)
	}
	return mark
}

// denied tells whether a receiver refused the address or its credentials, which
// may have been changed meanwhile.
func denied(err error) bool {
	var de *deliver.Error
	if said := (interface{ Unauthorized() bool })(nil); errors.As(err, &said) && said.Unauthorized() {
		return true
	}
	return errors.As(err, &de) && !de.Temporary && (de.Status == http.StatusUnauthorized ||
		de.Status == http.StatusForbidden || de.Status == http.StatusNotFound)
}

// renewable tells whether d's sink has other credentials for another try.
func (r *Relay) renewable(d *Delivery) bool {
	s, ok := d.Sink.Sink.(sink.Renewer)
	return ok && s.Renewable(r.opt.Now())
}

func deliveryAttrs(d *Delivery) []slog.Attr {
	attrs := []slog.Attr{
		slog.String("event", d.Event.ID), slog.String("source", d.Event.Source),
		slog.String("type", d.Event.Type), slog.String("sink", d.Sink.Name),
	}
	if d.Channel != "" {
		attrs = append(attrs, slog.String("channel", d.Channel))
	}
	return attrs
}

func (r *Relay) logAttempt(ctx context.Context, d *Delivery, a deliver.Attempt) {
	d.Attempts = a.Number
	level := slog.LevelInfo
	if a.Err != nil {
		level = slog.LevelWarn
	}
	if !r.opt.Log.Enabled(ctx, level) {
		return
	}
	attrs := append(deliveryAttrs(d), slog.Int("attempt", a.Number), slog.String("class", a.Class),
		slog.Int("status", a.Status), slog.Duration("latency", a.Latency.Round(time.Millisecond)))
	if !d.accepted.IsZero() {
		attrs = append(attrs, slog.Duration("age", r.opt.Now().Sub(d.accepted).Round(time.Millisecond)))
	}
	if a.Err != nil {
		attrs = append(attrs, slog.String("reason", a.Err.Error()))
	}
	r.opt.Log.LogAttrs(ctx, level, "delivery", attrs...)
}
