package gcp

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sigpost/sigpost/functions/gcp/gcptest"
	"github.com/sigpost/sigpost/pkg/queue"
	"github.com/sigpost/sigpost/pkg/source/cloudtruth/cloudtruthtest"
)

// These tests run Receive and Deliver in queue mode under the real framework,
// with a Pub/Sub and a Firestore between them.

// around is what two functions have between them.
type around struct {
	t      *testing.T
	pubsub *gcptest.PubSub
	state  *gcptest.Firestore
	signer *gcptest.Signer
	token  string
	env    setting
}

func newAround(t *testing.T) *around {
	t.Helper()
	a := &around{t: t, pubsub: gcptest.NewPubSub(t), state: gcptest.NewFirestore(t, "sigpost-state"), signer: gcptest.NewSigner(t)}
	// Without a rate, so that no job waits for its turn.
	file := filepath.Join(t.TempDir(), "sigpost.yaml")
	if err := os.WriteFile(file, []byte(strings.Replace(goodConfig, "type: slack,", "type: slack, rate: none,", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	a.token = a.signer.Sign(a.signer.Claims(testAudience, testAccount), "RS256")
	a.env = setting{
		modeVariable: "queue", "SIGPOST_CONFIG": file, topicVariable: a.pubsub.Jobs, deadVariable: a.pubsub.Dead, pubsubEmulator: strings.TrimPrefix(a.pubsub.URL, "http://"),
		firestoreEmulator: strings.TrimPrefix(a.state.URL, "http://"), collectionVariable: "sigpost-state", databaseVariable: "sigpost-state",
		audienceVariable: testAudience, accountVariable: testAccount, certsVariable: a.signer.CertsURL,
	}
	return a
}

// instance is a function in this environment.
func (a *around) instance(target string) *process {
	a.t.Helper()
	p := start(a.t, target, a.env)
	p.putAll()
	p.hidden = append(p.hidden, a.token)
	return p
}

func (a *around) push(to *process) int {
	return a.pubsub.Push(gcptest.PushTo(to.url+"/", a.token))
}

// drain pushes until nothing waits.
func (a *around) drain(to *process) {
	a.t.Helper()
	eventually(a.t, func() bool { a.push(to); return a.pubsub.Waiting() == 0 })
}

// dead is what is buried.
func (a *around) dead() (all []queue.Dead) {
	a.t.Helper()
	for _, m := range a.pubsub.Published(a.pubsub.Dead) {
		var d queue.Dead
		if err := json.Unmarshal(m.Data, &d); err != nil {
			a.t.Fatal(err)
		}
		all = append(all, d)
	}
	return all
}

func TestProcessQueue(t *testing.T) {
	a := newAround(t)
	receive, deliver := a.instance("Receive"), a.instance("Deliver")
	if got := receive.post("hidden-webhook-word", 200); !strings.Contains(got, `"status":"queued"`) {
		t.Errorf("the answer is %s", got)
	}
	if receive.chat.count() != 0 || len(a.pubsub.Published(a.pubsub.Jobs)) != 1 {
		t.Fatal("Receive delivered, or did not queue")
	}
	if n := a.push(deliver); n != 1 || deliver.chat.count() != 1 {
		t.Errorf("%d acknowledged, %d messages", n, deliver.chat.count())
	}
	deliver.logged(`"message":"delivery"`, `"event":"delivery-1"`, `"sink":"ops"`, `"age":`)
	a.pubsub.Redeliver(1) // the acknowledgement was lost
	if a.pubsub.Waiting() != 1 {
		t.Fatal("nothing comes again")
	}
	a.drain(deliver)
	if n := deliver.chat.count(); n != 1 {
		t.Errorf("a redelivery: %d messages", n)
	}
	// What can't be queued is not taken, and not marked as seen.
	a.pubsub.Fail(http.StatusForbidden, "PERMISSION_DENIED")
	receive.post("hidden-webhook-word", 503)
	receive.logged(`"severity":"ERROR"`, "topic sigpost-jobs", "roles/pubsub.publisher")
	a.pubsub.Fail(0, "")
	receive.next--
	if got := receive.post("hidden-webhook-word", 200); !strings.Contains(got, `"status":"queued"`) {
		t.Errorf("sent again: the answer is %s", got)
	}
	receive.next--
	if got := receive.post("hidden-webhook-word", 200); !strings.Contains(got, `"status":"duplicate"`) {
		t.Errorf("sent once more: the answer is %s", got)
	}
	a.drain(deliver)
	if n := deliver.chat.count(); n != 2 {
		t.Errorf("%d messages", n)
	}
}

// A receiver that refuses for good ends a job at once; what is no job, or for a
// sink that is gone, ends too.
func TestProcessBuries(t *testing.T) {
	a := newAround(t)
	receive, deliver := a.instance("Receive"), a.instance("Deliver")
	deliver.chat.revoke("first")
	receive.post("hidden-webhook-word", 200)
	gone := queue.Job{Sink: "gone"}
	gone.Event.ID, gone.Event.Source, gone.Event.Type = "delivery-9", "github", "issues.opened"
	it, err := gone.Item(jobLimit)
	if err != nil {
		t.Fatal(err)
	}
	newer := []byte(`{"version":99,"sink":"ops"}`)
	q := &topics{jobs: a.pubsub.Jobs, dead: a.pubsub.Dead, emulator: a.pubsub.URL}
	if err := q.Put(t.Context(), []queue.Item{it, {ID: "poison", Group: "p", Body: []byte("\x00" + bodyWord)}, {ID: "newer", Group: "n", Body: newer}}); err != nil {
		t.Fatal(err)
	}
	a.push(deliver)
	var reasons []string
	for _, d := range a.dead() {
		reasons = append(reasons, d.Reason)
		if len(d.Body) == 0 || d.ID == "" || strings.Contains(d.Reason, "hidden") {
			t.Errorf("%+v", d)
		}
	}
	slices.Sort(reasons)
	if len(reasons) != 3 || !strings.Contains(strings.Join(reasons, "\n"), "no_service") || !strings.Contains(strings.Join(reasons, "\n"), "no sink of that name") ||
		!strings.Contains(strings.Join(reasons, "\n"), "not a job of sigpost") {
		t.Errorf("%q", reasons)
	}
	if a.pubsub.Waiting() != 1 { // the newer one, for a newer worker
		t.Errorf("%d jobs wait", a.pubsub.Waiting())
	}
	deliver.logged(`"severity":"ERROR"`, `"message":"job moved to the dead-letter queue"`, `"sink":"ops"`, `"status":404`)
	// Nothing is taken off that can't be buried.
	receive.post("hidden-webhook-word", 200)
	a.pubsub.Fail(http.StatusNotFound, "NOT_FOUND")
	eventually(t, func() bool {
		a.push(deliver)
		return strings.Contains(deliver.log(), "gcloud pubsub topics create sigpost-dead")
	})
	if a.pubsub.Waiting() != 2 {
		t.Errorf("%d jobs wait, want 2", a.pubsub.Waiting())
	}
}

// An instance that is killed in the middle of a delivery loses nothing: once its
// lease is over another delivers. Until then nobody does.
func TestProcessKilled(t *testing.T) {
	a := newAround(t)
	receive, deliver := a.instance("Receive"), a.instance("Deliver")
	receive.post("hidden-webhook-word", 200)
	goOn := deliver.chat.stall()
	pushed := make(chan int, 1)
	go func() { pushed <- a.push(deliver) }()
	eventually(t, func() bool { return deliver.chat.stalled() > 0 })
	deliver.kill()
	goOn()
	if n := <-pushed; n != 0 || a.pubsub.Waiting() != 1 {
		t.Fatalf("%d acknowledged, %d wait", n, a.pubsub.Waiting())
	}
	second := a.instance("Deliver")
	if a.push(second); second.chat.count() != 0 || a.pubsub.Waiting() != 1 {
		t.Errorf("%d messages while the lease runs", second.chat.count())
	}
	a.state.Expire()
	a.drain(second)
	if second.chat.count() != 1 || len(a.dead()) != 0 {
		t.Errorf("%d messages, %d dead", second.chat.count(), len(a.dead()))
	}
}

// A receiver that can't take it now gets it later, in order.
func TestProcessRetries(t *testing.T) {
	a := newAround(t)
	a.env[timeoutVariable] = "4"
	receive, deliver := a.instance("Receive"), a.instance("Deliver")
	deliver.chat.fail(http.StatusServiceUnavailable)
	receive.post("hidden-webhook-word", 200)
	if n := a.push(deliver); n != 0 {
		t.Errorf("%d acknowledged", n)
	}
	deliver.logged(`"severity":"WARNING"`, `"message":"delivery"`, `"status":503`)
	deliver.chat.fail(0)
	a.drain(deliver)
	if n := deliver.chat.count(); n != 1 || len(a.dead()) != 0 {
		t.Errorf("%d messages, %d dead", n, len(a.dead()))
	}
}

// What is polled is queued too, once, also while Pub/Sub can't be reached.
func TestProcessPollQueues(t *testing.T) {
	const key = "hidden-api-key-word"
	changes := &cloudtruthtest.Server{Key: key}
	api := httptest.NewServer(changes)
	defer api.Close()
	a := newAround(t)
	file := filepath.Join(t.TempDir(), "sigpost.yaml")
	write(t, file, fmt.Sprintf(`sources: { changes: { type: cloudtruth, api_key: secret://cloudtruth, url: %q, since: 1h } }
sinks: { ops: { type: slack, rate: none, url: secret://slack-ops } }
routes: [ { to: [ops] } ]
`, api.URL))
	a.env["SIGPOST_CONFIG"] = file
	poll, deliver := a.instance("Poll"), a.instance("Deliver")
	poll.put("cloudtruth", key)
	changes.Add(time.Now(), "update", "Value", "v-1", bodyWord+":Production")
	a.pubsub.Fail(http.StatusForbidden, "PERMISSION_DENIED")
	poll.do(http.MethodPost, "/", nil, nil, 503)
	poll.logged(`"severity":"ERROR"`, "an entry is not queued", "roles/pubsub.publisher")
	a.pubsub.Fail(0, "")
	poll.do(http.MethodPost, "/", nil, nil, 200)
	poll.do(http.MethodPost, "/", nil, nil, 200)
	if n := len(a.pubsub.Published(a.pubsub.Jobs)); n != 1 || poll.chat.count() != 0 {
		t.Errorf("%d jobs are queued, %d delivered by the poll", n, poll.chat.count())
	}
	if a.push(deliver); deliver.chat.count() != 1 || a.pubsub.Waiting() != 0 {
		t.Errorf("%d messages", deliver.chat.count())
	}
}

func TestProcessForgedPush(t *testing.T) {
	a := newAround(t)
	deliver := a.instance("Deliver")
	job := queue.Job{Sink: "ops"}
	job.Event.ID, job.Event.Source, job.Event.Type, job.Event.Title = "forged-1", "github", "issues.opened", bodyWord
	it, err := job.Item(jobLimit)
	if err != nil {
		t.Fatal(err)
	}
	body := fmt.Sprintf(`{"message":{"data":%q,"messageId":"1","orderingKey":%q},"deliveryAttempt":1}`, base64.StdEncoding.EncodeToString(it.Body), it.Group)
	claims := func(key string, value any) gcptest.Claims { return with(a.signer, key, value) }
	good := strings.Split(a.token, ".")
	for name, token := range map[string]string{
		"no token": "", "audience": a.signer.Sign(claims("aud", "https://other.example.com"), "RS256"),
		"account": a.signer.Sign(claims("email", "evil@example.com"), "RS256"), "expired": a.signer.Sign(claims("exp", 1), "RS256"),
		"issuer":   a.signer.Sign(claims("iss", "https://example.com"), "RS256"),
		"alg none": base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + good[1] + ".", "signature": good[0] + "." + good[1] + "." + good[0],
	} {
		h := http.Header{"Authorization": {"Bearer " + token}}
		deliver.hidden = append(deliver.hidden, "."+good[1])
		deliver.do(http.MethodPost, "/", h, strings.NewReader(body), 401)
		if n := deliver.chat.count(); n != 0 {
			t.Fatalf("%s: delivered", name)
		}
	}
	deliver.logged(`"severity":"WARNING"`, `"message":"push"`, `"status":401`, "another audience")
	deliver.do(http.MethodGet, "/", nil, nil, 405)
	deliver.do(http.MethodPost, "/", http.Header{"Authorization": {"Bearer " + a.token}}, strings.NewReader(body), 200)
	if n := deliver.chat.count(); n != 1 {
		t.Errorf("the subscription's own push: %d messages", n)
	}
}

// Deliver without what it needs says so at every push, and loses none.
func TestProcessDeliverUnconfigured(t *testing.T) {
	a := newAround(t)
	a.env[audienceVariable], a.env[accountVariable] = "", ""
	deliver, receive := a.instance("Deliver"), a.instance("Receive")
	receive.post("hidden-webhook-word", 200)
	a.push(deliver)
	if a.pubsub.Waiting() != 1 {
		t.Error("the job was taken off")
	}
	deliver.logged(`"severity":"ERROR"`, audienceVariable+": is not set", `"status":503`)
}
