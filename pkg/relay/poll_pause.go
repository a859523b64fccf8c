package relay

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/sigpost/sigpost/pkg/deliver"
)

const (
	// refusedPause is the least time between two polls of a source that refuses
	// the key, and so between two errors that say so.
	refusedPause = 5 * time.Minute
	// maxPause is the most, unless the source asks for more.
	maxPause = 15 * time.Minute
)

// pause is how long a source that failed is left alone.
type pause struct {
	until    time.Time
	failures int // in a row
}

func (t *turn) pauseKey() string { return "pause\n" + t.src.Name }

func (t *turn) pause(ctx context.Context) (p pause, err error) {
	v, err := t.opt.State.Get(ctx, t.pauseKey())
	if err != nil {
		return p, fmt.Errorf("state store: %w", err)
	}
	seconds, failures, _ := strings.Cut(v, " ")
	unix, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil { // none, or not readable
		return pause{}, nil //nolint:nilerr // then there is no pause
	}
	p.until = time.Unix(unix, 0)
	p.failures, _ = strconv.Atoi(failures)
	return p, nil
}

// setPause follows a reading: after a failure it is a pause that doubles with
// each one, and is no shorter than the source asked for.
func (t *turn) setPause(ctx context.Context, last pause, failed error) error {
	v, keep := "", time.Duration(0)
	if failed != nil {
		last.failures++
		wait := t.backOff(last.failures, failed)
		v = strconv.FormatInt(t.opt.Now().Add(wait).Unix(), 10) + " " + strconv.Itoa(last.failures)
		keep = wait + maxPause + t.src.Poller.Schedule().Every
	} else if last.failures == 0 {
		return nil
	}
	if err := t.opt.State.Put(context.WithoutCancel(ctx), t.pauseKey(), v, keep); err != nil {
		return fmt.Errorf("state store: %w", err)
	}
	return nil
}

// backOff is half a period less than so many periods that the first failure
// costs no poll.
func (t *turn) backOff(failures int, failed error) time.Duration {
	every := t.src.Poller.Schedule().Every
	wait := min(every<<min(failures-1, 7), maxPause) - every/2
	var refused *refusedKeyError
	if errors.As(failed, &refused) {
		wait = max(wait, refusedPause)
	}
	var de *deliver.Error
	if errors.As(failed, &de) {
		wait = max(wait, de.RetryAfter)
	}
	return max(wait, 0)
}
