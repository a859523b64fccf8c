package relay

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/sigpost/sigpost/pkg/deliver"
	"github.com/sigpost/sigpost/pkg/queue"
)

const (
	// DefaultRetryFor is how long a job is tried, from when it was accepted.
	DefaultRetryFor = 24 * time.Hour
	// workTime bounds the attempts of one call; what is not delivered by then
	// goes back to the queue. A call with less time left uses that.
	workTime = 20 * time.Second
	// firstDelay and maxDelay are how long a job waits after its first failure
	// and at most; each failure doubles it.
	firstDelay = 5 * time.Second
	maxDelay   = time.Hour
	// maxWaiting is how long a job may wait for its turn at a sink, from when it
	// was accepted: queues forget what they have kept for a week or two.
	maxWaiting = 5 * 24 * time.Hour
	// busyDelay is how long a job waits that seems to be in other hands.
	busyDelay = 30 * time.Second
	// newerDelay and newerTries are how long and how often a job of a newer
	// version waits for a worker that can read it.
	newerDelay = time.Minute
	newerTries = 60
	// buryDelay is when it is tried again to bury a job that couldn't be buried.
	buryDelay = time.Minute
)

// Work does one job of the queue and says what becomes of it. It never panics,
// and what it can't deliver now it wants again, later each time, until the job
// is older than Options.RetryFor; then, and at once after a final refusal, the
// job is buried with its reason.
func (r *Relay) Work(ctx context.Context, m queue.Message) (v queue.Verdict) {
	defer func() {
		if p := recover(); p != nil {
			r.opt.Log.ErrorContext(ctx, "panic", "panic", panicText(p))
			v = queue.Verdict{Again: true, After: maxDelay}
		}
	}()
	job, err := queue.Decode(m.Body)
	if errors.Is(err, queue.ErrNewer) && m.Received < newerTries {
		r.opt.Log.WarnContext(ctx, "job left for a newer worker", "reason", err.Error())
		return queue.Verdict{Again: true, After: newerDelay}
	}
	if err != nil {
		return r.bury(ctx, m, job, queue.Dead{Reason: err.Error(), Attempts: m.Received})
	}
	s, err := r.at(job.Sink, job.Channel)
	if err != nil {
		return r.bury(ctx, m, job, queue.Dead{Reason: err.Error() + ": mend the configuration and resend, or drop the job"})
	}
	if wait := r.turnAt(ctx, s, m.Received); wait > 0 {
		if r.opt.Now().Sub(job.Accepted) >= max(maxWaiting, r.opt.RetryFor) {
			return r.bury(ctx, m, job, queue.Dead{Reason: fmt.Sprintf("no turn at the sink within %s: raise its rate, or send it less", maxWaiting)})
		}
		return queue.Verdict{Again: true, After: wait}
	}
	job.Event.Received = job.Accepted
	if job.RawBytes > len(job.Event.Raw) {
		job.Event.RawBytes = job.RawBytes
	}
	start, err := r.begin(ctx, m)
	if errors.Is(err, errDeadly) {
		return r.bury(ctx, m, job, queue.Dead{Reason: err.Error(), Attempts: m.Received})
	}
	if err != nil {
		return queue.Verdict{Again: true, After: busyDelay}
	}
	defer start.leave()
	tried, cancel := context.WithTimeout(ctx, workTime)
	defer cancel()
	d := &Delivery{
		Event: &job.Event, Sink: s, Channel: job.Channel, round: job.Round, resent: job.Resent, accepted: job.Accepted,
		// Longer than another copy of the job can be under way.
		keep: max(maxWaiting, r.opt.RetryFor) + r.opt.RetryFor,
	}
	r.deliverMarked(tried, d)
	v = r.judge(context.WithoutCancel(ctx), m, job, d)
	start.end(context.WithoutCancel(ctx), !errors.Is(d.Err, errOnItsWay))
	return v
}

