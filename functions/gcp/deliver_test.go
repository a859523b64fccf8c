package gcp

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sigpost/sigpost/functions/gcp/gcptest"
	"github.com/sigpost/sigpost/pkg/queue"
	"github.com/sigpost/sigpost/pkg/state"
)

// bench is a worker with a clock, between a Pub/Sub and a doer of jobs.
type bench struct {
	*worker
	pubsub *gcptest.PubSub
	signer *gcptest.Signer
	out    *lines
	token  string

	mu      sync.Mutex
	clock   time.Time
	verdict func(body string, received int) queue.Verdict
	tried   []string
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{clock: time.Now(), verdict: func(string, int) queue.Verdict { return queue.Verdict{} }}
	log, out := newLog(setting{})
	q, fake := newQueue(t)
	c, signer := newTestCaller(t)
	b.pubsub, b.signer, b.out = fake, signer, out
	b.token = signer.Sign(signer.Claims(testAudience, testAccount), "RS256")
	b.worker = &worker{queue: q, caller: c, now: b.now, log: log, state: state.NewMemory(b.now), work: func(_ context.Context, m queue.Message) queue.Verdict {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.tried = append(b.tried, string(m.Body))
		return b.verdict(string(m.Body), m.Received)
	}}
	return b
}

func (b *bench) now() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.clock
}

// pass lets 10 minutes pass, the longest that Pub/Sub waits.
func (b *bench) pass() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.clock = b.clock.Add(10 * time.Minute)
}

func (b *bench) put(t *testing.T, items ...queue.Item) {
	t.Helper()
	if err := b.queue.Put(t.Context(), items); err != nil {
		t.Fatal(err)
	}
}

// request is a push as the subscription makes it.
func (b *bench) request(method, body, token string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	r := httptest.NewRequest(method, "/", strings.NewReader(body))
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	b.ServeHTTP(w, r)
	return w
}

// push is a gcptest.Pusher without a network.
func (b *bench) push(body []byte) int { return b.request(http.MethodPost, string(body), b.token).Code }

func TestDeliverTakesAMessageOff(t *testing.T) {
	b := newBench(t)
	b.put(t, item("1", "g", "first"), item("2", "g", "second"), item("3", "h", "third"))
	if n := b.pubsub.Push(b.push); n != 3 || b.pubsub.Waiting() != 0 {
		t.Errorf("%d of 3 were acknowledged", n)
	}
	if i, j := slices.Index(b.tried, "first"), slices.Index(b.tried, "second"); len(b.tried) != 3 || i > j {
		t.Errorf("tried %q", b.tried)
	}
}

// A receiver's pause is kept, whatever Pub/Sub does meanwhile, and what comes
// behind waits, but no other group.
func TestDeliverWaitsForTheDueTime(t *testing.T) {
	b := newBench(t)
	b.verdict = func(body string, received int) queue.Verdict {
		return queue.Verdict{Again: body == "first" && received < 2, After: 11 * time.Hour}
	}
	b.put(t, item("1", "g", "first"), item("2", "g", "second"), item("3", "h", "other"))
	b.pubsub.Push(b.push)
	slices.Sort(b.tried)
	if !slices.Equal(b.tried, []string{"first", "other"}) {
		t.Fatalf("tried %q", b.tried)
	}
	b.tried = nil
	for range 65 { // every 10 minutes
		b.pass()
		b.pubsub.Push(b.push)
	}
	if len(b.tried) != 0 || b.pubsub.Waiting() != 2 {
		t.Fatalf("tried %q before it was due", b.tried)
	}
	b.pass()
	b.pubsub.Push(b.push)
	if !slices.Equal(b.tried, []string{"first", "second"}) || b.pubsub.Waiting() != 0 {
		t.Errorf("tried %q when it was due", b.tried)
	}
}

// A day and more of trouble takes more deliveries than Pub/Sub allows. Nothing
// is lost to the dead-letter policy, and nothing overtakes, also not what is
// accepted meanwhile.
func TestDeliverOutlivesTheDeadLetterPolicy(t *testing.T) {
	b := newBench(t)
	down := true
	b.verdict = func(string, int) queue.Verdict { return queue.Verdict{Again: down, After: 10 * time.Minute} }
	var want []string
	for i := range 300 {
		if i%7 == 0 {
			name := fmt.Sprintf("job %03d", i)
			want = append(want, name)
			b.put(t, item(name, "g", name))
		}
		b.pubsub.Push(b.push)
		b.pass()
	}
	if n := len(b.pubsub.Published(b.pubsub.Dead)); n != 0 {
		t.Fatalf("%d were taken away", n)
	}
	if i := slices.IndexFunc(b.tried, func(s string) bool { return s != "job 000" }); i >= 0 {
		t.Fatalf("%s was tried before job 000 was delivered", b.tried[i])
	}
	down, b.tried = false, nil
	for i := 0; b.pubsub.Waiting() > 0; i++ {
		if late := fmt.Sprintf("late %d", i); i < 3 { // while the others are moving
			b.put(t, item(late, "g", late))
			want = append(want, late)
		}
		if b.pubsub.Push(b.push); i > 20 {
			t.Fatal("it does not end")
		}
		b.pass()
	}
	if !slices.Equal(b.tried, want) {
		t.Errorf("tried %q\nwant  %q", b.tried, want)
	}
	for _, m := range b.pubsub.Published(b.pubsub.Jobs) {
		if m.Attributes[idAttribute] != string(m.Data) {
			t.Fatalf("%s moved as %s", m.Data, m.Attributes[idAttribute])
		}
	}
}

