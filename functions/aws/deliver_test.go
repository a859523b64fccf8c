package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/sigpost/sigpost/functions/aws/awstest"
	"github.com/sigpost/sigpost/pkg/queue"
)

// delivery is a deliverer in front of an SQS, whose clock stands still.
type delivery struct {
	*deliverer
	t    *testing.T
	fake *awstest.SQS
	jobs *jobs
	now  time.Time
	log  bytes.Buffer

	mu   sync.Mutex
	came []string
}

// newDelivery says of each job what say does; nil takes it off the queue.
func newDelivery(t *testing.T, say func(ctx context.Context, name string) queue.Verdict) *delivery {
	t.Helper()
	d := &delivery{t: t, now: time.UnixMilli(1_800_000_000_000)}
	d.fake, d.jobs = newTestJobs(t)
	d.fake.Now = func() time.Time { return d.now }
	d.deliverer = &deliverer{
		queue: d.jobs.live, log: slog.New(slog.NewJSONHandler(&d.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		work: func(ctx context.Context, m queue.Message) queue.Verdict {
			d.mu.Lock()
			d.came = append(d.came, string(m.Body))
			d.mu.Unlock()
			if say == nil {
				return queue.Verdict{}
			}
			return say(ctx, string(m.Body))
		},
	}
	return d
}

// batch hands out one batch and returns which bodies went back.
func (d *delivery) batch(ctx context.Context) []string {
	d.t.Helper()
	batch := d.fake.Batch(d.jobs.live.queue, 10)
	body, err := d.Invoke(ctx, batch)
	if err != nil {
		d.t.Fatal(err)
	}
	var e events.SQSEvent
	var answer events.SQSEventResponse
	if err := errors.Join(json.Unmarshal(batch, &e), json.Unmarshal(body, &answer)); err != nil {
		d.t.Fatal(err)
	}
	var back []string
	for _, m := range e.Records {
		if slices.Contains(answer.BatchItemFailures, events.SQSBatchItemFailure{ItemIdentifier: m.MessageId}) {
			back = append(back, m.Body)
		}
	}
	if len(back) != len(answer.BatchItemFailures) {
		d.t.Errorf("the answer is %s", body)
	}
	if err := d.fake.Settle(d.jobs.live.queue, batch, awstest.Outcome{Body: body}); err != nil {
		d.t.Fatal(err)
	}
	return back
}

func (d *delivery) put(names ...string) {
	d.t.Helper()
	if err := d.jobs.Put(d.t.Context(), items(names...)); err != nil {
		d.t.Fatal(err)
	}
}

// TestDeliverStopsAGroup wants what follows a failure neither tried nor handed
// out before it, and other groups done.
func TestDeliverStopsAGroup(t *testing.T) {
	d := newDelivery(t, func(_ context.Context, name string) queue.Verdict {
		return queue.Verdict{Again: name == "a/2", After: 1500 * time.Millisecond}
	})
	d.put("a/1", "a/2", "b/1", "a/3", "b/2", "a/4")
	if back := d.batch(t.Context()); fmt.Sprint(back) != "[a/2 a/3 a/4]" {
		t.Errorf("back went %v", back)
	}
	slices.Sort(d.came)
	if fmt.Sprint(d.came) != "[a/1 a/2 b/1 b/2]" {
		t.Errorf("tried %v", d.came)
	}
	for _, m := range d.fake.Messages(d.jobs.live.queue) {
		if hidden := m.Visible.Sub(d.now); hidden != 2*time.Second {
			t.Errorf("%s is hidden for %v, want 2 s: never less than asked for", m.Body, hidden)
		}
	}
}

func TestDeliverDelays(t *testing.T) {
	for after, want := range map[time.Duration]time.Duration{
		0: 0, -time.Second: 0, time.Nanosecond: time.Second, time.Hour: time.Hour, 100 * time.Hour: maxHidden,
	} {
		d := newDelivery(t, func(context.Context, string) queue.Verdict { return queue.Verdict{Again: true, After: after} })
		d.put("a/1")
		d.batch(t.Context())
		if got := d.fake.Messages(d.jobs.live.queue)[0].Visible.Sub(d.now); got != want {
			t.Errorf("after %v: hidden for %v, want %v", after, got, want)
		}
	}
}

// TestDeliverDelayFails wants a message whose delay can't be set to go back all
// the same.
func TestDeliverDelayFails(t *testing.T) {
	d := newDelivery(t, func(context.Context, string) queue.Verdict { return queue.Verdict{Again: true, After: time.Second} })
	d.put("a/1")
	d.fake.FailEntries(1, "ReceiptHandleIsInvalid", true)
	if back := d.batch(t.Context()); len(back) != 1 {
		t.Errorf("back went %v", back)
	}
	if got := d.fake.Messages(d.jobs.live.queue); len(got) != 1 || got[0].Visible.Sub(d.now) != testVisibility {
		t.Errorf("%+v", got)
	}
	if !strings.Contains(d.log.String(), "visibility timeout") || !strings.Contains(d.log.String(), "ReceiptHandleIsInvalid") {
		t.Error(d.log.String())
	}
}

// TestDeliverKeepsTime wants no job begun that can't be finished, and those left
// to be due at once, for the next invocation.
func TestDeliverKeepsTime(t *testing.T) {
	var left time.Duration
	d := newDelivery(t, func(ctx context.Context, _ string) queue.Verdict {
		deadline, _ := ctx.Deadline()
		left = time.Until(deadline)
		time.Sleep(time.Until(deadline)) // as a receiver that hangs
		return queue.Verdict{}
	})
	d.put("a/1", "a/2", "a/3")
	ctx, cancel := context.WithTimeout(t.Context(), 400*time.Millisecond)
	defer cancel()
	if back := d.batch(ctx); fmt.Sprint(back) != "[a/2 a/3]" || ctx.Err() != nil {
		t.Errorf("back went %v, %v", back, ctx.Err())
	}
	if left > 300*time.Millisecond {
		t.Errorf("a job got %v of 400 ms, and there is no time left to settle", left)
	}
	for _, m := range d.fake.Messages(d.jobs.live.queue) {
		if m.Visible.After(d.now) {
			t.Errorf("%s is still hidden", m.Body)
		}
	}
}

// TestDeliverLingers wants a group that is done not to wait for another that
// isn't.
func TestDeliverLingers(t *testing.T) {
	release := make(chan struct{})
	d := newDelivery(t, func(_ context.Context, name string) queue.Verdict {
		if name == "slow/1" {
			<-release
		}
		return queue.Verdict{}
	})
	d.put("slow/1", "a/1", "b/1")
	done := make(chan []string)
	go func() { done <- d.batch(t.Context()) }()
	eventually(t.Context(), t, func() bool { return bodies(d.fake, d.jobs.live.queue) == "slow/1" })
	close(release)
	if back := <-done; len(back) != 0 {
		t.Errorf("back went %v", back)
	}
	if got := bodies(d.fake, d.jobs.live.queue); got != "" {
		t.Errorf("left is %s", got)
	}
}

// TestDeliverLingersInVain wants jobs that can't be deleted early to be deleted
// with their batch.
func TestDeliverLingersInVain(t *testing.T) {
	release := make(chan struct{})
	d := newDelivery(t, func(_ context.Context, name string) queue.Verdict {
		if name == "slow/1" {
			<-release
		}
		return queue.Verdict{}
	})
	d.put("slow/1", "a/1")
	d.fake.Refuse(403, "AccessDenied", "")
	calls := d.fake.Calls()
	go func() {
		eventually(t.Context(), t, func() bool { return d.fake.Calls() > calls })
		d.fake.Refuse(0, "", "")
		close(release)
	}()
	if back := d.batch(t.Context()); len(back) != 0 || bodies(d.fake, d.jobs.live.queue) != "" {
		t.Errorf("back went %v, left is %s", back, bodies(d.fake, d.jobs.live.queue))
	}
}

func TestDeliverNoBatch(t *testing.T) {
	d := newDelivery(t, nil)
	for _, payload := range []string{
		``, `{`, `null`, `{}`, `{"Records":[]}`, `{"Records":[{"eventSource":"aws:sns"}]}`,
		`{"Records":[{"eventSource":"aws:sqs","messageId":"","receiptHandle":"r","body":"b"}]}`,
		`{"Records":[{"eventSource":"aws:sqs","messageId":"m","receiptHandle":"","body":"b"}]}`,
		`{"version":"2.0","rawPath":"/github"}`,
	} {
		if out, err := d.Invoke(t.Context(), []byte(payload)); !errors.Is(err, errNoBatch) || out != nil {
			t.Errorf("%s: %s, %v", payload, out, err)
		}
	}
	if len(d.came) != 0 {
		t.Errorf("tried %v", d.came)
	}
}

// TestDeliverPlainQueue wants messages without groups and counts done, each on
// its own.
func TestDeliverPlainQueue(t *testing.T) {
	d := newDelivery(t, func(_ context.Context, name string) queue.Verdict { return queue.Verdict{Again: name == "1"} })
	out, err := d.Invoke(t.Context(), []byte(`{"Records":[{"eventSource":"aws:sqs","messageId":"m1","receiptHandle":"r1","body":"1"},
		{"eventSource":"aws:sqs","messageId":"m2","receiptHandle":"r2","body":"2"}]}`))
	if err != nil || string(out) != `{"batchItemFailures":[{"itemIdentifier":"m1"}]}` {
		t.Errorf("%s, %v", out, err)
	}
}

func FuzzDeliver(f *testing.F) {
	f.Add([]byte(`{"Records":[{"eventSource":"aws:sqs","messageId":"m1","receiptHandle":"r1","body":"1","attributes":{"MessageGroupId":"g","ApproximateReceiveCount":"x"}}]}`))
	f.Fuzz(func(t *testing.T, payload []byte) {
		groups, err := parseBatch(payload)
		var e events.SQSEvent
		if json.Unmarshal(payload, &e) != nil && err == nil {
			t.Fatal("taken though it is no event")
		}
		n := 0
		for _, g := range groups {
			n += len(g)
		}
		if err == nil && n != len(e.Records) {
			t.Fatalf("%d messages of %d", n, len(e.Records))
		}
	})
}
