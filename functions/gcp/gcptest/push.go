package gcptest

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"sync"
)

// Pusher does a push and returns the status of its answer; 0 if there was none.
type Pusher func(body []byte) int

// PushTo is a Pusher to a URL with a token.
func PushTo(url, token string) Pusher {
	return func(body []byte) int {
		req, err := http.NewRequest(http.MethodPost, url, bytes.NewReader(body)) //nolint:noctx // a test's own server
		if err != nil {
			return 0
		}
		req.Header.Set("Content-Type", "application/json")
		if token != "" {
			req.Header.Set("Authorization", "Bearer "+token)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return 0
		}
		defer func() { _ = resp.Body.Close() }()
		_, _ = io.Copy(io.Discard, resp.Body)
		return resp.StatusCode
	}
}

// Push pushes what there is, as if every backoff were over: of each ordering key
// one message at a time, in order, until one is not acknowledged; the keys side
// by side. It returns how many were acknowledged.
func (p *PubSub) Push(to Pusher) int {
	p.mu.Lock()
	keys := slices.Clone(p.keys)
	p.mu.Unlock()
	counts := make([]int, len(keys))
	var wg sync.WaitGroup
	for i, key := range keys {
		wg.Go(func() {
			for p.pushNext(key, to) {
				counts[i]++
			}
		})
	}
	wg.Wait()
	n := 0
	for _, c := range counts {
		n += c
	}
	return n
}

// pushNext pushes the first message of a key and tells whether it was
// acknowledged.
func (p *PubSub) pushNext(key string, to Pusher) bool {
	p.mu.Lock()
	if len(p.queue[key]) == 0 {
		p.mu.Unlock()
		return false
	}
	m := p.queue[key][0]
	m.Attempts++
	body, err := json.Marshal(pushOf(m))
	p.mu.Unlock()
	if err != nil {
		return false
	}
	status := to(body)
	p.mu.Lock()
	defer p.mu.Unlock()
	acked := status == http.StatusOK || status == http.StatusCreated || status == http.StatusAccepted || status == http.StatusNoContent || status == 102
	if !acked && m.Attempts < p.Attempts {
		return false
	}
	p.queue[key] = p.queue[key][1:]
	if acked {
		p.done[key] = append(p.done[key], m)
		return true
	}
	p.forward(m)
	return false
}

// pushOf is the push of a message.
func pushOf(m *Message) map[string]any {
	return map[string]any{
		"message": m, "subscription": "projects/" + Project + "/subscriptions/sigpost-deliver", "deliveryAttempt": m.Attempts,
	}
}

// forward does what a dead-letter policy does: the message goes to the other
// topic as it is, with attributes that say where it comes from.
// https://cloud.google.com/pubsub/docs/handling-failures#how_dead_letter_topics_work
func (p *PubSub) forward(m *Message) {
	dead := &Message{Data: m.Data, OrderingKey: m.OrderingKey, Attributes: map[string]string{"CloudPubSubDeadLetterSourceSubscription": "sigpost-deliver"}}
	for k, v := range m.Attributes {
		dead.Attributes[k] = v
	}
	p.publish(p.Dead, []*Message{dead})
}

// Redeliver forgets the acknowledgements of the last n messages of every key, so
// that these come again, in order: redelivery of one brings all after it too.
func (p *PubSub) Redeliver(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for key, done := range p.done {
		from := max(len(done)-n, 0)
		p.queue[key] = append(slices.Clone(done[from:]), p.queue[key]...)
		p.done[key] = done[:from]
	}
}
