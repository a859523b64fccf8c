package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/sigpost/sigpost/functions/aws/awstest"
)

// services are what the functions of queue mode speak to, all on loopback.
type services struct {
	secrets *awstest.Secrets
	table   *awstest.Dynamo
	sqs     *awstest.SQS
	jobs    string // URL of the queue
}

// newServices starts them, and returns what the functions' environment says of
// them. hook is where the sink's webhook leads.
func newServices(hook string) (*services, map[string]string) {
	const hidden, receives = 5 * time.Minute, 1000
	s := &services{secrets: awstest.NewSecrets(), table: awstest.NewDynamo("state"), sqs: awstest.NewSQS()}
	s.secrets.Put("github-webhook", benchSecret)
	s.secrets.Put("slack-ops", hook)
	dead := s.sqs.Add("dead.fifo", hidden, 0, "")
	s.jobs = s.sqs.Add("jobs.fifo", hidden, receives, dead)
	return s, map[string]string{
		"AWS_ENDPOINT_URL_SECRETS_MANAGER": s.secrets.URL, "AWS_ENDPOINT_URL_DYNAMODB": s.table.URL, "AWS_ENDPOINT_URL_SQS": s.sqs.URL,
		"SIGPOST_MODE": "queue", "SIGPOST_STATE_TABLE": s.table.Table, "SIGPOST_QUEUE_URL": s.jobs, "SIGPOST_DEAD_QUEUE_URL": dead,
	}
}

func (s *services) close() { s.secrets.Close(); s.table.Close(); s.sqs.Close() }

// The calls that an event makes until it is known to whom it goes.
const (
	receiveCalls = 4 // claim, when it was accepted (read and write), done
	beforePost   = 3 // pause, rate, mark
	deliverCalls = beforePost + 1
)

// parts is how long the parts of a first message took.
type parts struct{ start, state, secret, rest time.Duration }

func (p parts) sum() time.Duration { return p.start + p.state + p.secret + p.rest }

// firstInQueueMode splits the time to the first event that each of the two
// functions of queue mode does after its start. The services answer at once, so
// that what is left is our own work.
func (b *bench) firstInQueueMode(function string) error {
	var receive, deliver []parts
	for range firsts {
		r, d, err := b.oneEvent(function)
		if err != nil {
			return err
		}
		receive, deliver = append(receive, r), append(deliver, d)
	}
	ms := func(all []parts, of func(parts) time.Duration) float64 {
		var d []time.Duration
		for _, p := range all {
			d = append(d, of(p))
		}
		return median(d).Seconds() * 1e3
	}
	start, state, secret, rest := func(p parts) time.Duration { return p.start }, func(p parts) time.Duration { return p.state },
		func(p parts) time.Duration { return p.secret }, func(p parts) time.Duration { return p.rest }
	fmt.Fprintf(b.out, "first 200, queue mode      %.1f ms: %.1f start, %.1f secret, %.1f %d calls for state and one for the queue\n",
		ms(receive, parts.sum), ms(receive, start), ms(receive, secret), ms(receive, state), receiveCalls)
	fmt.Fprintf(b.out, "first job delivered        %.1f ms: %.1f start, %.1f secret, %.1f %d calls for state, %.1f delivery\n",
		ms(deliver, parts.sum), ms(deliver, start), ms(deliver, secret), ms(deliver, state), deliverCalls, ms(deliver, rest))
	return nil
}

// oneEvent takes an event through an instance of each function.
func (b *bench) oneEvent(function string) (receive, deliver parts, err error) {
	s, env := newServices(b.receiver + "/ops")
	defer s.close()
	if receive, err = b.oneReceive(function, s, env); err != nil {
		return receive, deliver, err
	}
	deliver, err = b.oneDeliver(function, s, env)
	return receive, deliver, err
}

func (b *bench) oneReceive(function string, s *services, env map[string]string) (p parts, err error) {
	env["_HANDLER"] = "receive"
	i, err := b.startInstance(function, env)
	if err != nil {
		return p, err
	}
	defer i.stop()
	event, err := b.event()
	if err != nil {
		return p, err
	}
	handed := time.Now()
	o, err := i.runtime.Invoke(b.ctx, event, functionTime)
	answered := time.Now()
	if err != nil {
		return p, err
	}
	if !strings.Contains(string(o.Body), "queued") || s.secrets.Calls() != 1 || s.table.Calls() != receiveCalls || s.sqs.Calls() != 1 {
		return p, fmt.Errorf("after %d secrets, %d calls for state and %d for the queue the function answered %s", s.secrets.Calls(), s.table.Calls(), s.sqs.Calls(), o.Body)
	}
	known := s.secrets.Answers()[0]
	return parts{start: i.polled.Sub(i.begun), secret: known.Sub(handed), state: answered.Sub(known)}, nil
}

func (b *bench) oneDeliver(function string, s *services, env map[string]string) (p parts, err error) {
	env["_HANDLER"] = "deliver"
	i, err := b.startInstance(function, env)
	if err != nil {
		return p, err
	}
	defer i.stop()
	batch := s.sqs.Batch(s.jobs, 10)
	if batch == nil {
		return p, errors.New("no job is in the queue")
	}
	calls, before := s.table.Calls(), s.secrets.Calls()
	handed := time.Now()
	o, err := i.runtime.Invoke(b.ctx, batch, functionTime)
	answered := time.Now()
	if err != nil {
		return p, err
	}
	if string(o.Body) != `{"batchItemFailures":[]}` || s.secrets.Calls() != before+1 || s.table.Calls() != calls+deliverCalls {
		return p, fmt.Errorf("after %d secrets and %d calls for state the function answered %s", s.secrets.Calls()-before, s.table.Calls()-calls, o.Body)
	}
	marked, known, taken := s.table.Answers()[calls+beforePost-1], s.secrets.Answers()[before], time.Unix(0, b.taken.Load())
	return parts{
		start: i.polled.Sub(i.begun), state: marked.Sub(handed) + answered.Sub(taken), secret: known.Sub(marked), rest: taken.Sub(known),
	}, nil
}
