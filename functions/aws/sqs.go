package main

import (
	"context"
	"crypto/md5" //nolint:gosec // SQS's own check of what arrived; it guards nothing
	"encoding/hex"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// sqs is one FIFO queue of SQS. With the SDK's client, for three operations, the
// start takes 1.4 times as long as an empty handler's; with this one 1.3 times.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/Welcome.html
type sqs struct {
	*api
	queue    string // its URL
	variable string // where that came from
}

const (
	// sqsTimeout is of one try, which may carry a megabyte.
	sqsTimeout = 2 * time.Second
	// maxEntries is how many messages one call may concern, and maxBatch how many
	// bytes those of one call may have together: as many as one alone.
	// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
	maxEntries = 10
	maxBatch   = 1 << 20
)

// newSQS is the queue whose URL the variable holds.
func newSQS(a *account, variable string) (*sqs, error) {
	text := a.env(variable)
	if text == "" {
		return nil, fmt.Errorf("%s is not set: in queue mode it is the URL of a FIFO queue of SQS", variable)
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, fmt.Errorf("%s is no URL: write the queue's, https://sqs.%s.%s/ACCOUNT/NAME.fifo", variable, a.region, domain(a.region))
	}
	name := u.Path[strings.LastIndexByte(u.Path, '/')+1:]
	if !strings.HasSuffix(name, ".fifo") {
		return nil, fmt.Errorf("%s is the URL of a queue that keeps no order: make a FIFO queue, whose name ends with .fifo", variable)
	}
	q := &sqs{newAPI(a, "SQS", "sqs"), text, variable}
	q.title, q.target, q.timeout = "SQS", "AmazonSQS.", sqsTimeout
	q.where = "queue " + name + " in " + a.region
	return q, nil
}

// batch is what the operations on several messages take.
type batch struct {
	QueueURL string `json:"QueueUrl"`
	Entries  []entry
}

// entry is a message of a batch. Each operation has its own fields.
type entry struct {
	ID string `json:"Id"`
	// To send.
	MessageBody            string                      `json:",omitempty"`
	MessageGroupID         string                      `json:"MessageGroupId,omitempty"`
	MessageDeduplicationID string                      `json:"MessageDeduplicationId,omitempty"`
	MessageAttributes      map[string]messageAttribute `json:",omitempty"`
	// To settle.
	ReceiptHandle     string `json:",omitempty"`
	VisibilityTimeout *int   `json:",omitempty"`
}

type messageAttribute struct{ DataType, StringValue string }

// size is how much of maxBatch an entry takes.
func (e *entry) size() int {
	n := len(e.MessageBody)
	for name, a := range e.MessageAttributes {
		n += len(name) + len(a.DataType) + len(a.StringValue)
	}
	return n
}

// outcome is the answer to a batch: what became of each entry.
type outcome struct {
	Successful []struct{ ID, MD5OfMessageBody string }
	Failed     []struct {
		ID, Code    string
		SenderFault bool
	}
}

// each does one operation on all entries, again on those that failed for a
// reason that may pass. It returns nil once each has succeeded.
func (q *sqs) each(ctx context.Context, operation string, entries []entry) error {
	for i := range entries {
		entries[i].ID = strconv.Itoa(i)
	}
	for attempt := 1; ; attempt++ {
		var out outcome
		if err := q.call(ctx, operation, batch{q.queue, entries}, &out); err != nil {
			return q.explain(operation, err)
		}
		left, err := q.left(operation, entries, &out)
		if err != nil || len(left) == 0 {
			return err
		}
		if attempt == maxAttempts || !pause(ctx, attempt) {
			return fmt.Errorf("%s: SQS did not take %d of %d messages: %s", q.where, len(left), len(entries), reason(&out))
		}
		entries = left
	}
}

// left are the entries that are worth another try. The error says that one is not.
func (q *sqs) left(operation string, entries []entry, out *outcome) ([]entry, error) {
	for _, f := range out.Failed {
		if f.SenderFault && !slices.Contains(busy, f.Code) {
			return nil, q.explain(operation, &apiError{status: 400, code: f.Code, where: q.where, title: q.title})
		}
	}
	var left []entry
	for _, e := range entries {
		i := slices.IndexFunc(out.Successful, func(s struct{ ID, MD5OfMessageBody string }) bool { return s.ID == e.ID })
		if i < 0 {
			left = append(left, e)
			continue
		}
		sum := md5.Sum([]byte(e.MessageBody)) //nolint:gosec // as above
		if e.MessageBody != "" && out.Successful[i].MD5OfMessageBody != hex.EncodeToString(sum[:]) {
			return nil, fmt.Errorf("%s: SQS stored something else than what it was sent", q.where)
		}
	}
	return left, nil
}

func reason(out *outcome) string {
	if len(out.Failed) == 0 {
		return "its answer leaves them out"
	}
	return word(out.Failed[0].Code)
}

// explain says what an error of SQS means and how to mend it.
func (q *sqs) explain(operation string, err error) error {
	e, err := refusal(err)
	if e == nil {
		return err
	}
	action := strings.TrimSuffix(operation, "Batch")
	switch strings.TrimSuffix(e.code, "Exception") {
	case "QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue", "InvalidAddress":
		return fmt.Errorf("%s does not exist: create it, or mend %s", q.where, q.variable)
	case "AccessDenied":
		return fmt.Errorf("%s: the function's role needs sqs:%s on it", q.where, action)
	case "KmsAccessDenied", "KmsDisabled", "KmsInvalidState", "KmsNotFound":
		return fmt.Errorf("%s: its key can't be used (%s): the function's role needs kms:GenerateDataKey and kms:Decrypt on a key that is enabled", q.where, e.code)
	case "BatchRequestTooLong", "InvalidParameterValue", "InvalidMessageContents":
		return fmt.Errorf("%s does not take what sigpost sends (%s): it must be a FIFO queue that takes messages of 1 MiB (its MaximumMessageSize)", q.where, e.code)
	}
	return e
}
