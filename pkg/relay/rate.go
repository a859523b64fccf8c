package relay

import (
	"context"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"

	"github.com/sigpost/sigpost/pkg/config"
	"github.com/sigpost/sigpost/pkg/deliver"
	"github.com/sigpost/sigpost/pkg/state"
)

const (
	// slotProbes is how many slots of a window a job looks at before it takes
	// the window for full.
	slotProbes = 4
	// maxSpread and maxSpreadTime are over how many windows, and how long, jobs
	// that find no slot are spread: the longer one waits already, the less often
	// it is handed out, which queues bound and AWS charges for.
	maxSpread     = 1 << 10
	maxSpreadTime = 20 * time.Minute
)

// turnAt is how long a job must wait for its turn at a sink: until a pause that
// the receiver asked for is over, and until the sink's rate leaves room. Zero
// means now. Trouble with the state store costs the rate and not the message.
func (r *Relay) turnAt(ctx context.Context, s config.Sink, received int) time.Duration {
	now := r.opt.Now()
	if v, err := r.opt.State.Get(ctx, pauseKey(s.Name)); err == nil && v != "" {
		if until, err := time.Parse(time.RFC3339Nano, v); err == nil && now.Before(until) {
			return until.Sub(now)
		}
	}
	if s.Rate.Count == 0 {
		return 0
	}
	window := now.UnixNano() / int64(s.Rate.Per)
	first := rand.IntN(s.Rate.Count) //nolint:gosec // spreads load, guards nothing
	for i := range min(slotProbes, s.Rate.Count) {
		slot := strconv.Itoa((first + i) % s.Rate.Count)
		status, err := r.opt.State.Claim(ctx, "slot\n"+s.Name+"\n"+strconv.FormatInt(window, 10)+"\n"+slot, 2*s.Rate.Per)
		if err != nil || status == state.Claimed {
			return 0
		}
	}
	next := time.Unix(0, (window+1)*int64(s.Rate.Per)).Sub(now)
	spread := s.Rate.Per * time.Duration(min(1<<min(max(received, 0), 10), maxSpread))
	spread = min(spread, max(s.Rate.Per, maxSpreadTime))
	return next + time.Duration(rand.Int64N(int64(spread))) //nolint:gosec // as above
}

func pauseKey(sink string) string { return "pause\n" + sink }

// longPause is from when on a receiver that wants to be left alone means all
// jobs: queues can't hold one back for longer than half a day.
const longPause = 11 * time.Hour

// pauseSink holds all jobs of a sink back whose receiver said that they come
// too fast, for as long as it said. The job that it said it to may wait for that
// moment where it is: the others must know before.
func (r *Relay) pauseSink(ctx context.Context, d *Delivery, a deliver.Attempt) {
	if d.accepted.IsZero() || a.RetryAfter <= 0 || a.Status != http.StatusTooManyRequests && a.RetryAfter < longPause {
		return
	}
	ctx = context.WithoutCancel(ctx)
	until := r.opt.Now().Add(a.RetryAfter)
	if v, err := r.opt.State.Get(ctx, pauseKey(d.Sink.Name)); err == nil {
		if at, err := time.Parse(time.RFC3339Nano, v); err == nil && at.After(until) {
			return // another job was told to wait longer
		}
	}
	if err := r.opt.State.Put(ctx, pauseKey(d.Sink.Name), until.UTC().Format(time.RFC3339Nano), a.RetryAfter+time.Minute); err != nil {
		r.opt.Log.WarnContext(ctx, "other jobs of this sink don't know of its pause", "sink", d.Sink.Name, "error", err.Error())
	}
}
