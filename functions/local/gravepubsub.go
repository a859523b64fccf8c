package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/sigpost/sigpost/pkg/queue"
)

const (
	pubsubBatch = 100
	// pubsubLimit is the most bytes of a job: buried it is in base64, and that
	// again, and a message may have 10 MB.
	pubsubLimit = 5 << 20
	// A pull may find nothing though something is there: only so many in a row,
	// with a pause between them, mean that there is nothing.
	pubsubEmpty = 4
)

// pubsubPause is that pause. Tests shorten it.
var pubsubPause = 300 * time.Millisecond

// pubsubQueue is a subscription with the dead, and the topic of the jobs.
type pubsubQueue struct {
	base     string // of the API
	from, to string
	token    string // "" for an emulator
}

var (
	subscriptionName = regexp.MustCompile(`^projects/[a-z0-9.:-]+/subscriptions/[A-Za-z][A-Za-z0-9._~+%-]{2,254}$`)
	topicName        = regexp.MustCompile(`^projects/[a-z0-9.:-]+/topics/[A-Za-z][A-Za-z0-9._~+%-]{2,254}$`)
)

func newPubSub(ctx context.Context, from, to string) (*pubsubQueue, error) {
	if !subscriptionName.MatchString(from) {
		return nil, fmt.Errorf("--from %q is no subscription: write projects/PROJECT/subscriptions/NAME", from)
	}
	if to != "" && !topicName.MatchString(to) {
		return nil, fmt.Errorf("--to %q is no topic: write projects/PROJECT/topics/NAME", to)
	}
	q := &pubsubQueue{base: "https://pubsub.googleapis.com/v1/", from: from, to: to}
	if host := os.Getenv("PUBSUB_EMULATOR_HOST"); host != "" {
		q.base = "http://" + host + "/v1/"
		return q, nil
	}
	if q.token = firstEnv("GOOGLE_OAUTH_ACCESS_TOKEN", "CLOUDSDK_AUTH_ACCESS_TOKEN"); q.token != "" {
		return q, nil
	}
	out, err := ask(ctx, "GOOGLE_OAUTH_ACCESS_TOKEN", "gcloud", "auth", "print-access-token")
	q.token = strings.TrimSpace(string(out))
	return q, err
}

func (q *pubsubQueue) name() string { return q.from }
func (q *pubsubQueue) limit() int   { return pubsubLimit }

func (q *pubsubQueue) call(ctx context.Context, what, operation string, in, out any) error {
	return cloudCall(ctx, what, q.base+what+":"+operation, in, out, func(req *http.Request, _ []byte) error {
		req.Header.Set("Content-Type", "application/json")
		if q.token != "" {
			req.Header.Set("Authorization", "Bearer "+q.token)
		}
		return nil
	})
}

func (q *pubsubQueue) read(ctx context.Context) ([]cloudMessage, error) {
	for range pubsubEmpty {
		var out struct {
			ReceivedMessages []struct {
				AckID   string `json:"ackId"`
				Message struct {
					MessageID string `json:"messageId"`
					Data      []byte
				}
			}
		}
		// Without returnImmediately a pull that finds nothing takes minutes.
		if err := q.call(ctx, q.from, "pull", map[string]any{"maxMessages": pubsubBatch, "returnImmediately": true}, &out); err != nil {
			return nil, err
		}
		var messages []cloudMessage
		var receipts []string
		for _, m := range out.ReceivedMessages {
			messages = append(messages, cloudMessage{m.Message.MessageID, m.AckID, m.Message.Data})
			receipts = append(receipts, m.AckID)
		}
		if len(messages) > 0 {
			return messages, q.hold(ctx, receipts, cloudHold)
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(pubsubPause):
		}
	}
	return nil, nil
}

// hold hides messages from others for a time.
func (q *pubsubQueue) hold(ctx context.Context, receipts []string, d time.Duration) error {
	return batches(receipts, pubsubBatch, func(part []string) error {
		return q.call(ctx, q.from, "modifyAckDeadline", map[string]any{"ackIds": part, "ackDeadlineSeconds": int(d.Seconds())}, nil)
	})
}

func (q *pubsubQueue) giveBack(ctx context.Context, receipts []string) error {
	return q.hold(ctx, receipts, 0)
}

func (q *pubsubQueue) remove(ctx context.Context, receipts []string) error {
	return batches(receipts, pubsubBatch, func(part []string) error {
		return q.call(ctx, q.from, "acknowledge", map[string]any{"ackIds": part}, nil)
	})
}

func (q *pubsubQueue) put(ctx context.Context, it queue.Item) error {
	var out struct{ MessageIDs []string }
	err := q.call(ctx, q.to, "publish", map[string]any{"messages": []map[string]any{{
		"data": it.Body, "orderingKey": it.Group, "attributes": map[string]string{"id": it.ID},
	}}}, &out)
	if err == nil && len(out.MessageIDs) != 1 {
		err = fmt.Errorf("%s: it does not confirm the message", q.to)
	}
	return err
}
