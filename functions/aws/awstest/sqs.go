package awstest

import (
	"crypto/md5" //nolint:gosec // what SQS answers with
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"time"
	"unicode/utf8"
)

// SQS is an SQS with FIFO queues: sending, receiving, hiding and deleting of
// messages, alone and in batches; groups, visibility time-outs, deduplication
// within five minutes, and redrive.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/Welcome.html
type SQS struct {
	service

	URL string
	// Now is the clock. Set it before the first message.
	Now func() time.Time

	server *httptest.Server
	data   sync.Mutex
	queues map[string]*fifo
	fail   int
	code   string
	fault  bool
	lose   int
	spoil  bool
}

// NewSQS starts an SQS without queues.
func NewSQS() *SQS {
	s := &SQS{
		service: service{name: "sqs", target: "AmazonSQS.", kind: "application/x-amz-json-1.0"},
		Now:     time.Now, queues: map[string]*fifo{},
	}
	s.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, s.do) }))
	s.URL = s.server.URL
	return s
}

// Close stops the server.
func (s *SQS) Close() { s.server.CloseClientConnections(); s.server.Close() }

// Add makes a FIFO queue and returns its URL. What is received maxReceive times
// goes to the queue dead, if there is one.
func (s *SQS) Add(name string, visibility time.Duration, maxReceive int, dead string) string {
	s.data.Lock()
	defer s.data.Unlock()
	url := "https://sqs." + Region + ".amazonaws.com/123456789012/" + name
	s.queues[url] = &fifo{visibility: visibility, maxReceive: maxReceive, dead: dead, seen: map[string]time.Time{}, gone: map[string]bool{}}
	return url
}

// FailEntries makes the next n entries of batches fail.
func (s *SQS) FailEntries(n int, code string, senderFault bool) {
	s.data.Lock()
	defer s.data.Unlock()
	s.fail, s.code, s.fault = n, code, senderFault
}

// LoseAnswers makes it do the next n operations and drop the connection in place
// of the answer.
func (s *SQS) LoseAnswers(n int) {
	s.data.Lock()
	defer s.data.Unlock()
	s.lose = n
}

// Spoil makes it store something else than what is sent.
func (s *SQS) Spoil() {
	s.data.Lock()
	defer s.data.Unlock()
	s.spoil = true
}

// wire is what the operations take.
type wire struct {
	QueueURL            string
	MaxNumberOfMessages int
	wireEntry
	Entries []wireEntry
}

type wireEntry struct {
	ID, MessageBody, MessageGroupID, MessageDeduplicationID, ReceiptHandle string
	VisibilityTimeout                                                      *int
	MessageAttributes                                                      map[string]struct{ DataType, StringValue string }
}

// maxBytes is the most that the messages of one call may have together.
const maxBytes = 1 << 20

func (s *SQS) do(operation string, body []byte) (any, error) {
	s.data.Lock()
	defer s.data.Unlock()
	var in wire
	if err := json.Unmarshal(body, &in); err != nil {
		return nil, s.reject("SerializationException", err.Error())
	}
	q := s.queues[in.QueueURL]
	if q == nil {
		return nil, &failure{http.StatusBadRequest, "QueueDoesNotExist", "The specified queue does not exist.", nil}
	}
	var answer any
	var err error
	switch operation {
	case "ReceiveMessage":
		answer = map[string]any{"Messages": s.receive(q, max(in.MaxNumberOfMessages, 1))}
	case "SendMessageBatch", "ChangeMessageVisibilityBatch", "DeleteMessageBatch":
		answer, err = s.batch(q, operation, in.Entries)
	case "SendMessage", "ChangeMessageVisibility", "DeleteMessage":
		one, f := s.entry(q, operation+"Batch", in.wireEntry)
		if answer = one; f != nil {
			err = f
		}
	default:
		err = s.reject("UnknownOperationException", operation)
	}
	if s.lose > 0 {
		s.lose--
		panic(http.ErrAbortHandler)
	}
	return answer, err
}

