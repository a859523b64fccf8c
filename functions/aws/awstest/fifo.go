package awstest

import (
	"crypto/md5" //nolint:gosec // what SQS hands out
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-lambda-go/events"
)

// fifo is one FIFO queue.
type fifo struct {
	visibility time.Duration
	maxReceive int
	dead       string // the URL of its dead-letter queue
	messages   []*Kept
	seen       map[string]time.Time // when a deduplication id was sent, by group
	gone       map[string]bool      // the receipts of what was deleted
	sent       []string             // the bodies of all messages ever
}

// Kept is a message in a queue.
type Kept struct {
	ID, Body, Group, Dedup string
	Attributes             map[string]string
	Received               int
	Sent                   time.Time
	Visible                time.Time // not handed out before
	receipt                string    // of the last time it was received
}

// dedupe is how long a deduplication id is known.
const dedupe = 5 * time.Minute

// send stores a message unless it is a duplicate, and returns its id.
func (q *fifo) send(now time.Time, e wireEntry) string {
	key := e.MessageGroupID + "\n" + e.MessageDeduplicationID
	if at, known := q.seen[key]; known && now.Sub(at) < dedupe {
		return "duplicate"
	}
	q.seen[key] = now
	q.sent = append(q.sent, e.MessageBody)
	k := &Kept{
		ID: fmt.Sprintf("00000000-0000-4000-9000-%012d", len(q.sent)), Body: e.MessageBody, Group: e.MessageGroupID,
		Dedup: e.MessageDeduplicationID, Attributes: map[string]string{}, Sent: now, Visible: now,
	}
	for name, a := range e.MessageAttributes {
		k.Attributes[name] = a.StringValue
	}
	q.messages = append(q.messages, k)
	return k.ID
}

// out tells whether a message was received and is still hidden.
func (k *Kept) out(now time.Time) bool { return now.Before(k.Visible) }

// Received is a message as ReceiveMessage hands it out.
type Received struct {
	MessageID     string `json:"MessageId"`
	ReceiptHandle string
	Body          string
	MD5OfBody     string
	Attributes    map[string]string
}

// receive hands out messages in order, those of one group only if none of it is
// out already.
func (s *SQS) receive(q *fifo, n int) []Received {
	now := s.Now()
	held := map[string]bool{}
	for _, k := range q.messages {
		held[k.Group] = held[k.Group] || k.out(now)
	}
	var all []Received
	for _, k := range slices.Clone(q.messages) {
		if len(all) == n || held[k.Group] {
			continue
		}
		if q.maxReceive > 0 && k.Received >= q.maxReceive && q.dead != "" {
			q.messages = slices.DeleteFunc(q.messages, func(m *Kept) bool { return m == k })
			s.queues[q.dead].messages = append(s.queues[q.dead].messages, k)
			continue
		}
		k.Received++
		k.Visible, k.receipt = now.Add(q.visibility), rand.Text()
		sum := md5.Sum([]byte(k.Body)) //nolint:gosec // as above
		all = append(all, Received{k.ID, k.receipt, k.Body, hex.EncodeToString(sum[:]), map[string]string{
			"ApproximateReceiveCount": strconv.Itoa(k.Received), "MessageGroupId": k.Group, "MessageDeduplicationId": k.Dedup,
			"SentTimestamp": strconv.FormatInt(k.Sent.UnixMilli(), 10),
		}})
	}
	return all
}

// held is the message of a receipt, which on a FIFO queue ends with the
// visibility time-out.
func (q *fifo) held(now time.Time, receipt string) (*Kept, *failure) {
	for _, k := range q.messages {
		if k.receipt == receipt && receipt != "" && k.out(now) {
			return k, nil
		}
	}
	return nil, &failure{http.StatusBadRequest, "ReceiptHandleIsInvalid", "The receipt handle has expired", nil}
}

func (q *fifo) hide(now time.Time, receipt string, d time.Duration) *failure {
	k, f := q.held(now, receipt)
	if f == nil {
		k.Visible = now.Add(d)
	}
	return f
}

func (q *fifo) remove(now time.Time, receipt string) *failure {
	if q.gone[receipt] {
		return nil
	}
	k, f := q.held(now, receipt)
	if f == nil {
		q.messages = slices.DeleteFunc(q.messages, func(m *Kept) bool { return m == k })
		q.gone[receipt] = true
	}
	return f
}

// Messages is what is in a queue, in order.
func (s *SQS) Messages(url string) []Kept {
	s.data.Lock()
	defer s.data.Unlock()
	var all []Kept
	for _, k := range s.queues[url].messages {
		all = append(all, *k)
	}
	return all
}

// Sent is the bodies of all messages that a queue ever stored, in order.
func (s *SQS) Sent(url string) []string {
	s.data.Lock()
	defer s.data.Unlock()
	return slices.Clone(s.queues[url].sent)
}

// Batch receives messages as an event source mapping does: the event for a
// function, nil if there is none.
func (s *SQS) Batch(url string, n int) []byte {
	s.data.Lock()
	defer s.data.Unlock()
	var e events.SQSEvent
	for _, m := range s.receive(s.queues[url], n) {
		e.Records = append(e.Records, events.SQSMessage{
			MessageId: m.MessageID, ReceiptHandle: m.ReceiptHandle, Body: m.Body, Md5OfBody: m.MD5OfBody, Attributes: m.Attributes,
			EventSource: "aws:sqs", EventSourceARN: "arn:aws:sqs:" + Region + ":123456789012:queue.fifo", AWSRegion: Region,
		})
	}
	if len(e.Records) == 0 {
		return nil
	}
	payload, err := json.Marshal(e)
	if err != nil {
		panic(err) // of strings only
	}
	return payload
}

// Settle does what an event source mapping does with a function's answer to a
// batch: it deletes the messages that the answer doesn't name. An answer that is
// none leaves all of them.
func (s *SQS) Settle(url string, batch []byte, o Outcome) error {
	s.data.Lock()
	defer s.data.Unlock()
	var e events.SQSEvent
	var answer events.SQSEventResponse
	if err := json.Unmarshal(batch, &e); err != nil {
		return err
	}
	if o.Failed {
		return nil
	}
	if err := json.Unmarshal(o.Body, &answer); err != nil {
		return err
	}
	for _, m := range e.Records {
		if slices.Contains(answer.BatchItemFailures, events.SQSBatchItemFailure{ItemIdentifier: m.MessageId}) {
			continue
		}
		if f := s.queues[url].remove(s.Now(), m.ReceiptHandle); f != nil {
			return f
		}
	}
	return nil
}
