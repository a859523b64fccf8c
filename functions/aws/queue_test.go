package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/sigpost/sigpost/functions/aws/awstest"
	"github.com/sigpost/sigpost/pkg/queue"
	"github.com/sigpost/sigpost/pkg/queue/queuetest"
)

const (
	testVisibility = 6 * time.Minute
	testReceives   = 1000
)

// newTestSQS is an SQS with the two queues, and the environment that names them.
func newTestSQS(t *testing.T) (*awstest.SQS, map[string]string) {
	t.Helper()
	fake := awstest.NewSQS()
	t.Cleanup(fake.Close)
	t.Cleanup(func() {
		for _, text := range fake.Invalid() {
			t.Error("SQS was asked what it does not take:", text)
		}
	})
	dead := fake.Add("acme-dead.fifo", testVisibility, 0, "")
	return fake, map[string]string{
		"AWS_ENDPOINT_URL_SQS": fake.URL, "SIGPOST_MODE": "queue", "SIGPOST_DEAD_QUEUE_URL": dead,
		"SIGPOST_QUEUE_URL": fake.Add("acme-jobs.fifo", testVisibility, testReceives, dead),
	}
}

func newTestJobs(t *testing.T) (*awstest.SQS, *jobs) {
	t.Helper()
	fake, env := newTestSQS(t)
	a, err := newAccount(testEnv(t, env))
	if err != nil {
		t.Fatal(err)
	}
	q, err := newJobs(a)
	if err != nil {
		t.Fatal(err)
	}
	return fake, q
}

// handOut gives a function all that is due, batch by batch.
func handOut(t *testing.T, fake *awstest.SQS, url string, invoke func([]byte) awstest.Outcome) {
	t.Helper()
	for batch := fake.Batch(url, 10); batch != nil; batch = fake.Batch(url, 10) {
		if err := fake.Settle(url, batch, invoke(batch)); err != nil {
			t.Fatal(err)
		}
	}
}

func deadJobs(t *testing.T, fake *awstest.SQS, url string) []queue.Dead {
	t.Helper()
	var all []queue.Dead
	for _, m := range fake.Messages(url) {
		var d queue.Dead
		if err := json.Unmarshal([]byte(m.Body), &d); err != nil {
			t.Fatal(err)
		}
		all = append(all, d)
	}
	return all
}

func TestQueueConformance(t *testing.T) {
	queuetest.Run(t, func(t *testing.T) queuetest.Fixture { //nolint:thelper // it is the test
		fake, q := newTestJobs(t)
		now := time.UnixMilli(1_800_000_000_000)
		fake.Now = func() time.Time { return now }
		return queuetest.Fixture{
			Queue: q, Down: fake.Down,
			Pass: func(d time.Duration) { now = now.Add(d) },
			Dead: func() []queue.Dead { return deadJobs(t, fake, q.dead.queue) },
			Work: func(work func(queue.Message) queue.Verdict) {
				d := &deliverer{queue: q.live, log: slog.New(slog.DiscardHandler), work: func(_ context.Context, m queue.Message) queue.Verdict { return work(m) }}
				handOut(t, fake, q.live.queue, func(batch []byte) awstest.Outcome {
					body, err := d.Invoke(t.Context(), batch)
					if err != nil {
						t.Fatal(err)
					}
					return awstest.Outcome{Body: body}
				})
			},
		}
	})
}

func items(names ...string) []queue.Item {
	var all []queue.Item
	for _, n := range names {
		group, _, _ := strings.Cut(n, "/")
		all = append(all, queue.Item{ID: queue.BodyID([]byte(n)), Group: queue.BodyID([]byte(group)), Body: []byte(n)})
	}
	return all
}

func bodies(fake *awstest.SQS, url string) string {
	var all []string
	for _, m := range fake.Messages(url) {
		all = append(all, m.Body)
	}
	return strings.Join(all, " ")
}

// TestQueuePartialFailures wants entries that failed sent again without anything
// overtaking them, and an error when they still fail.
func TestQueuePartialFailures(t *testing.T) {
	fake, q := newTestJobs(t)
	fake.FailEntries(1, "InternalError", false)
	if err := q.Put(t.Context(), items("a/1", "b/1", "a/2")); err != nil {
		t.Fatal(err)
	}
	if got := bodies(fake, q.live.queue); got != "b/1 a/1 a/2" {
		t.Errorf("stored %s", got)
	}
	fake.FailEntries(5, "InternalError", false)
	if err := q.Put(t.Context(), items("c/1", "d/1", "c/2")); err == nil || !strings.Contains(err.Error(), "1 of 2 messages: InternalError") {
		t.Error(err)
	}
	if got := bodies(fake, q.live.queue); got != "b/1 a/1 a/2 d/1" {
		t.Errorf("stored %s", got)
	}
	fake.FailEntries(1, "InvalidMessageContents", true)
	calls := fake.Calls()
	if err := q.Put(t.Context(), items("e/1")); err == nil || !strings.Contains(err.Error(), "does not take what sigpost sends") || fake.Calls() != calls+1 {
		t.Error(err)
	}
}

// TestQueueThrottledEntries wants entries that came too fast sent again, whoever
// SQS says is to blame.
func TestQueueThrottledEntries(t *testing.T) {
	fake, q := newTestJobs(t)
	fake.FailEntries(2, "RequestThrottled", true)
	if err := q.Put(t.Context(), items("a/1", "b/1")); err != nil {
		t.Fatal(err)
	}
	if got := bodies(fake, q.live.queue); got != "a/1 b/1" {
		t.Errorf("stored %s", got)
	}
}