func (s *SQS) batch(q *fifo, operation string, entries []wireEntry) (any, error) {
	size, ids := 0, map[string]bool{}
	for _, e := range entries {
		size += e.size()
		ids[e.ID] = true
	}
	switch {
	case len(entries) == 0:
		return nil, s.reject("EmptyBatchRequest", "no entries")
	case len(entries) > 10:
		return nil, s.reject("TooManyEntriesInBatchRequest", strconv.Itoa(len(entries)))
	case len(ids) != len(entries):
		return nil, s.reject("BatchEntryIdsNotDistinct", "")
	case size > maxBytes:
		return nil, s.reject("BatchRequestTooLong", strconv.Itoa(size))
	}
	good, bad := []any{}, []any{}
	for _, e := range entries {
		if s.fail > 0 {
			s.fail--
			bad = append(bad, map[string]any{"Id": e.ID, "Code": s.code, "SenderFault": s.fault, "Message": e.MessageBody})
			continue
		}
		answer, err := s.entry(q, operation, e)
		if err != nil {
			bad = append(bad, map[string]any{"Id": e.ID, "Code": err.code, "SenderFault": true, "Message": err.text})
			continue
		}
		answer["Id"] = e.ID
		good = append(good, answer)
	}
	return map[string]any{"Successful": good, "Failed": bad}, nil
}

// entry does an operation on one message.
func (s *SQS) entry(q *fifo, operation string, e wireEntry) (map[string]any, *failure) {
	switch operation {
	case "SendMessageBatch":
		if wrong := e.check(); wrong != "" {
			_ = s.reject("InvalidParameterValue", wrong)
			return nil, &failure{http.StatusBadRequest, "InvalidParameterValue", wrong, nil}
		}
		if s.spoil {
			e.MessageBody += " spoiled"
		}
		sum := md5.Sum([]byte(e.MessageBody)) //nolint:gosec // as above
		return map[string]any{"MessageId": q.send(s.Now(), e), "MD5OfMessageBody": hex.EncodeToString(sum[:])}, nil
	case "ChangeMessageVisibilityBatch":
		if e.VisibilityTimeout == nil || *e.VisibilityTimeout < 0 || *e.VisibilityTimeout > 43200 {
			_ = s.reject("InvalidParameterValue", "VisibilityTimeout")
			return nil, &failure{http.StatusBadRequest, "InvalidParameterValue", "VisibilityTimeout", nil}
		}
		return map[string]any{}, q.hide(s.Now(), e.ReceiptHandle, time.Duration(*e.VisibilityTimeout)*time.Second)
	}
	return map[string]any{}, q.remove(s.Now(), e.ReceiptHandle)
}

func (e *wireEntry) size() int {
	n := len(e.MessageBody)
	for name, a := range e.MessageAttributes {
		n += len(name) + len(a.DataType) + len(a.StringValue)
	}
	return n
}

// check is what SQS would say against a message.
func (e *wireEntry) check() string {
	switch {
	case e.MessageBody == "" || e.size() > maxBytes:
		return fmt.Sprintf("a message of %d bytes", e.size())
	case !allowed(e.MessageBody):
		return "characters that are not allowed"
	case e.MessageGroupID == "" || len(e.MessageGroupID) > 128 || e.MessageDeduplicationID == "" || len(e.MessageDeduplicationID) > 128:
		return "a group or a deduplication id"
	case len(e.MessageAttributes) > 10:
		return "too many attributes"
	}
	for name, a := range e.MessageAttributes {
		if a.StringValue == "" || !allowed(a.StringValue) || a.DataType != "String" && a.DataType != "Number" {
			return "attribute " + name
		}
	}
	return ""
}

func allowed(s string) bool {
	for _, r := range s {
		if r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF {
			return false
		}
	}
	return utf8.ValidString(s)
}
