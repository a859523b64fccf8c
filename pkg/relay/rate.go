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
	// maxSpread is over how many windows jobs that find no slot are spread.
	maxSpread = 64
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
	spread := min(1<<min(max(received, 0), 10), maxSpread)
	return next + time.Duration(rand.Int64N(int64(s.Rate.Per)*int64(spread))) //nolint:gosec // as above
}

func pauseKey(sink string) string { return "pause\n" + sink }

// pauseSink holds all jobs of a sink back whose receiver said that they come
// too fast, for as long as it said. The job that it said it to may wait for that
// moment where it is: the others must know before.
func (r *Relay) pauseSink(ctx context.Context, d *Delivery, a deliver.Attempt) {
	if d.accepted.IsZero() || a.Status != http.StatusTooManyRequests || a.RetryAfter <= 0 {
		return
	}
	wait := min(a.RetryAfter, maxRetryAfter)
	until := r.opt.Now().Add(wait).UTC().Format(time.RFC3339Nano)
	if err := r.opt.State.Put(context.WithoutCancel(ctx), pauseKey(d.Sink.Name), until, wait+time.Minute); err != nil {
		r.opt.Log.WarnContext(ctx, "other jobs of this sink don't know of its pause", "sink", d.Sink.Name, "error", err.Error())
	}
}
