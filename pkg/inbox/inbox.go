// Package inbox is a local sink with a page that shows messages the way their
// receiver would. It is for looking at messages on the machine that made them:
// it keeps the newest in memory and answers requests for a loopback host only.
package inbox

import (
	"encoding/json"
	"strings"
	"sync"
	"time"

	"github.com/sigpost/sigpost/pkg/event"
)

// Keep is the number of messages an Inbox holds.
const Keep = 200

// Message is one message as it was, or would have been, sent.
type Message struct {
	// Sink is the configured name of the sink, Type its kind: slack, teams or
	// generic.
	Sink, Type string
	// Status is "delivered", or "failed: " and the reason.
	Status string
	Time   time.Time
	// Body is what was posted, Event what it was drawn from. A message that
	// came in over HTTP has no event.
	Body  []byte
	Event event.Event
}

// entry is a Message under its id.
type entry struct {
	id int64
	Message
}

// MarshalJSON writes the form that the page reads. A body that is JSON is
// embedded as it is, any other as a string.
func (e entry) MarshalJSON() ([]byte, error) {
	out := struct {
		ID     int64        `json:"id"`
		Sink   string       `json:"sink"`
		Type   string       `json:"type"`
		Status string       `json:"status"`
		Time   time.Time    `json:"time"`
		Body   any          `json:"body"`
		Event  *event.Event `json:"event,omitempty"`
	}{ID: e.id, Sink: e.Sink, Type: e.Type, Status: e.Status, Time: e.Time}
	text := strings.ToValidUTF8(string(e.Body), "\uFFFD")
	if json.Valid([]byte(text)) {
		out.Body = json.RawMessage(text)
	} else {
		out.Body = text
	}
	if e.Event.Title != "" || e.Event.Type != "" || e.Event.Source != "" {
		out.Event = &e.Event
	}
	return json.Marshal(out)
}

// Inbox holds the newest messages. It is safe for concurrent use.
type Inbox struct {
	mu      sync.Mutex
	last    int64
	entries []entry // oldest first
	readers map[chan struct{}]bool
}

// New makes an empty Inbox.
func New() *Inbox {
	return &Inbox{readers: make(map[chan struct{}]bool)}
}

// Add keeps m, without its event's raw body, and lets the open pages know. It
// never waits for them.
func (b *Inbox) Add(m Message) {
	m.Event.Raw = nil
	if m.Time.IsZero() {
		m.Time = time.Now()
	}
	m.Body = append([]byte(nil), m.Body...)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.last++
	b.entries = append(b.entries, entry{b.last, m})
	if n := len(b.entries) - Keep; n > 0 {
		// Into a new array, so that what is dropped can be freed.
		b.entries = append(make([]entry, 0, Keep+Keep/4), b.entries[n:]...)
	}
	for ch := range b.readers {
		select {
		case ch <- struct{}{}:
		default: // it has not read the last notice yet, and that one will do
		}
	}
}

// after returns the messages with an id above id, newest first.
func (b *Inbox) after(id int64) []entry {
	b.mu.Lock()
	defer b.mu.Unlock()
	list := []entry{}
	for i := len(b.entries) - 1; i >= 0 && b.entries[i].id > id; i-- {
		list = append(list, b.entries[i])
	}
	return list
}

// newest is the id of the newest message, 0 before the first.
func (b *Inbox) newest() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.last
}

// subscribe returns a channel that gets a notice when messages were added, and
// the function that ends it.
func (b *Inbox) subscribe() (<-chan struct{}, func()) {
	ch := make(chan struct{}, 1)
	b.mu.Lock()
	b.readers[ch] = true
	b.mu.Unlock()
	return ch, func() {
		b.mu.Lock()
		delete(b.readers, ch)
		b.mu.Unlock()
	}
}
