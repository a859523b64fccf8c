package gcptest

import (
	"encoding/json"
	"net/http"
	"slices"
	"time"
)

// When a message is pushed again: after a push that was not acknowledged, twice
// as late each time, and after one that nobody answered.
// https://cloud.google.com/pubsub/docs/handling-failures#exponential_backoff
const (
	minBackoff  = 10 * time.Second
	maxBackoff  = 10 * time.Minute
	ackDeadline = 10 * time.Minute
)

// Handed is a message that is pushed now.
type Handed struct {
	Body []byte // of the push
	*Message
	from *PubSub
	key  string
}

// Due hands out at most n messages that are to be pushed now, of each ordering
// key its first, unless that is out already. They have to be settled.
func (p *PubSub) Due(now time.Time, n int) []Handed {
	p.mu.Lock()
	defer p.mu.Unlock()
	// A key that has nothing any more comes up again with its next message.
	p.keys = slices.DeleteFunc(p.keys, func(key string) bool {
		gone := len(p.queue[key]) == 0
		if gone {
			delete(p.queue, key)
			delete(p.done, key)
		}
		return gone
	})
	var all []Handed
	for _, key := range p.keys {
		m := p.queue[key][0]
		if len(all) == n || m.out || now.Before(m.due) {
			continue
		}
		m.out = true
		m.Attempts++
		body, err := json.Marshal(pushOf(m))
		if err != nil {
			panic(err) // of strings only
		}
		all = append(all, Handed{body, m, p, key})
	}
	return all
}

// Settle ends a push with the status of its answer; 0 if there was none. One
// that was acknowledged is gone.
func (h Handed) Settle(now time.Time, status int) {
	p := h.from
	p.mu.Lock()
	defer p.mu.Unlock()
	h.out = false
	switch {
	case status == http.StatusOK:
		p.queue[h.key] = p.queue[h.key][1:]
	case h.Attempts >= p.Attempts:
		p.queue[h.key] = p.queue[h.key][1:]
		p.forward(h.Message)
	case status == 0:
		h.due = now.Add(ackDeadline)
	default:
		h.due = now.Add(min(minBackoff<<min(h.Attempts-1, 10), maxBackoff))
	}
}
