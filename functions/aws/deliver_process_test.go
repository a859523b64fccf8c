package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/sigpost/sigpost/functions/aws/awstest"
	"github.com/sigpost/sigpost/pkg/queue"
)

// lineConfig doesn't pace what is delivered.
var lineConfig = strings.Replace(goodConfig, "slack,", "slack, rate: none,", 1)

// line is the real binary as both functions, with the queues between them.
type line struct {
	t     *testing.T
	sqs   *awstest.SQS
	table *awstest.Dynamo
	env   map[string]string
	// config is that of the next instance to be started.
	config string
	// receive is an instance of that function; deliver is set by start.
	receive, deliver *function
}

func newLine(t *testing.T) *line {
	t.Helper()
	l := &line{t: t, table: awstest.NewDynamo(testTable), config: lineConfig}
	t.Cleanup(l.table.Close)
	l.sqs, l.env = newTestSQS(t)
	l.env["AWS_ENDPOINT_URL_DYNAMODB"], l.env["SIGPOST_STATE_TABLE"] = l.table.URL, testTable
	l.receive = l.function("receive")
	l.receive.put("github-webhook", "hidden-webhook-word")
	return l
}

func (l *line) function(handler string) *function {
	l.t.Helper()
	env := map[string]string{"_HANDLER": handler}
	for k, v := range l.env {
		env[k] = v
	}
	return startFunction(l.t, l.config, env)
}

// start starts an instance of deliver that knows the sink's secret.
func (l *line) start() *function {
	l.t.Helper()
	l.deliver = l.function("deliver")
	l.deliver.put("slack-ops", l.deliver.chat.hook("first"))
	return l.deliver
}

// post queues n events.
func (l *line) post(n int) {
	l.t.Helper()
	for range n {
		if r := l.receive.post("hidden-webhook-word", 200); !strings.Contains(r.Body, `"status":"queued"`) {
			l.t.Fatalf("the answer is %s", r.Body)
		}
	}
}

func (l *line) jobs() []awstest.Kept { return l.sqs.Messages(l.env["SIGPOST_QUEUE_URL"]) }
func (l *line) dead() []queue.Dead {
	l.t.Helper()
	return deadJobs(l.t, l.sqs, l.env["SIGPOST_DEAD_QUEUE_URL"])
}

// run hands out all that is due.
func (l *line) run() {
	l.t.Helper()
	handOut(l.t, l.sqs, l.env["SIGPOST_QUEUE_URL"], func(batch []byte) awstest.Outcome { return l.deliver.invoke(batch, patience) })
}

// pass lets time pass for SQS.
func (l *line) pass(d time.Duration) {
	at := l.sqs.Now().Add(d)
	l.sqs.Now = func() time.Time { return at }
}

func (l *line) want(delivered, waiting, dead int) {
	l.t.Helper()
	n := l.deliver.chat.count()
	if got := []int{n, len(l.jobs()), len(l.dead())}; fmt.Sprint(got) != fmt.Sprint([]int{delivered, waiting, dead}) {
		l.t.Fatalf("delivered, waiting and dead are %v, want %v\n%s", got, []int{delivered, waiting, dead}, l.deliver.out)
	}
}

func TestProcessQueue(t *testing.T) {
	l := newLine(t)
	l.start()
	l.post(12)
	l.want(0, 12, 0)
	for _, m := range l.jobs() {
		if len(m.Dedup) != 64 || len(m.Group) != 64 {
			t.Errorf("a job has the id %q in the group %q", m.Dedup, m.Group)
		}
	}
	l.run()
	l.want(12, 0, 0)
	l.deliver.logged(`"message":"delivery"`, `"event":"delivery-12"`, `"sink":"ops"`, `"class":"delivered"`, `"age":`, `"requestId"`)
	l.receive.next = 0
	if r := l.receive.post("hidden-webhook-word", 200); !strings.Contains(r.Body, `"duplicate"`) {
		t.Errorf("the answer to a replay is %s", r.Body)
	}
	if n := l.receive.chat.count(); n != 0 {
		t.Errorf("receive delivered %d itself", n)
	}
}

// TestProcessQueueDown wants 503, and the same delivery taken afterwards.
func TestProcessQueueDown(t *testing.T) {
	l := newLine(t)
	l.start()
	l.sqs.Down(true)
	l.receive.post("hidden-webhook-word", 503)
	l.receive.logged(`"level":"ERROR"`, `"status":503`, "acme-jobs.fifo", "SQS can't be reached")
	l.sqs.Down(false)
	l.receive.next = 0
	l.sqs.FailEntries(maxAttempts, "InternalError", false)
	l.receive.post("hidden-webhook-word", 503)
	l.receive.logged("SQS did not take 1 of 1 messages: InternalError")
	l.receive.next = 0
	l.sqs.Refuse(403, "AccessDeniedException", "")
	l.receive.post("hidden-webhook-word", 503)
	l.receive.logged("sqs:SendMessage")
	l.sqs.Refuse(0, "", "")
	l.receive.next = 0
	l.post(1)
	l.run()
	l.want(1, 0, 0)
}

