package gcptest

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// The limits of a request to publish, and how long what it has may be.
// https://cloud.google.com/pubsub/quotas#resource_limits
const (
	maxRequest   = 10_000_000
	maxKey       = 1024
	maxAttribute = 1024
)

// PubSub is the part of Pub/Sub's REST interface that publishes, and one push
// subscription with ordering. It pushes when Push is called, and never of itself.
// https://cloud.google.com/pubsub/docs/reference/rest
type PubSub struct {
	URL      string
	Jobs     string // the topic with the subscription
	Dead     string // the topic that its dead-letter policy names
	Attempts int    // of that policy

	mu      sync.Mutex
	topics  map[string][]*Message
	keys    []string              // ordering keys in the order they came up
	queue   map[string][]*Message // what is not acknowledged, by ordering key
	done    map[string][]*Message // what is
	next    int
	calls   int
	status  int
	failure string
	lose    int
	mute    int
	down    bool
}

// Message is one that was published.
type Message struct {
	Data        []byte            `json:"data,omitempty"`
	Attributes  map[string]string `json:"attributes,omitempty"`
	MessageID   string            `json:"messageId"`
	PublishTime string            `json:"publishTime"`
	OrderingKey string            `json:"orderingKey,omitempty"`
	// Attempts is how often it was pushed.
	Attempts int `json:"-"`

	out bool      // it is pushed now
	due time.Time // not to be pushed before
}

// NewPubSub starts a Pub/Sub with two topics, and stops it with the test.
func NewPubSub(tb testing.TB) *PubSub {
	tb.Helper()
	p := &PubSub{
		Jobs: "projects/" + Project + "/topics/sigpost-jobs", Dead: "projects/" + Project + "/topics/sigpost-dead", Attempts: 100,
		queue: map[string][]*Message{}, done: map[string][]*Message{},
	}
	p.topics = map[string][]*Message{p.Jobs: nil, p.Dead: nil}
	server := httptest.NewServer(p)
	tb.Cleanup(func() { server.CloseClientConnections(); server.Close() })
	p.URL = server.URL
	return p
}

// Fail answers everything with a status and its name, or, with 0, no more.
func (p *PubSub) Fail(code int, status string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.status, p.failure = code, status
}

// Lose takes what the next requests publish, and breaks the connection instead
// of an answer.
func (p *PubSub) Lose(requests int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lose = requests
}

// Mute answers the next requests without confirming what they publish.
func (p *PubSub) Mute(requests int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mute = requests
}

// Down breaks every connection from now on, or no more.
func (p *PubSub) Down(down bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.down = down
}

// Calls is how many requests there were.
func (p *PubSub) Calls() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.calls
}

// Published is what a topic was given.
func (p *PubSub) Published(topic string) []Message {
	p.mu.Lock()
	defer p.mu.Unlock()
	var all []Message
	for _, m := range p.topics[topic] {
		all = append(all, *m)
	}
	return all
}

// Waiting is how many messages are not acknowledged.
func (p *PubSub) Waiting() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for _, q := range p.queue {
		n += len(q)
	}
	return n
}

// ServeHTTP answers topics.publish.
func (p *PubSub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls++
	topic, publishes := strings.CutSuffix(strings.TrimPrefix(r.URL.Path, "/v1/"), ":publish")
	_, known := p.topics[topic]
	var body struct{ Messages []*Message }
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	switch {
	case p.down:
		panic(http.ErrAbortHandler)
	case p.status != 0:
		fail(w, p.status, p.failure, "")
	case !publishes || r.Method != http.MethodPost || !known:
		fail(w, http.StatusNotFound, "NOT_FOUND", "")
	case len(raw) > maxRequest || dec.Decode(&body) != nil || !valid(body.Messages):
		fail(w, http.StatusBadRequest, "INVALID_ARGUMENT", "")
	case p.mute > 0:
		p.mute--
		reply(w, http.StatusOK, map[string]any{})
	default:
		ids := p.publish(topic, body.Messages)
		if p.lose > 0 {
			p.lose--
			panic(http.ErrAbortHandler)
		}
		reply(w, http.StatusOK, map[string]any{"messageIds": ids})
	}
}

// valid is what Pub/Sub demands of the messages of a request.
func valid(messages []*Message) bool {
	if len(messages) == 0 || len(messages) > 1000 {
		return false
	}
	for _, m := range messages {
		if m.OrderingKey != messages[0].OrderingKey || len(m.OrderingKey) > maxKey || m.MessageID != "" || len(m.Data)+len(m.Attributes) == 0 {
			return false
		}
		for k, v := range m.Attributes {
			if k == "" || len(v) > maxAttribute {
				return false
			}
		}
	}
	return true
}

func (p *PubSub) publish(topic string, messages []*Message) (ids []string) {
	for _, m := range messages {
		p.next++
		m.MessageID, m.PublishTime = strconv.Itoa(p.next), time.Now().UTC().Format(time.RFC3339Nano)
		ids = append(ids, m.MessageID)
		p.topics[topic] = append(p.topics[topic], m)
		if topic != p.Jobs {
			continue
		}
		key := m.OrderingKey
		if key == "" {
			key = "message " + m.MessageID
		}
		if p.queue[key] == nil && p.done[key] == nil {
			p.keys = append(p.keys, key)
		}
		copied := *m
		p.queue[key] = append(p.queue[key], &copied)
	}
	return ids
}
