package gcp

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sigpost/sigpost/functions/gcp/gcptest"
	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/queue"
)

func newQueue(t *testing.T) (*topics, *gcptest.PubSub) {
	t.Helper()
	fake := gcptest.NewPubSub(t)
	q, err := newTopics(setting{topicVariable: fake.Jobs, deadVariable: fake.Dead, pubsubEmulator: strings.TrimPrefix(fake.URL, "http://")}.get)
	if err != nil {
		t.Fatal(err)
	}
	return q, fake
}

func item(id, group, body string) queue.Item {
	return queue.Item{ID: id, Group: group, Body: []byte(body)}
}

func TestQueueOfTheEnvironment(t *testing.T) {
	const jobs, dead = "projects/acme-prod/topics/jobs", "projects/acme-prod/topics/dead"
	for _, c := range []struct{ jobs, dead, problem string }{
		{jobs, dead, ""},
		{"projects/example.com:acme/topics/jobs", dead, ""},
		{"", dead, topicVariable},
		{jobs, "", deadVariable},
		{"jobs", dead, topicVariable},
		{jobs, "projects/acme-prod/topics/a/b", deadVariable},
		{jobs, "projects/acme-prod/subscriptions/dead", deadVariable},
		{jobs, jobs, "one of their own"},
	} {
		_, err := newTopics(setting{topicVariable: c.jobs, deadVariable: c.dead}.get)
		if c.problem == "" && err != nil || c.problem != "" && (err == nil || !strings.Contains(err.Error(), c.problem)) {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

func TestQueueKeepsTheOrderOfAGroup(t *testing.T) {
	q, fake := newQueue(t)
	var items []queue.Item
	for _, n := range []string{"1", "2", "3", "4", "5"} {
		for _, group := range []string{"a", "b", "c"} {
			items = append(items, item(group+n, group, "body "+group+n))
		}
	}
	if err := q.Put(t.Context(), items); err != nil {
		t.Fatal(err)
	}
	order := map[string][]string{}
	for _, m := range fake.Published(fake.Jobs) {
		order[m.OrderingKey] = append(order[m.OrderingKey], m.Attributes[idAttribute])
		if string(m.Data) != "body "+m.Attributes[idAttribute] || len(m.Attributes) != 1 {
			t.Errorf("%+v", m)
		}
	}
	for _, group := range []string{"a", "b", "c"} {
		if want := []string{group + "1", group + "2", group + "3", group + "4", group + "5"}; !slices.Equal(order[group], want) {
			t.Errorf("group %s: %q", group, order[group])
		}
	}
	if fake.Calls() != 3 {
		t.Errorf("%d requests for three groups", fake.Calls())
	}
}

// The largest jobs go one by one, and what is buried of them fits too.
func TestQueueTakesTheLargest(t *testing.T) {
	q, fake := newQueue(t)
	large := strings.Repeat("x", q.Limit())
	if err := q.Put(t.Context(), []queue.Item{item("a", "g", large), item("b", "g", large), item("c", "g", "small")}); err != nil {
		t.Fatal(err)
	}
	if got := fake.Published(fake.Jobs); len(got) != 3 || len(got[0].Data) != q.Limit() || got[2].Attributes[idAttribute] != "c" {
		t.Fatalf("%d messages", len(got))
	}
	long := strings.Repeat("é\"\n", 30_000)
	for _, body := range []string{large, large + large + "hidden-tail"} { // the second is nobody's job
		d := queue.Dead{ID: "a", Reason: long, Type: long, Sink: "ops", Source: "github", Body: []byte(body)}
		if err := q.Bury(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}
	dead := fake.Published(fake.Dead)
	var d queue.Dead
	if err := json.Unmarshal(dead[0].Data, &d); err != nil || string(d.Body) != large || strings.Contains(d.Reason, "kept") {
		t.Errorf("a dead job lost something: %v", err)
	}
	if err := json.Unmarshal(dead[1].Data, &d); err != nil || len(d.Body) != q.Limit() {
		t.Errorf("%d bytes are buried: %v", len(d.Body), err)
	}
}

func TestQueueLongJobOfARealEvent(t *testing.T) {
	q, fake := newQueue(t)
	j := queue.Job{Sink: "ops", Accepted: time.Now(), Event: event.Event{ID: "1", Source: "github", Raw: []byte(strings.Repeat("r", 25<<20)), Title: "t"}}
	it, err := j.Item(q.Limit())
	if err != nil {
		t.Fatal(err)
	}
	if err := q.Put(t.Context(), []queue.Item{it}); err != nil || len(fake.Published(fake.Jobs)) != 1 {
		t.Error(err)
	}
}

func TestQueueManyOfOneGroup(t *testing.T) {
	q, fake := newQueue(t)
	items := make([]queue.Item, 2500)
	for i := range items {
		items[i] = item("i", "g", "b")
	}
	if err := q.Put(t.Context(), items); err != nil || len(fake.Published(fake.Jobs)) != len(items) || fake.Calls() != 3 {
		t.Errorf("%d of %d in %d requests: %v", len(fake.Published(fake.Jobs)), len(items), fake.Calls(), err)
	}
}

func TestQueueBuriesForThoseWhoLook(t *testing.T) {
	q, fake := newQueue(t)
	d := queue.Dead{ID: "id-1", Reason: "status 404", Status: 404, Attempts: 3, Source: "github", Sink: "ops", Body: []byte("{}"), Buried: time.Now().UTC()}
	if err := q.Bury(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	m := fake.Published(fake.Dead)[0]
	var got queue.Dead
	if err := json.Unmarshal(m.Data, &got); err != nil || got.ID != d.ID || got.Reason != d.Reason || got.Status != 404 || string(got.Body) != "{}" {
		t.Errorf("%+v: %v", got, err)
	}
	want := map[string]string{"id": "id-1", "sink": "ops", "source": "github", "reason": "status 404"}
	for k, v := range want {
		if m.Attributes[k] != v {
			t.Errorf("attribute %s is %q", k, m.Attributes[k])
		}
	}
	if len(m.Attributes) != len(want) || m.OrderingKey != "" {
		t.Errorf("%+v", m)
	}
}

// What is not confirmed is not stored.
func TestQueueErrors(t *testing.T) {
	one := []queue.Item{item("a", "g", "hidden-body-word")}
	for status, words := range map[int]string{
		http.StatusNotFound:            "gcloud pubsub topics create sigpost-jobs",
		http.StatusForbidden:           "roles/pubsub.publisher",
		http.StatusBadRequest:          "Pub/Sub answered 400",
		http.StatusUnauthorized:        "Pub/Sub answered 401",
		http.StatusServiceUnavailable:  "Pub/Sub answered 503",
		http.StatusInternalServerError: "Pub/Sub answered 500",
	} {
		q, fake := newQueue(t)
		fake.Fail(status, "SOME_STATUS")
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		err := q.Put(ctx, one)
		passing := status >= 500 // and tried until the time is over, which may be in the middle of a try
		if err == nil || !strings.Contains(err.Error(), words) && !(passing && strings.Contains(err.Error(), context.DeadlineExceeded.Error())) || !strings.Contains(err.Error(), "topic sigpost-jobs") || strings.Contains(err.Error(), hidden) {
			t.Errorf("%d: %v", status, err)
		}
		cancel()
		if passing != (fake.Calls() > 1) {
			t.Errorf("%d: %d tries", status, fake.Calls())
		}
	}
}

func TestQueueTriesAgain(t *testing.T) {
	q, fake := newQueue(t)
	fake.Lose(2)
	fake.Mute(1)
	if err := q.Put(t.Context(), []queue.Item{item("a", "g", "b")}); err != nil {
		t.Fatal(err)
	}
	if n := len(fake.Published(fake.Jobs)); n != 3 { // the same job, which a worker knows by its ID
		t.Errorf("%d messages", n)
	}
}

func TestQueueGivesUpWhenTheTimeIsOver(t *testing.T) {
	q, fake := newQueue(t)
	fake.Down(true)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := q.Put(ctx, []queue.Item{item("a", "g", "b")}); err == nil || !strings.Contains(err.Error(), "Pub/Sub can't be reached") {
		t.Error(err)
	}
}
