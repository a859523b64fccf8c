package gcp

import (
	"context"
	"encoding/base64"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"google.golang.org/api/pubsub/v1"

	"github.com/sigpost/sigpost/pkg/queue"
	"github.com/sigpost/sigpost/pkg/relay"
)

// Pub/Sub brings a message back when it sees fit: after 10 seconds, then later
// each time, up to 10 minutes. It can't be told "in an hour", and after 100
// deliveries, which is some 16 hours, the subscription's dead-letter policy
// takes a message away. A job is tried for a day, and a receiver may ask for a
// pause of hours. So:
//
//   - When a job is due is kept in the state store. A push before that is
//     answered with "not now" and attempts nothing. As the first of its ordering
//     key the job keeps its place, and those behind it wait.
//   - Before its deliveries are used up a job moves to the next lane: it is
//     published again under another ordering key, its group's name with the
//     number of the lane, and counts from 1 there. That it left is noted first,
//     so whatever comes after it in the old lane follows it, one after the other.
//     A later job therefore can't overtake an earlier one: both go through the
//     same lanes, and each lane is in order. A crash between publishing and
//     answering brings a job twice, which the marks of delivered jobs absorb.
//
// The dead-letter policy is left for what no code of this package can help: a
// worker that doesn't start, or dies of a job each time.

const (
	// laneAttempts is how many deliveries of a message are used in one lane,
	// of the 100 that the dead-letter policy of the subscription allows.
	laneAttempts = 90
	// laneMemory is for how long the jobs that follow are sent on after one that
	// left a lane, and how long it is known when a job is due. By then all that
	// went ahead is delivered or buried.
	laneMemory = 2 * relay.DefaultRetryFor
	// laneMark is between a group's name and the number of a lane. No group has
	// it, since they are hexadecimal.
	laneMark = "~"
)

// lane is one ordering key of a group. A job begins in number 0.
type lane struct {
	group  string
	number int
}

// laneOf reads an ordering key. A message without one is a group of its own.
func laneOf(key, messageID string) lane {
	group, number, marked := strings.Cut(key, laneMark)
	if group == "" {
		return lane{group: "message " + messageID}
	}
	n, err := strconv.Atoi(number)
	if !marked || err != nil || n < 1 {
		return lane{group: key}
	}
	return lane{group: group, number: n}
}

// String is the ordering key.
func (l lane) String() string {
	if l.number == 0 {
		return l.group
	}
	return l.group + laneMark + strconv.Itoa(l.number)
}

// left is the state's key for that jobs left this lane for the next.
func (l lane) left() string { return "lane left\n" + l.String() }

// handed is a message that was handed out.
type handed struct {
	lane    lane
	id      string // of the job
	body    []byte
	attempt int // how often it was handed out in this lane, if it is known
}

func (h handed) due() string { return "due\n" + h.id }

// take does what is to be done with a message now.
func (k *worker) take(ctx context.Context, h handed) outcome {
	left, err := k.state.Get(ctx, h.lane.left())
	if err != nil {
		return k.fail(ctx, h, "whether earlier jobs left this lane can't be read", err)
	}
	if left != "" || h.attempt >= laneAttempts {
		return k.moveOn(ctx, h)
	}
	received := max(h.attempt, 1) + h.lane.number*laneAttempts
	if received > 1 || h.attempt == 0 { // a new job is due
		kept, err := k.state.Get(ctx, h.due())
		if err != nil {
			return k.fail(ctx, h, "when the job is due can't be read", err)
		}
		if at, n, ok := parseDue(kept); ok {
			if k.now().Before(at) {
				return later
			}
			received = n + 1 // the pushes that came too early don't count
		}
	}
	v := k.work(ctx, queue.Message{Body: h.body, Received: received})
	if !v.Again {
		return settled
	}
	// The call's own time may be used up by now.
	ctx = context.WithoutCancel(ctx)
	if err := k.state.Put(ctx, h.due(), formatDue(k.now().Add(v.After), received), laneMemory); err != nil {
		k.log.LogAttrs(ctx, slog.LevelWarn, "when a job is due can't be kept; it is tried again as soon as Pub/Sub brings it",
			slog.String("job", h.id), slog.String("error", err.Error()))
	}
	return later
}

// formatDue is what is kept of a job: when it is due, and how often it was
// worked on.
func formatDue(at time.Time, received int) string {
	return at.UTC().Format(time.RFC3339Nano) + " " + strconv.Itoa(received)
}

func parseDue(kept string) (at time.Time, received int, ok bool) {
	when, count, _ := strings.Cut(kept, " ")
	at, err := time.Parse(time.RFC3339Nano, when)
	received, errCount := strconv.Atoi(count)
	return at, received, err == nil && errCount == nil && received > 0
}

// moveOn puts a message into the next lane, behind those that went before.
func (k *worker) moveOn(ctx context.Context, h handed) outcome {
	if err := k.state.Put(ctx, h.lane.left(), "1", laneMemory); err != nil {
		return k.fail(ctx, h, "that the job leaves its lane can't be kept", err)
	}
	next := lane{group: h.lane.group, number: h.lane.number + 1}
	m := &pubsub.PubsubMessage{
		Data: base64.StdEncoding.EncodeToString(h.body), OrderingKey: next.String(), Attributes: map[string]string{idAttribute: h.id},
	}
	if err := k.queue.publish(ctx, k.queue.jobs, []*pubsub.PubsubMessage{m}); err != nil {
		return k.fail(ctx, h, "the job can't be published again", err)
	}
	k.log.LogAttrs(ctx, slog.LevelInfo, "job moved to the next lane", slog.String("job", h.id), slog.Int("lane", next.number))
	return settled
}

func (k *worker) fail(ctx context.Context, h handed, what string, err error) outcome {
	k.log.LogAttrs(ctx, slog.LevelError, "push", slog.String("job", h.id), slog.String("reason", what), slog.String("error", err.Error()))
	return failed
}
