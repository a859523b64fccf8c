package relay

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/sigpost/sigpost/pkg/queue"
)

const (
	// maxStarts is how often a job may be begun by a worker of which nothing is
	// heard again.
	maxStarts = 10
	// allRoom is what a job takes that is done alone; another takes 1.
	allRoom = 1 << 20
)

// errDeadly says that a job ends the process that does it.
var errDeadly = errors.New("the worker ended without an answer")

// start is a job that is begun: it has room, and must leave it.
type start struct {
	r      *Relay
	key    string // empty: not counted
	before int    // how often it was begun without an end
	room   int64
}

// begin begins a job and counts that until it ends. A job that was handed out
// the first time isn't counted, which costs nothing then. One that has ended a
// process is done when no other is, so that those that are done with it are not
// taken for what it is. The error is errDeadly, after too many, or the context's.
func (r *Relay) begin(ctx context.Context, m queue.Message) (*start, error) {
	s := &start{r: r, room: 1}
	if m.Received > 1 {
		s.key = "begun\n" + queue.BodyID(m.Body)
		if v, err := r.opt.State.Get(ctx, s.key); err == nil {
			s.before, _ = strconv.Atoi(v) // what is no number counts as none
		}
	}
	if s.before >= maxStarts {
		return nil, fmt.Errorf("%w %d times", errDeadly, s.before)
	}
	if s.before > 0 {
		s.room = allRoom
	}
	if err := r.room.Acquire(ctx, s.room); err != nil {
		return nil, err
	}
	s.count(ctx, s.before+1)
	return s, nil
}

// end says that a job's worker is alive. If the job was not tried, it is as if
// it had not been begun.
func (s *start) end(ctx context.Context, tried bool) {
	n := s.before
	if tried {
		n = 0
	}
	s.count(ctx, n)
}

// leave gives the room back.
func (s *start) leave() { s.r.room.Release(s.room) }

func (s *start) count(ctx context.Context, n int) {
	if s.key == "" {
		return
	}
	v := ""
	if n > 0 {
		v = strconv.Itoa(n)
	}
	if err := s.r.opt.State.Put(ctx, s.key, v, maxWaiting); err != nil {
		s.r.opt.Log.WarnContext(ctx, "it is not counted how often a job was begun", "error", err.Error())
	}
}