// TestQueueLostAnswers wants what is sent again stored once.
func TestQueueLostAnswers(t *testing.T) {
	fake, q := newTestJobs(t)
	fake.LoseAnswers(maxAttempts - 1)
	if err := q.Put(t.Context(), items("a/1", "b/1")); err != nil {
		t.Fatal(err)
	}
	if got := bodies(fake, q.live.queue); got != "a/1 b/1" {
		t.Errorf("stored %s", got)
	}
}

func TestQueueDamage(t *testing.T) {
	fake, q := newTestJobs(t)
	fake.Spoil()
	if err := q.Put(t.Context(), items("a/1")); err == nil || !strings.Contains(err.Error(), "something else") {
		t.Error(err)
	}
}

func TestQueueErrors(t *testing.T) {
	const text = "service-text-word"
	for name, c := range map[string]struct {
		prepare func(*awstest.SQS)
		calls   int
		want    []string
	}{
		"no queue":    {func(f *awstest.SQS) { f.Refuse(400, "QueueDoesNotExist", text) }, 1, []string{"does not exist", "SIGPOST_QUEUE_URL"}},
		"denied":      {func(f *awstest.SQS) { f.Refuse(403, "AccessDeniedException", text) }, 1, []string{"sqs:SendMessage on it"}},
		"key":         {func(f *awstest.SQS) { f.Refuse(400, "KmsAccessDenied", text) }, 1, []string{"kms:GenerateDataKey"}},
		"no fifo":     {func(f *awstest.SQS) { f.Refuse(400, "InvalidParameterValueException", text) }, 1, []string{"FIFO", "1 MiB"}},
		"credentials": {func(f *awstest.SQS) { f.Refuse(403, "ExpiredToken", text) }, 1, []string{"credentials"}},
		"throttled":   {func(f *awstest.SQS) { f.Refuse(400, "RequestThrottled", text) }, maxAttempts, []string{"RequestThrottled", "400"}},
		"internal":    {func(f *awstest.SQS) { f.Refuse(500, "x\n"+text, text) }, maxAttempts, []string{"an unknown code", "500"}},
		"dropped":     {func(f *awstest.SQS) { f.Down(true) }, maxAttempts, []string{"can't be reached", "VPC"}},
	} {
		fake, q := newTestJobs(t)
		c.prepare(fake)
		err := q.Put(t.Context(), items("a/1"))
		if err == nil {
			t.Errorf("%s: no error", name)
			continue
		}
		for _, want := range append(c.want, "queue acme-jobs.fifo", awstest.Region) {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %q is missing in %v", name, want, err)
			}
		}
		if strings.Contains(err.Error(), text) {
			t.Errorf("%s: repeats the service's text: %v", name, err)
		}
		if n := fake.Calls(); n != c.calls {
			t.Errorf("%s: %d calls, want %d", name, n, c.calls)
		}
	}
}

// TestDeadAttributes wants what people look for beside the body.
func TestDeadAttributes(t *testing.T) {
	fake, q := newTestJobs(t)
	d := queue.Dead{
		ID: queue.BodyID(nil), Reason: "refused\uFFFF", Status: 404, Attempts: 2, Buried: time.Unix(0, 0), Source: "github", Sink: "ops",
		Body: []byte(strings.Repeat("x", q.Limit()+1)),
	}
	if err := q.Bury(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	m := fake.Messages(q.dead.queue)[0]
	want := map[string]string{
		"Reason": "refused\uFFFD (the message had 774145 bytes, of which the first 774144 are kept)", "Status": "404", "Attempts": "2",
		"Buried": "1970-01-01T00:00:00Z", "Source": "github", "Sink": "ops",
	}
	if !maps.Equal(m.Attributes, want) || m.Group != d.ID || m.Dedup != d.ID {
		t.Errorf("%v", m.Attributes)
	}
}

func TestQueueVariables(t *testing.T) {
	const good, other = "https://sqs.eu-west-1.amazonaws.com/1/a.fifo", "https://sqs.eu-west-1.amazonaws.com/1/b.fifo"
	for name, c := range map[string]struct {
		live, dead string
		want       []string
	}{
		"good":  {good, other, nil},
		"unset": {"", "", []string{"SIGPOST_QUEUE_URL is not set", "SIGPOST_DEAD_QUEUE_URL is not set"}},
		"name":  {"a.fifo", other, []string{"SIGPOST_QUEUE_URL is no URL", "https://sqs.eu-west-1.amazonaws.com/ACCOUNT/NAME.fifo"}},
		"plain": {good, strings.TrimSuffix(other, ".fifo"), []string{"SIGPOST_DEAD_QUEUE_URL", "FIFO"}},
		"same":  {good, good, []string{"the same queue"}},
	} {
		a, err := newAccount(testEnv(t, map[string]string{"SIGPOST_QUEUE_URL": c.live, "SIGPOST_DEAD_QUEUE_URL": c.dead}))
		if err != nil {
			t.Fatal(err)
		}
		_, err = newJobs(a)
		if (err == nil) != (c.want == nil) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %q is missing in %v", name, want, err)
			}
		}
	}
}
