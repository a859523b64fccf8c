package gcp

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"unicode/utf8"

	"google.golang.org/api/pubsub/v1"

	"github.com/sigpost/sigpost/pkg/problem"
	"github.com/sigpost/sigpost/pkg/queue"
)

const (
	topicVariable = "SIGPOST_QUEUE_TOPIC"
	deadVariable  = "SIGPOST_DEAD_TOPIC"
	// pubsubEmulator names the host of Google's own emulator.
	pubsubEmulator = "PUBSUB_EMULATOR_HOST"
)

// The limits of Pub/Sub, https://cloud.google.com/pubsub/quotas#resource_limits.
const (
	// maxPublish is the most bytes of a request to publish, in base64 and with
	// attributes. What a request has around its messages is some 10 KB at most.
	maxPublish = 10_000_000 - 10_000
	// maxMessages is the most messages of one.
	maxMessages = 1000
	// maxAttribute is the most bytes of an attribute's value.
	maxAttribute = 1024
)

// jobLimit is the most bytes of a job: 5 MiB, so that it can also be buried.
// A dead job carries it in base64, and is itself published in base64, which
// makes 16 bytes of 9.
const jobLimit = 5 << 20

// The attributes of messages. They repeat what is in the body for those who
// filter or look on; nothing but idAttribute is read again.
const (
	idAttribute     = "id"
	sinkAttribute   = "sink"
	sourceAttribute = "source"
	typeAttribute   = "type"
	reasonAttribute = "reason"
)

// publishers is how many groups are published at a time.
const publishers = 8

// topics is the queue.Queue over two topics of Pub/Sub: one with the jobs, whose
// ordering key is a job's group, and one with the dead ones.
type topics struct {
	jobs, dead string // projects/P/topics/T
	emulator   string

	mu      sync.Mutex
	service *pubsub.Service
}

var _ queue.Queue = (*topics)(nil)

// topicName is https://cloud.google.com/pubsub/docs/pubsub-basics#resource_names.
var topicName = regexp.MustCompile(`^projects/[a-z0-9.:-]{4,100}/topics/[A-Za-z][A-Za-z0-9._~+%-]{2,254}$`)

// newTopics is the queue that the environment names. It makes the client when it
// is first needed.
func newTopics(env func(string) string) (*topics, error) {
	q := &topics{jobs: env(topicVariable), dead: env(deadVariable), emulator: env(pubsubEmulator)}
	var problems []error
	for name, value := range map[string]string{topicVariable: q.jobs, deadVariable: q.dead} {
		if !topicName.MatchString(value) {
			problems = append(problems, problem.New(name, "is no topic, and %s=queue needs one: write projects/PROJECT/topics/TOPIC", modeVariable))
		}
	}
	if len(problems) == 0 && q.jobs == q.dead {
		problems = append(problems, problem.New(deadVariable, "is the topic of %s: dead jobs need one of their own", topicVariable))
	}
	return q, errors.Join(problems...)
}

// Limit implements queue.Queue.
func (q *topics) Limit() int { return jobLimit }

// Put implements queue.Queue. A request carries messages of one ordering key
// only: those of a group follow each other, and groups go side by side.
func (q *topics) Put(ctx context.Context, items []queue.Item) error {
	var order []string
	groups := map[string][]*pubsub.PubsubMessage{}
	for _, it := range items {
		if groups[it.Group] == nil {
			order = append(order, it.Group)
		}
		groups[it.Group] = append(groups[it.Group], jobMessage(it))
	}
	errs := make([]error, len(order))
	var wg sync.WaitGroup
	places := make(chan struct{}, publishers)
	for i, group := range order {
		wg.Go(func() {
			places <- struct{}{}
			defer func() { <-places }()
			errs[i] = q.putGroup(ctx, groups[group])
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err // what fails for one fails for all alike
		}
	}
	return nil
}

// putGroup publishes messages of one ordering key, as many at a time as fit.
func (q *topics) putGroup(ctx context.Context, messages []*pubsub.PubsubMessage) error {
	for len(messages) > 0 {
		n, size := 0, 0
		for n < min(len(messages), maxMessages) {
			size += messageSize(messages[n])
			if n > 0 && size > maxPublish {
				break
			}
			n++
		}
		if err := q.publish(ctx, q.jobs, messages[:n]); err != nil {
			return err
		}
		messages = messages[n:]
	}
	return nil
}

func jobMessage(it queue.Item) *pubsub.PubsubMessage {
	return &pubsub.PubsubMessage{
		Data: base64.StdEncoding.EncodeToString(it.Body), OrderingKey: it.Group, Attributes: map[string]string{idAttribute: it.ID},
	}
}

// messageSize is about how many bytes a message takes in a request, not less.
func messageSize(m *pubsub.PubsubMessage) int {
	n := len(m.Data) + len(m.OrderingKey) + 100
	for k, v := range m.Attributes {
		n += len(k) + 2*len(v) + 10
	}
	return n
}

// Bury implements queue.Queue. A body that is too large to be buried whole, which
// no job of this Queue is, is cut.
func (q *topics) Bury(ctx context.Context, d queue.Dead) error {
	if n := len(d.Body); n > jobLimit {
		d.Body = d.Body[:jobLimit]
		d.Reason = fmt.Sprintf("%s (of its %d bytes only the first %d are kept)", d.Reason, n, jobLimit)
	}
	const maxReason = 16 << 10
	d.Reason, d.Type = cutText(d.Reason, maxReason), cutText(d.Type, maxReason)
	body, err := json.Marshal(d)
	if err != nil {
		return fmt.Errorf("encode dead job: %w", err)
	}
	m := &pubsub.PubsubMessage{Data: base64.StdEncoding.EncodeToString(body), Attributes: map[string]string{}}
	for k, v := range map[string]string{
		idAttribute: d.ID, sinkAttribute: d.Sink, sourceAttribute: d.Source, typeAttribute: d.Type, reasonAttribute: d.Reason,
	} {
		if v != "" {
			m.Attributes[k] = cutText(v, maxAttribute)
		}
	}
	return q.publish(ctx, q.dead, []*pubsub.PubsubMessage{m})
}

// cutText is the longest beginning of s of at most n bytes that ends at a whole
// character.
func cutText(s string, n int) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
