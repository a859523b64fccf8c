// Package queue is what happens between accepting an event and delivering it: a
// Job for each event and sink, the Queue that keeps jobs safe, and a queue within
// one process. It renders nothing and posts nothing; the queues of the clouds
// live beside their functions and pass the suite in queuetest, as Memory does.
package queue

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"time"
)

// Queue stores jobs so that they survive the process that accepted them.
type Queue interface {
	// Put returns nil once every item is stored durably. After an error any of
	// them may be stored or not; putting them again is right, since a worker
	// knows a job by its item's ID.
	Put(ctx context.Context, items []Item) error
	// Bury stores a job that will not be tried again where people find it.
	Bury(ctx context.Context, dead Dead) error
	// Limit is the most bytes that the body of an Item may have.
	Limit() int
}

// Item is a job on its way into a queue.
type Item struct {
	// ID is the same for the same job: 64 hex digits.
	ID string
	// Group is what keeps its order: jobs of one group are handed out one after
	// the other, and those of different groups don't wait for each other. It is
	// 64 hex digits.
	Group string
	// Body is an encoded Job.
	Body []byte
}

// Message is an item that a queue hands out to a worker.
type Message struct {
	Body []byte
	// Received is how often this item was handed out, this time included, as
	// far as the queue knows.
	Received int
}

// Verdict is what a worker says of a Message. The zero Verdict takes it off the
// queue.
type Verdict struct {
	// Again puts it back, to be handed out no sooner than After from now.
	Again bool
	After time.Duration
}

// Dead is a job that will not be tried again, and why.
type Dead struct {
	// ID is that of its item.
	ID string `json:"id"`
	// Reason is why: a refusal, or the time that is over. It carries no secret
	// and no body.
	Reason string `json:"reason"`
	// Status is that of the receiver's last answer, 0 if there was none.
	Status int `json:"status,omitempty"`
	// Attempts is how often it was posted, as far as is known.
	Attempts int       `json:"attempts"`
	Buried   time.Time `json:"buried"`
	// Source, Type and Sink are those of the job, where it could be read.
	Source string `json:"source,omitempty"`
	Type   string `json:"type,omitempty"`
	Sink   string `json:"sink,omitempty"`
	// Body is the encoded job as it was.
	Body []byte `json:"body"`
}

// BodyID names a message that is no job, by its bytes.
func BodyID(body []byte) string { return digest("body", string(body)) }

// digest is a name of fixed length for any parts; no two lists share one.
func digest(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		n := sha256.Sum256([]byte(p))
		_, _ = h.Write(n[:])
	}
	return hex.EncodeToString(h.Sum(nil))
}
