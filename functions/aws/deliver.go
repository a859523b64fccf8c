package main

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"

	"github.com/sigpost/sigpost/pkg/queue"
)

// deliverer does the jobs of a batch that SQS hands it: those of one group one
// after the other, groups beside each other.
type deliverer struct {
	work  func(context.Context, queue.Message) queue.Verdict
	queue *sqs
	log   *slog.Logger
}

var _ lambda.Handler = (*deliverer)(nil)

// The time of an invocation is divided: work's context ends settleReserve before
// it, so that every job can still be put back, and no job is begun with less
// than jobTime before that, about as much as one attempt may take. Of a short
// time each takes a share at most.
const (
	settleReserve = 8 * time.Second
	jobTime       = 12 * time.Second
	deliverShare  = 4
)

// linger is how long jobs that are done wait for the rest of their batch: after
// that they are deleted without it, so that what follows them in their groups
// can go on.
const linger = time.Second

var errNoBatch = errors.New("the event is no batch of messages of SQS: make the queue's event source mapping, and nothing else, call the deliver function")

// Invoke implements lambda.Handler. The answer names the messages that go back,
// so the event source mapping needs ReportBatchItemFailures. The error, after
// which all of them go back, says that the event is no batch.
func (d *deliverer) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	groups, err := parseBatch(payload)
	if err != nil {
		return nil, err
	}
	r := &round{deliverer: d, failures: []events.SQSBatchItemFailure{}}
	work, begin := ctx, time.Time{}
	if deadline, ok := ctx.Deadline(); ok {
		left := time.Until(deadline)
		end := deadline.Add(-min(settleReserve, left/deliverShare))
		begin = end.Add(-min(jobTime, left/deliverShare))
		var cancel context.CancelFunc
		work, cancel = context.WithDeadline(ctx, end)
		defer cancel()
	}
	var wg sync.WaitGroup
	for _, group := range groups {
		wg.Go(func() { r.group(ctx, work, begin, group) })
	}
	finish := r.hurry(ctx)
	wg.Wait()
	finish()
	return json.Marshal(events.SQSEventResponse{BatchItemFailures: r.failures})
}

// parseBatch is the messages of an event by group, in order.
func parseBatch(payload []byte) ([][]events.SQSMessage, error) {
	var e events.SQSEvent
	if err := json.Unmarshal(payload, &e); err != nil || len(e.Records) == 0 {
		return nil, errNoBatch
	}
	var groups [][]events.SQSMessage
	index := map[string]int{}
	for _, m := range e.Records {
		if m.EventSource != "aws:sqs" || m.MessageId == "" || m.ReceiptHandle == "" {
			return nil, errNoBatch
		}
		name := m.Attributes["MessageGroupId"]
		if name == "" {
			name = "message " + m.MessageId
		}
		i, known := index[name]
		if !known {
			i = len(groups)
			index[name] = i
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], m)
	}
	return groups, nil
}

// round is one batch under way.
type round struct {
	*deliverer

	mu       sync.Mutex
	failures []events.SQSBatchItemFailure
	done     []events.SQSMessage // not deleted yet
	hurried  bool                // what is done is deleted at once
}

// group does the jobs of one group. Once one of them has to be done again, all
// that follow it go back too, since it would be overtaken.
func (r *round) group(ctx, work context.Context, begin time.Time, messages []events.SQSMessage) {
	for i, m := range messages {
		if !begin.IsZero() && time.Now().After(begin) {
			r.back(ctx, messages[i:], 0)
			return
		}
		received, err := strconv.Atoi(m.Attributes["ApproximateReceiveCount"])
		if err != nil {
			received = 1
		}
		if v := r.work(work, queue.Message{Body: []byte(m.Body), Received: received}); v.Again {
			r.back(ctx, messages[i:], v.After)
			return
		}
		r.mu.Lock()
		r.done = append(r.done, m)
		hurried := r.hurried
		r.mu.Unlock()
		if hurried {
			r.forget(ctx)
		}
	}
}

// maxHidden is how long a message can be hidden: 12 hours from when it was
// received, and the longest invocation has 15 minutes.
const maxHidden = 12*time.Hour - 20*time.Minute

// back gives messages of one group back to the queue, to be handed out no sooner
// than after the time given. Those that follow the first are hidden as long as
// it, since a message that is out holds back its whole group.
func (r *round) back(ctx context.Context, messages []events.SQSMessage, after time.Duration) {
	seconds := int((min(max(after, 0), maxHidden) + time.Second - 1) / time.Second)
	var entries []entry
	r.mu.Lock()
	for _, m := range messages {
		r.failures = append(r.failures, events.SQSBatchItemFailure{ItemIdentifier: m.MessageId})
		entries = append(entries, entry{ReceiptHandle: m.ReceiptHandle, VisibilityTimeout: &seconds})
	}
	r.mu.Unlock()
	if err := r.each(ctx, "ChangeMessageVisibilityBatch", entries); err != nil {
		r.log.WarnContext(ctx, "jobs come back when the queue's visibility timeout is over, not after their own delay",
			"jobs", len(messages), "delay", after, "error", err.Error())
	}
}

// hurry begins to delete what is done when the batch lingers. The function that
// it returns ends that.
func (r *round) hurry(ctx context.Context) (finish func()) {
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		timer := time.NewTimer(linger)
		defer timer.Stop()
		select {
		case <-stop:
			return
		case <-timer.C:
		}
		r.mu.Lock()
		r.hurried = true
		r.mu.Unlock()
		r.forget(ctx)
	}()
	return func() { close(stop); <-stopped }
}

// forget deletes what is done. What can't be deleted now is when the batch ends.
func (r *round) forget(ctx context.Context) {
	r.mu.Lock()
	done := r.done
	r.done = nil
	r.mu.Unlock()
	var entries []entry
	for _, m := range done {
		entries = append(entries, entry{ReceiptHandle: m.ReceiptHandle})
	}
	if err := r.each(ctx, "DeleteMessageBatch", entries); err != nil {
		r.log.DebugContext(ctx, "jobs that are done are deleted with their batch", "jobs", len(done), "error", err.Error())
	}
}

// each does an operation on messages of the queue, at most maxEntries at a time.
func (r *round) each(ctx context.Context, operation string, entries []entry) error {
	var errs []error
	for len(entries) > 0 {
		n := min(len(entries), maxEntries)
		errs = append(errs, r.queue.each(ctx, operation, entries[:n]))
		entries = entries[n:]
	}
	return errors.Join(errs...)
}
