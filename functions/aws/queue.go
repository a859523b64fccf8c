package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/sigpost/sigpost/pkg/queue"
)

// jobs is the queue.Queue over two FIFO queues of SQS: one for the jobs, one
// for the dead. An item's ID is its deduplication id, so that one that is sent
// again within five minutes is stored once; its group is its message group.
type jobs struct {
	live, dead *sqs
}

var _ queue.Queue = (*jobs)(nil)

func newJobs(a *account) (*jobs, error) {
	live, err := newSQS(a, queueVariable)
	dead, deadErr := newSQS(a, deadVariable)
	if err := errors.Join(err, deadErr); err != nil {
		return nil, err
	}
	if live.queue == dead.queue {
		return nil, fmt.Errorf("%s and %s are the same queue: dead jobs need one of their own", queueVariable, deadVariable)
	}
	return &jobs{live, dead}, nil
}

// deadRoom is what a dead job needs beside the job's body, in bytes: its texts,
// of which JSON may make six times as many, and its attributes.
const deadRoom = 16 << 10

// Limit implements queue.Queue. A job that long still fits in base64 into a
// dead job, so nothing that was taken can't be buried whole.
func (*jobs) Limit() int { return (maxBatch - deadRoom) / 4 * 3 }

// Put implements queue.Queue. What has to be sent in several calls is sent in
// order, and a call carries one item of each group at most: so an item that has
// to be sent again never overtakes, nor is overtaken by, one of its group.
func (q *jobs) Put(ctx context.Context, items []queue.Item) error {
	for len(items) > 0 {
		var entries []entry
		groups, size := map[string]bool{}, 0
		for _, it := range items {
			e := entry{MessageBody: clean(string(it.Body)), MessageGroupID: it.Group, MessageDeduplicationID: it.ID}
			if len(entries) == maxEntries || groups[it.Group] || len(entries) > 0 && size+e.size() > maxBatch {
				break
			}
			groups[it.Group] = true
			size += e.size()
			entries = append(entries, e)
		}
		if err := q.live.each(ctx, "SendMessageBatch", entries); err != nil {
			return err
		}
		items = items[len(entries):]
	}
	return nil
}

// maxReason and maxName bound the texts of a dead job, in bytes.
const (
	maxReason = 1 << 10
	maxName   = 256
)

// Bury implements queue.Queue. The message is the JSON of d; its attributes
// repeat what is looked for in a console. The body of something that was no job
// of ours may be cut.
func (q *jobs) Bury(ctx context.Context, d queue.Dead) error {
	d.Reason = cut(d.Reason, maxReason)
	d.Source, d.Type, d.Sink = cut(d.Source, maxName), cut(d.Type, maxName), cut(d.Sink, maxName)
	if n := len(d.Body); n > q.Limit() {
		d.Body = d.Body[:q.Limit()]
		d.Reason += fmt.Sprintf(" (the message had %d bytes, of which the first %d are kept)", n, len(d.Body))
	}
	body, err := json.Marshal(d)
	if err != nil {
		return err
	}
	attributes := map[string]messageAttribute{
		"Status": {"Number", strconv.Itoa(d.Status)}, "Attempts": {"Number", strconv.Itoa(d.Attempts)},
		"Buried": {"String", d.Buried.UTC().Format(time.RFC3339)},
	}
	for name, text := range map[string]string{"Source": d.Source, "Type": d.Type, "Sink": d.Sink, "Reason": d.Reason} {
		if text != "" { // SQS takes no empty ones
			attributes[name] = messageAttribute{"String", clean(text)}
		}
	}
	return q.dead.each(ctx, "SendMessageBatch", []entry{{
		MessageBody: clean(string(body)), MessageAttributes: attributes,
		// A group of its own, so that whoever reads one can read the others.
		MessageGroupID: d.ID, MessageDeduplicationID: d.ID,
	}})
}

// cut is the beginning of s, whole characters only.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "")
}

// clean is s with the replacement character, which is as long, in place of those
// that SQS takes in no message. In JSON they stand in texts only.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\t' || r == '\n' || r == '\r' || r >= ' ' && r != '\uFFFE' && r != '\uFFFF' {
			return r
		}
		return '\uFFFD'
	}, s)
}
