package relay

import (
	"context"
	"log/slog"
	"time"

	"github.com/sigpost/sigpost/pkg/state"
)

const (
	// turnWait is how long a delivery waits for another of the same subject,
	// which takes as long as a message or two, and turnShare which part of its
	// time at most: the rest is for its own message.
	turnWait  = 4 * time.Second
	turnShare = 2
	// turnEvery is how often it looks.
	turnEvery = 50 * time.Millisecond
)

// turnOf waits until no other delivery talks to d's sink about d's subject, and
// returns what gives the turn back. Senders report what one act did to a subject
// in several requests at once, such as an issue that is opened with a label; two
// at a time would begin two conversations. A queue hands out a subject's jobs one
// by one, so only direct mode waits. Whoever has waited too long goes ahead: a
// thread too many is better than a message that is lost.
func (r *Relay) turnOf(ctx context.Context, d *Delivery, key string) (end func()) {
	if !d.accepted.IsZero() {
		return func() {}
	}
	turn := claim{key: "turn\n" + key}
	for end := turnEnd(ctx); ; {
		turn.until = r.opt.Now().Add(leaseTime)
		status, err := r.opt.State.Claim(ctx, turn.key, leaseTime)
		if err == nil && status == state.Claimed {
			return func() { r.settle(ctx, []claim{turn}, false) }
		}
		if err == nil && time.Now().Before(end) && patience(ctx, turnEvery) {
			continue
		}
		attrs := deliveryAttrs(d)
		if err != nil {
			attrs = append(attrs, slog.String("error", err.Error()))
		}
		r.opt.Log.LogAttrs(ctx, slog.LevelWarn, "another message about the same subject is on its way: this one may begin a second thread", attrs...)
		return func() {}
	}
}

// turnEnd is when a delivery waits no longer. A slow state store's time counts.
func turnEnd(ctx context.Context) time.Time {
	wait := turnWait
	if deadline, ok := ctx.Deadline(); ok {
		wait = min(wait, time.Until(deadline)/turnShare)
	}
	return time.Now().Add(wait)
}

// patience waits; false if the time is over before.
func patience(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