// A crash between moving and answering makes doubles, and no other order.
func TestDeliverMovesAgainAfterACrash(t *testing.T) {
	b := newBench(t)
	down, crash := true, false
	b.verdict = func(string, int) queue.Verdict { return queue.Verdict{Again: down} }
	b.put(t, item("1", "g", "first"), item("2", "g", "second"))
	for range laneAttempts - 1 {
		b.pubsub.Push(b.push)
	}
	crash, down = true, false
	b.pubsub.Push(func(body []byte) int {
		status := b.push(body)
		if crash {
			crash = false
			return 0
		}
		return status
	})
	b.tried = nil
	for b.pubsub.Waiting() > 0 {
		b.pubsub.Push(b.push)
	}
	if got := slices.Compact(b.tried); !slices.Equal(got, []string{"first", "second"}) {
		t.Errorf("tried %q", b.tried)
	}
}

// downStore is a state.Store that can't be reached.
type downStore struct{ state.Store }

func (downStore) Get(context.Context, string) (string, error) {
	return "", errors.New("Firestore can't be reached")
}

func (downStore) Put(context.Context, string, string, time.Duration) error {
	return errors.New("Firestore can't be reached")
}

func TestDeliverWithoutStateOrQueue(t *testing.T) {
	b := newBench(t)
	b.verdict = func(string, int) queue.Verdict { return queue.Verdict{Again: true} }
	b.put(t, item("1", "g", "first"))
	kept := b.state
	b.state = downStore{}
	b.pubsub.Push(b.push)
	if len(b.tried) != 0 || b.pubsub.Waiting() != 1 || !strings.Contains(b.out.buf.String(), "Firestore can't be reached") {
		t.Errorf("tried %q, %d wait\n%s", b.tried, b.pubsub.Waiting(), b.out.buf.String())
	}
	b.state = kept
	for range laneAttempts - 2 {
		b.pubsub.Push(b.push)
	}
	b.pubsub.Fail(http.StatusForbidden, "PERMISSION_DENIED")
	b.pubsub.Push(b.push)
	if b.pubsub.Waiting() != 1 || !strings.Contains(b.out.buf.String(), "roles/pubsub.publisher") {
		t.Errorf("%d wait\n%s", b.pubsub.Waiting(), b.out.buf.String())
	}
	b.pubsub.Fail(0, "")
	if b.pubsub.Push(b.push); len(b.pubsub.Published(b.pubsub.Dead)) != 0 || b.pubsub.Waiting() != 1 {
		t.Error("the job did not move on")
	}
}

// Whoever is not the subscription gets nothing done, whatever it sends.
func TestDeliverRefusesForgedPushes(t *testing.T) {
	b := newBench(t)
	good := `{"message":{"data":"e30=","messageId":"1","orderingKey":"g"},"deliveryAttempt":1}`
	for name, token := range map[string]string{
		"none": "", "audience": b.signer.Sign(with(b.signer, "aud", "x"), "RS256"), "account": b.signer.Sign(with(b.signer, "email", "a@b"), "RS256"),
		"expired": b.signer.Sign(with(b.signer, "exp", 1), "RS256"), "alg none": b.signer.Sign(b.signer.Claims(testAudience, testAccount), "none"),
	} {
		w := b.request(http.MethodPost, good, token)
		if w.Code != http.StatusUnauthorized || w.Header().Get("WWW-Authenticate") != "Bearer" || w.Body.String() != `{"error":"not the push subscription"}`+"\n" {
			t.Errorf("%s: answer %d %s", name, w.Code, w.Body)
		}
	}
	if len(b.tried) != 0 {
		t.Errorf("tried %q", b.tried)
	}
	if n := strings.Count(b.out.buf.String(), `"severity":"WARNING","message":"push","status":401`); n != 5 {
		t.Errorf("%d lines of the log\n%s", n, b.out.buf.String())
	}
	b.signer.Fail(http.StatusServiceUnavailable)
	fresh, _ := newTestCaller(t)
	fresh.certs.url = b.signer.CertsURL
	b.caller = fresh
	if w := b.request(http.MethodPost, good, b.token); w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" {
		t.Errorf("without keys: answer %d", w.Code)
	}
}

func TestDeliverTakesOnlyWrappedMessages(t *testing.T) {
	b := newBench(t)
	for body, want := range map[string]int{
		"": 400, "{}": 400, "null": 400, "[1]": 400, `{"message":null}`: 400, `{"message":{}}`: 400, `{"message":{"data":"%%","messageId":"1"}}`: 400,
		`{"message":{"messageId":"1"}}`: 200, `{"message":{"data":"aGlkZGVu","messageId":"2","attributes":null,"orderingKey":"~"},"deliveryAttempt":-3,"more":[]}`: 200,
		`{"message":{"data":"` + strings.Repeat("A", maxPush) + `","messageId":"1"}}`: 413,
	} {
		if w := b.request(http.MethodPost, body, b.token); w.Code != want {
			t.Errorf("%.80s: answer %d, want %d", body, w.Code, want)
		}
	}
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPut, http.MethodDelete} {
		if w := b.request(method, "", b.token); w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != http.MethodPost {
			t.Errorf("%s: answer %d", method, w.Code)
		}
	}
	if n := b.signer.Asked(); n != 1 {
		t.Errorf("%d fetches of keys", n)
	}
}

func TestLanes(t *testing.T) {
	for key, want := range map[string]lane{
		"g": {"g", 0}, "g~1": {"g", 1}, "g~12": {"g", 12}, "": {"message 7", 0}, "g~": {"g~", 0}, "g~0": {"g~0", 0}, "g~-1": {"g~-1", 0}, "~1": {"message 7", 0},
	} {
		if got := laneOf(key, "7"); got != want {
			t.Errorf("%q: %+v", key, got)
		}
	}
	if got := (lane{"g", 2}).String(); got != "g~2" {
		t.Error(got)
	}
}