// TestProcessQueueRefusal wants a final refusal among the dead at once, with its
// reason, and a dead-letter queue that fails not to lose it.
func TestProcessQueueRefusal(t *testing.T) {
	l := newLine(t)
	f := l.start()
	f.chat.revoke("first")
	l.post(1)
	l.run()
	l.want(0, 0, 1)
	d := l.dead()[0]
	if d.Status != 404 || d.Attempts != 1 || d.Sink != "ops" || d.Source != "github" || d.Type != "issues.opened" || d.Reason == "" {
		t.Errorf("buried %+v", d)
	}
	if j, err := queue.Decode(d.Body); err != nil || j.Event.ID != "delivery-1" || j.ID() != d.ID {
		t.Errorf("%v: %s", err, d.Body)
	}
	if text := fmt.Sprintf("%+v", l.sqs.Messages(l.env["SIGPOST_DEAD_QUEUE_URL"])); strings.Contains(text, "hidden-hook") {
		t.Error("the dead job shows the receiver's URL")
	}
	f.logged(`"level":"ERROR"`, "job moved to the dead-letter queue", `"event":"delivery-1"`, `"status":404`)
	l.post(1)
	l.sqs.FailEntries(3*maxAttempts, "InternalError", false) // Bury, and the message's delay
	l.run()
	l.want(0, 1, 1)
	f.logged(`"level":"ERROR"`, "can't be moved to the dead-letter queue", "acme-dead.fifo")
	l.sqs.FailEntries(0, "", false)
	l.pass(testVisibility)
	l.run()
	l.want(0, 0, 2)
}

// TestProcessPoison wants what is no job, or one of another version or for no
// sink, among the dead, and what comes with it done.
func TestProcessPoison(t *testing.T) {
	l := newLine(t)
	l.start()
	a, err := newAccount(testEnv(t, l.env))
	if err != nil {
		t.Fatal(err)
	}
	q, err := newJobs(a)
	if err != nil {
		t.Fatal(err)
	}
	for i, body := range []string{
		bodyWord, `{}`, `null`, `{"version":0,"sink":"ops"}`, strings.Repeat(bodyWord, 60_000),
		`{"version":1,"sink":"gone","event":{"id":"x","source":"github","title":"t"},"accepted":"2026-01-01T00:00:00Z"}`,
	} {
		if err := q.Put(t.Context(), []queue.Item{{ID: queue.BodyID([]byte(body)), Group: fmt.Sprint("group", i), Body: []byte(body)}}); err != nil {
			t.Fatal(err)
		}
	}
	newer := `{"version":9,"sink":"ops"}`
	if err := q.Put(t.Context(), []queue.Item{{ID: queue.BodyID([]byte(newer)), Group: "newer", Body: []byte(newer)}}); err != nil {
		t.Fatal(err)
	}
	l.post(2)
	l.run()
	l.want(2, 1, 6)
	for _, d := range l.dead() {
		if d.Reason == "" || len(d.Body) == 0 {
			t.Errorf("buried %+v", d)
		}
	}
	for range 60 { // as often as a newer worker is waited for
		l.pass(time.Minute)
		l.run()
	}
	l.want(2, 0, 7)
}

// TestProcessQueueNoSecrets wants jobs kept while the sink's secret can't be had.
func TestProcessQueueNoSecrets(t *testing.T) {
	l := newLine(t)
	f := l.start()
	f.secrets.Down(true)
	l.post(1)
	l.run()
	l.want(0, 1, 0)
	f.logged(`"class":"no secret"`, "acme/slack-ops", "Secrets Manager can't be reached")
	f.secrets.Down(false)
	eventually(t.Context(), t, func() bool { // the secret is not asked for again at once
		l.pass(time.Hour)
		l.run()
		return f.chat.count() == 1
	})
	l.want(1, 0, 0)
}

// TestProcessQueueRate wants what a sink has no room for hidden until there is
// some, and not posted.
func TestProcessQueueRate(t *testing.T) {
	l := newLine(t)
	l.config = strings.Replace(goodConfig, "slack,", "slack, rate: 2/h,", 1)
	l.start()
	l.post(8)
	l.run()
	if n := l.deliver.chat.count(); n < 1 || n > 4 { // an hour may end meanwhile
		t.Errorf("%d were posted of 2 an hour", n)
	}
	for _, m := range l.jobs() {
		if !m.Visible.After(l.sqs.Now()) {
			t.Error("a job that has no room is handed out again at once")
		}
	}
}

func TestProcessDeliverMisused(t *testing.T) {
	f := startFunction(t, goodConfig, map[string]string{"_HANDLER": "deliver"})
	f.logged(`"level":"ERROR"`, "set SIGPOST_MODE to queue")
	if o := f.invoke([]byte(`{"Records":[]}`), patience); !o.Failed || !strings.Contains(string(o.Body), "SIGPOST_MODE") {
		t.Errorf("%s", o.Body)
	}
	f = startFunction(t, goodConfig, map[string]string{"_HANDLER": "receive", "SIGPOST_MODE": "queue"})
	f.logged(`"level":"ERROR"`, "SIGPOST_QUEUE_URL is not set")
	f.logged(`"level":"ERROR"`, "SIGPOST_DEAD_QUEUE_URL is not set")
	f.post("hidden-webhook-word", 503)
	_, env := newTestSQS(t)
	env["_HANDLER"] = "deliver"
	f = startFunction(t, goodConfig, env)
	f.logged(`"level":"WARN"`, "SIGPOST_STATE_TABLE is not set")
	for _, payload := range []string{`{`, `{"Records":[{"eventSource":"aws:sns","body":"` + bodyWord + `"}]}`, string(f.issue("x"))} {
		if o := f.invoke([]byte(payload), patience); !o.Failed || !strings.Contains(string(o.Body), "event source mapping") {
			t.Errorf("%s", o.Body)
		}
	}
}
