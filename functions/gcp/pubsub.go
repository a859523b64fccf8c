package gcp

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"google.golang.org/api/pubsub/v1"
)

// publishTimeout bounds one try to publish.
const publishTimeout = 5 * time.Second

// publishWaits are the pauses before it is tried again to publish, as long as
// the caller's time lasts: a sender such as GitHub does not send again.
var publishWaits = []time.Duration{
	100 * time.Millisecond, 400 * time.Millisecond, time.Second, 2 * time.Second, 4 * time.Second, 4 * time.Second,
}

// errUnconfirmed says that a publish was answered without an ID for each message.
var errUnconfirmed = errors.New("the answer does not confirm every message")

// publish returns nil once Pub/Sub has confirmed every message. They must have
// the same ordering key.
func (q *topics) publish(ctx context.Context, topic string, messages []*pubsub.PubsubMessage) error {
	service, err := q.connect(ctx)
	if err != nil {
		return fmt.Errorf("topic %s: no client for Pub/Sub: %w", topic, brief(err))
	}
	err = attemptAfter(ctx, publishWaits, func() error {
		ctx, cancel := context.WithTimeout(ctx, publishTimeout)
		defer cancel()
		got, err := service.Projects.Topics.Publish(topic, &pubsub.PublishRequest{Messages: messages}).Context(ctx).Do()
		if err == nil && len(got.MessageIds) != len(messages) {
			return errUnconfirmed
		}
		return err
	})
	if err != nil {
		return explainTopic(topic, err)
	}
	return nil
}

// connect makes the client, once it can be made.
func (q *topics) connect(ctx context.Context) (*pubsub.Service, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.service != nil {
		return q.service, nil
	}
	service, err := pubsub.NewService(context.WithoutCancel(ctx), clientOptions(q.emulator)...)
	if err != nil {
		return nil, err
	}
	q.service = service
	return service, nil
}

// explainTopic says what to do about an error of Pub/Sub.
func explainTopic(topic string, err error) error {
	parts := strings.Split(topic, "/")
	project, name := parts[1], parts[3]
	what := fmt.Sprintf("topic %s of project %s", name, project)
	r, answered := refused(err)
	switch {
	case errors.Is(err, errUnconfirmed):
		return fmt.Errorf("%s: %w", what, err)
	case !answered:
		return fmt.Errorf("%s: Pub/Sub can't be reached: %w", what, brief(err))
	case r.reason == "SERVICE_DISABLED":
		return fmt.Errorf("%s: the API is off; turn it on with gcloud services enable pubsub.googleapis.com --project=%s", what, project)
	case r.code == http.StatusNotFound:
		return fmt.Errorf("%s: there is no such topic; create it with gcloud pubsub topics create %s --project=%s", what, name, project)
	case r.code == http.StatusForbidden:
		return fmt.Errorf("%s: not permitted; grant it with gcloud pubsub topics add-iam-policy-binding %s --project=%s --member=serviceAccount:ACCOUNT --role=roles/pubsub.publisher",
			what, name, project)
	}
	return fmt.Errorf("%s: Pub/Sub answered %d %s", what, r.code, r.status)
}
