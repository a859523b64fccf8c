package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/sigpost/sigpost/functions/aws/awstest"
	"github.com/sigpost/sigpost/pkg/queue"
	"github.com/sigpost/sigpost/pkg/relay/relaytest"
)

// TestChaos is chaos through the receive and deliver functions, with SQS and
// DynamoDB behind them.
func TestChaos(t *testing.T) {
	before := firstBackoff
	firstBackoff = time.Microsecond
	t.Cleanup(func() { firstBackoff = before })
	relaytest.Run(t, "AWS", 100, func(w *relaytest.World) relaytest.Cloud {
		c := &chaosCloud{World: w, table: awstest.NewDynamo(testTable)}
		t.Cleanup(c.table.Close)
		c.sqs, c.env = newTestSQS(t)
		c.sqs.Now = w.Now
		c.env["AWS_ENDPOINT_URL_DYNAMODB"] = c.table.URL
		return c
	})
}

// chaosCloud is the cloud of a chaos.
type chaosCloud struct {
	*relaytest.World
	sqs   *awstest.SQS
	table *awstest.Dynamo
	env   map[string]string
}

// chaosProgram is both functions in one process.
type chaosProgram struct {
	t       *testing.T
	receive *receiver
	deliver *deliverer
}

func (c *chaosCloud) url() string { return c.env["SIGPOST_QUEUE_URL"] }

func (c *chaosCloud) Start(p *relaytest.Process) relaytest.Program {
	a, err := newAccount(testEnv(c.T, c.env))
	if err != nil {
		c.T.Fatal(err)
	}
	a.client.Transport = p.Transport(chaosNet, func(r *http.Request) string {
		if strings.HasPrefix(r.Header.Get("X-Amz-Target"), "AmazonSQS.") {
			return "queue"
		}
		return "state"
	})
	q, err := newJobs(a)
	if err != nil {
		c.T.Fatal(err)
	}
	r := p.Relay(newTable(a, testTable, c.Now), q)
	return &chaosProgram{
		t: c.T, receive: &receiver{handler: r, log: c.Log},
		deliver: &deliverer{work: p.Work(r), queue: q.live, log: c.Log},
	}
}

// chaosNet is the network that all processes share.
var chaosNet = &http.Transport{MaxIdleConnsPerHost: 16}

func (f *chaosProgram) Receive(req *http.Request) int {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		f.t.Fatal(err)
	}
	out, err := f.receive.Invoke(f.t.Context(), awstest.Event(req.Method, req.URL.Path, req.Header, body))
	if err != nil {
		f.t.Error(err)
		return 0
	}
	var answer events.LambdaFunctionURLResponse
	if err := json.Unmarshal(out, &answer); err != nil {
		f.t.Error(err)
	}
	return answer.StatusCode
}

func (c *chaosCloud) HandOut(p *relaytest.Process, lost bool) bool {
	batch := c.sqs.Batch(c.url(), 10)
	if batch == nil {
		return false
	}
	body, err := p.Program.(*chaosProgram).deliver.Invoke(context.WithoutCancel(c.T.Context()), batch)
	if err != nil {
		c.T.Error(err)
	}
	if lost || p.Dead() { // all of it comes back after the visibility time-out
		return true
	}
	if err := c.sqs.Settle(c.url(), batch, awstest.Outcome{Body: body}); err != nil {
		c.T.Error(err)
	}
	return true
}

func (c *chaosCloud) Stored() (all [][]byte) {
	for _, body := range c.sqs.Sent(c.url()) {
		all = append(all, []byte(body))
	}
	return all
}

func (c *chaosCloud) Waiting() int { return len(c.sqs.Messages(c.url())) }

func (c *chaosCloud) Dead() []queue.Dead {
	return deadJobs(c.T, c.sqs, c.env["SIGPOST_DEAD_QUEUE_URL"])
}

func (c *chaosCloud) Tidy() { c.table.Sweep(c.Now()) }
