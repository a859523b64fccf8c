package gcp

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"google.golang.org/api/firestore/v1"
	"google.golang.org/api/option"
	"google.golang.org/api/pubsub/v1"

	"github.com/sigpost/sigpost/functions/gcp/gcptest"
	"github.com/sigpost/sigpost/pkg/queue"
	"github.com/sigpost/sigpost/pkg/relay"
	"github.com/sigpost/sigpost/pkg/relay/relaytest"
)

// TestChaos is chaos through Receive and Deliver, with Pub/Sub and Firestore
// behind them.
func TestChaos(t *testing.T) {
	beforePublish, before := publishWaits, waits
	t.Cleanup(func() { publishWaits, waits = beforePublish, before })
	publishWaits, waits = []time.Duration{time.Microsecond, time.Microsecond}, []time.Duration{time.Microsecond, time.Microsecond}
	relaytest.Run(t, "Google Cloud", 100, func(w *relaytest.World) relaytest.Cloud {
		c := &chaosCloud{World: w, docs: gcptest.NewFirestore(t, testDatabase)}
		_, c.pubsub = newQueue(t)
		c.caller, c.signer = newTestCaller(t)
		c.token = c.signer.Sign(c.signer.Claims(testAudience, testAccount), "RS256")
		return c
	})
}

// chaosCloud is the cloud of a chaos.
type chaosCloud struct {
	*relaytest.World
	pubsub *gcptest.PubSub
	docs   *gcptest.Firestore
	caller *caller
	signer *gcptest.Signer
	token  string
}

// chaosProgram is both functions in one process.
type chaosProgram struct {
	relay  *relay.Relay
	worker *worker
}

// chaosNet is the network that all processes share.
var chaosNet = &http.Transport{MaxIdleConnsPerHost: 16}

func (c *chaosCloud) Start(p *relaytest.Process) relaytest.Program {
	network := func(part string) *http.Client {
		return &http.Client{Transport: p.Transport(chaosNet, func(*http.Request) string { return part })}
	}
	env := setting{
		topicVariable: c.pubsub.Jobs, deadVariable: c.pubsub.Dead, pubsubEmulator: "set",
		firestoreEmulator: "set", projectVariable: gcptest.Project, collectionVariable: "claims", databaseVariable: testDatabase,
	}
	q, err := newTopics(env.get)
	if err != nil {
		c.T.Fatal(err)
	}
	s, err := newStore(env.get, &projectID{env: env.get})
	if err != nil {
		c.T.Fatal(err)
	}
	s.now = c.Now
	if q.service, err = pubsub.NewService(c.T.Context(), option.WithEndpoint(c.pubsub.URL), option.WithHTTPClient(network("queue"))); err != nil {
		c.T.Fatal(err)
	}
	if s.service, err = firestore.NewService(c.T.Context(), option.WithEndpoint(c.docs.URL), option.WithHTTPClient(network("state"))); err != nil {
		c.T.Fatal(err)
	}
	r := p.Relay(s, q)
	return &chaosProgram{r, &worker{work: p.Work(r), state: s, queue: q, caller: c.caller, now: c.Now, log: c.Log}}
}

func (f *chaosProgram) Receive(req *http.Request) int {
	w := httptest.NewRecorder()
	f.relay.ServeHTTP(w, req)
	return w.Code
}

func (f *chaosProgram) push(c *chaosCloud, body []byte) int {
	req := httptest.NewRequestWithContext(c.T.Context(), http.MethodPost, "/", bytes.NewReader(body))
	req.Header.Set("Authorization", "Bearer "+c.token)
	w := httptest.NewRecorder()
	f.worker.ServeHTTP(w, req)
	return w.Code
}

// HandOut pushes to an instance that takes a few requests at a time.
func (c *chaosCloud) HandOut(p *relaytest.Process, lost bool) bool {
	pushes := c.pubsub.Due(c.Now(), 4)
	statuses := make([]int, len(pushes))
	var wg sync.WaitGroup
	for i, h := range pushes {
		wg.Go(func() { statuses[i] = p.Program.(*chaosProgram).push(c, h.Body) })
	}
	wg.Wait()
	for i, h := range pushes {
		switch {
		case lost:
			statuses[i] = 0
		case p.Dead(): // the connection breaks, which is no acknowledgement
			statuses[i] = http.StatusBadGateway
		}
		h.Settle(c.Now(), statuses[i])
	}
	return len(pushes) > 0
}

func (c *chaosCloud) Stored() (all [][]byte) {
	for _, m := range c.pubsub.Published(c.pubsub.Jobs) {
		all = append(all, m.Data)
	}
	return all
}

func (c *chaosCloud) Waiting() int { return c.pubsub.Waiting() }

func (c *chaosCloud) Dead() []queue.Dead { return deadOf(c.T, c.pubsub) }

func (c *chaosCloud) Tidy() { c.docs.Sweep(c.Now()) }