// judge is what becomes of a job after a try.
func (r *Relay) judge(ctx context.Context, m queue.Message, job queue.Job, d *Delivery) queue.Verdict {
	var de *deliver.Error
	final := errors.As(d.Err, &de) && !de.Temporary
	switch {
	case d.Err == nil:
		return queue.Verdict{}
	case errors.Is(d.Err, errOnItsWay):
		return queue.Verdict{Again: true, After: busyDelay}
	}
	attempts, first := r.failures(ctx, job, m.Received)
	dead := queue.Dead{Reason: d.Err.Error(), Attempts: attempts}
	if de != nil {
		dead.Status = de.Status
	}
	if final || errors.Is(d.Err, errPanic) {
		return r.giveUp(ctx, m, job, d, dead)
	}
	// A job from a clock that was ahead was accepted when it failed first.
	if r.opt.Now().Sub(earlier(job.Accepted, first)) >= r.opt.RetryFor {
		dead.Reason = fmt.Sprintf("not delivered within %s; last: %s", r.opt.RetryFor, dead.Reason)
		return r.giveUp(ctx, m, job, d, dead)
	}
	after := backoff(attempts)
	if de != nil {
		after = max(after, de.RetryAfter)
	}
	return queue.Verdict{Again: true, After: after}
}

// giveUp buries a job that was tried, and remembers that, so that a message that
// is handed out once more is not posted after all.
func (r *Relay) giveUp(ctx context.Context, m queue.Message, job queue.Job, d *Delivery, dead queue.Dead) queue.Verdict {
	v := r.bury(ctx, m, job, dead)
	if !v.Again {
		r.settle(ctx, []claim{d.mark()}, true)
	}
	return v
}

// backoff is how long a job waits after its n-th failure: 5 s, 10 s, 20 s, up
// to an hour.
func backoff(n int) time.Duration {
	return min(firstDelay<<min(max(n-1, 0), 20), maxDelay)
}

// failures counts a failure of job, and returns how many there were and when the
// first was. If the state store doesn't know, they are as many as the job was
// received.
func (r *Relay) failures(ctx context.Context, job queue.Job, received int) (n int, first time.Time) {
	key := "failures\n" + job.ID()
	first = r.opt.Now()
	v, err := r.opt.State.Get(ctx, key)
	if err != nil {
		return received, first
	}
	count, since, _ := strings.Cut(v, " ")
	if n, err = strconv.Atoi(count); err != nil || n < 0 {
		n = 0
	}
	if at, err := strconv.ParseInt(since, 10, 64); err == nil && n > 0 {
		first = time.Unix(at, 0)
	}
	n++
	if err := r.opt.State.Put(ctx, key, fmt.Sprint(n, " ", first.Unix()), 2*r.opt.RetryFor); err != nil {
		return max(n, received), first
	}
	return n, first
}

// bury takes a job off the queue and keeps it where people find it. If it
// can't be kept it stays on the queue.
func (r *Relay) bury(ctx context.Context, m queue.Message, job queue.Job, d queue.Dead) queue.Verdict {
	ctx = context.WithoutCancel(ctx)
	d.ID, d.Buried, d.Body = queue.BodyID(m.Body), r.opt.Now(), m.Body
	if job.Sink != "" {
		d.ID, d.Source, d.Type, d.Sink = job.ID(), job.Event.Source, job.Event.Type, job.Sink
	}
	attrs := []slog.Attr{
		slog.String("job", d.ID), slog.String("event", job.Event.ID), slog.String("source", d.Source), slog.String("type", d.Type),
		slog.String("sink", d.Sink), slog.Int("attempts", d.Attempts), slog.Int("status", d.Status), slog.String("reason", d.Reason),
	}
	if err := r.opt.Queue.Bury(ctx, d); err != nil {
		r.opt.Log.LogAttrs(ctx, slog.LevelError, "job can't be moved to the dead-letter queue; it is tried again", append(attrs, slog.String("error", err.Error()))...)
		return queue.Verdict{Again: true, After: buryDelay}
	}
	r.opt.Log.LogAttrs(ctx, slog.LevelError, "job moved to the dead-letter queue", attrs...)
	return queue.Verdict{}
}
