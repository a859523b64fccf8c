// Package inbox is a local sink with a page that shows messages the way their
// receiver would. It is for looking at messages on the machine that made them:
// it keeps the newest in memory and answers requests for a loopback host only.
package inbox

import (
	"crypto/rand"
	"encoding/json"
	"strconv"
	"sync"
	"time"

	"github.com/sigpost/sigpost/pkg/event"
)

// What an Inbox holds at most. When a new message goes over either, the oldest
// ones go first.
const (
	// Keep is the number of messages.
	Keep = 200
	// KeepBytes is the bytes of all messages together, each as the JSON that the
	// page reads: body, event and all but the id.
	KeepBytes = 32 << 20
	// PartBytes is the bytes of one body, and of one event. A larger one is
	// replaced by a sentence with its size, so that a single message can't push
	// all others out.
	PartBytes = 2 << 20
	// lineBytes is the bytes of a sink's name, of its type and of a status; what
	// is over is cut off.
	lineBytes = 4 << 10
)

// Message is one message as it was, or would have been, sent.
type Message struct {
	// Sink is the configured name of the sink, Type its kind: slack, teams,
	// discord and so on.
	Sink, Type string
	// Status is "delivered", or "failed: " and the reason.
	Status string
	Time   time.Time
	// Body is what was posted, Event what it was drawn from. A message that
	// came in over HTTP has no event.
	Body  []byte
	Event event.Event
	// ContentType is of Body. It matters for a multipart/form-data one, whose
	// part payload_json is the message and whose files are shown with it.
	ContentType string
}

// Inbox holds the newest messages. It is safe for concurrent use.
type Inbox struct {
	server string // differs after each start, so that a page notices it
	limit  int    // KeepBytes, but in tests

	mu      sync.Mutex
	last    int64
	entries []entry // oldest first
	bytes   int     // of all entries
	readers map[chan struct{}]bool
}

// entry is a message as the JSON that the page reads, without its id.
type entry struct {
	id   int64
	json []byte
}

// appendTo appends the entry with its id.
func (e entry) appendTo(b []byte) []byte {
	b = strconv.AppendInt(append(b, `{"id":`...), e.id, 10)
	return append(append(b, ','), e.json[1:]...)
}

// New makes an empty Inbox.
func New() *Inbox {
	return &Inbox{server: rand.Text(), limit: KeepBytes, readers: make(map[chan struct{}]bool)}
}

// Add keeps m, without its event's raw body, and lets the open pages know. It
// never waits for them, and holds nothing of m's own.
func (b *Inbox) Add(m Message) {
	if m.Time.IsZero() {
		m.Time = time.Now()
	}
	text, err := json.Marshal(wireOf(m))
	if err != nil { // all its parts are JSON or strings
		panic("inbox: " + err.Error())
	}
	b.keep(text)
}

// keep holds a message, lets the oldest go and the open pages know.
func (b *Inbox) keep(text []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.last++
	b.entries = append(b.entries, entry{b.last, text})
	b.bytes += len(text)
	b.drop()
	for ch := range b.readers {
		select {
		case ch <- struct{}{}:
		default: // it has not read the last notice yet, and that one will do
		}
	}
}

// drop lets the oldest go while there are too many, or too many bytes.
func (b *Inbox) drop() {
	n := 0
	for len(b.entries)-n > Keep || b.bytes > b.limit {
		b.bytes -= len(b.entries[n].json)
		b.entries[n].json = nil // the array holds on to the entry, not to this
		n++
	}
	b.entries = b.entries[n:]
}

// after returns the messages with an id above id, newest first.
func (b *Inbox) after(id int64) []entry {
	b.mu.Lock()
	defer b.mu.Unlock()
	var list []entry
	for i := len(b.entries) - 1; i >= 0 && b.entries[i].id > id; i-- {
		list = append(list, b.entries[i])
	}
	return list
}

// span is which messages there are, as the stream says it.
type span struct {
	Server string `json:"server"`
	// Oldest and Newest are ids; 0 before the first message.
	Oldest int64 `json:"oldest"`
	Newest int64 `json:"newest"`
}

func (b *Inbox) span() span {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := span{Server: b.server, Newest: b.last}
	if len(b.entries) > 0 {
		s.Oldest = b.entries[0].id
	}
	return s
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
