package relay

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sigpost/sigpost/pkg/config"
	"github.com/sigpost/sigpost/pkg/deliver"
	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/queue"
	"github.com/sigpost/sigpost/pkg/secret"
	"github.com/sigpost/sigpost/pkg/source"
	"github.com/sigpost/sigpost/pkg/state"
)

// plant is a relay in queue mode on a clock of its own, with receivers that
// answer what answer says; by default they take everything.
type plant struct {
	t     *testing.T
	relay *Relay
	queue *queue.Memory
	state *state.Memory
	cfg   *config.Config

	mu     sync.Mutex
	now    time.Time
	log    bytes.Buffer
	posts  []post
	answer func(sink string, n int) (status int, retryAfter string, err error) // n-th post to that sink, from 1
	count  map[string]int
}

// post is one message that reached a receiver.
type post struct {
	sink string
	at   time.Time
	body string
}

func (p *plant) clock() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.now
}

func (p *plant) pass(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.now = p.now.Add(d)
}

// RoundTrip is the receivers. A sink is its URL's first path element.
func (p *plant) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	name := strings.Split(req.URL.Path, "/")[1]
	p.count[name]++
	status, after, err := 200, "", error(nil)
	if p.answer != nil {
		status, after, err = p.answer(name, p.count[name])
	}
	if err != nil {
		return nil, err
	}
	if status < 300 {
		p.posts = append(p.posts, post{name, p.now, string(body)})
	}
	h := http.Header{}
	if after != "" {
		h.Set("Retry-After", after)
	}
	return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader("ok")), Request: req}, nil
}

const plantConfig = `
sources:
  github: { type: github, secrets: [secret://github] }
sinks:
  ops:     { type: slack, url: "https://example.com/ops/` + hidden + `", rate: none }
  archive: { type: generic, url: "https://example.com/archive/` + hidden + `" }
routes:
  - { to: [ops, archive] }
`

func newPlant(t *testing.T, text string) *plant {
	t.Helper()
	p := &plant{t: t, now: time.Now().Add(1000 * time.Hour), count: map[string]int{}}
	p.queue = queue.NewMemory(p.clock, nil, nil, nil)
	p.state = state.NewMemory(p.clock)
	local := secret.NewLocal(func(string) (string, bool) { return hidden + "-key", true }, nil)
	text = strings.ReplaceAll(text, `"https://example.com/ops/`+hidden+`"`, "env://OPS")
	text = strings.ReplaceAll(text, `"https://example.com/archive/`+hidden+`"`, "env://ARCHIVE")
	store := storeFunc(func(ctx context.Context, ref secret.Ref) (secret.Value, error) {
		if ref.Scheme == secret.SchemeEnv {
			return secret.NewValue("https://example.com/" + strings.ToLower(ref.Name) + "/" + hidden), nil
		}
		return local.Get(ctx, ref)
	})
	var err error
	if p.cfg, err = config.Parse("test.yaml", []byte(text), store); err != nil {
		t.Fatal(err)
	}
	p.relay = p.newRelay(p.state, p.queue)
	t.Cleanup(func() {
		if strings.Contains(p.log.String(), hidden) {
			t.Errorf("a secret or body is in the log: %s", &p.log)
		}
	})
	return p
}

type storeFunc func(context.Context, secret.Ref) (secret.Value, error)

func (f storeFunc) Get(ctx context.Context, ref secret.Ref) (secret.Value, error) { return f(ctx, ref) }

// newRelay is another process with the same configuration.
func (p *plant) newRelay(s state.Store, q queue.Queue) *Relay {
	p.t.Helper()
	r, err := New(p.cfg, Options{
		State: s, Queue: q, Now: p.clock, Log: slog.New(slog.NewJSONHandler(&p.log, nil)),
		// The deadline of a context is in real time, long before this clock: no
		// attempt is followed by another in the same call.
		Client: deliver.New(deliver.Config{Transport: p, Now: p.clock}),
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return r
}

// send posts a new sample through r, and returns its status and answer.
func (p *plant) send(r *Relay, sample string) (int, string) {
	p.t.Helper()
	src := p.cfg.Sources[0]
	req, err := source.Sample(src.Type, sample)
	if err != nil {
		p.t.Fatal(err)
	}
	if err := src.Source.(source.Sealer).Seal(p.t.Context(), req); err != nil {
		p.t.Fatal(err)
	}
	return p.sendRequest(r, src.Name, req)
}

func (p *plant) sendRequest(r *Relay, name string, req *source.Request) (int, string) {
	p.t.Helper()
	path := "/" + name
	if req.Token != "" {
		path += "/" + req.Token
	}
	out := httptest.NewRequest(http.MethodPost, path, bytes.NewReader(req.Body))
	out.Header = req.Header
	w := httptest.NewRecorder()
	r.ServeHTTP(w, out)
	return w.Code, w.Body.String()
}

// work does what is due now.
func (p *plant) work() {
	p.t.Helper()
	for {
		l, _, ok := p.queue.Take()
		if !ok {
			return
		}
		if err := p.queue.Settle(l, p.relay.Work(p.t.Context(), l.Message)); err != nil {
			p.t.Fatal(err)
		}
	}
}

// at wants that many messages to have reached a sink, and says when.
func (p *plant) at(sink string, want int) []time.Time {
	p.t.Helper()
	var at []time.Time
	for _, x := range p.posts {
		if x.sink == sink {
			at = append(at, x.at)
		}
	}
	if len(at) != want {
		p.t.Errorf("%d messages at %s, want %d", len(at), sink, want)
	}
	return at
}

func TestAcceptedIsStoredAndDeliveredLater(t *testing.T) {
	p := newPlant(t, plantConfig)
	if status, body := p.send(p.relay, "issues.opened"); status != 200 || !strings.Contains(body, `"queued"`) {
		t.Errorf("%d %s", status, body)
	}
	p.at("ops", 0)
	p.work()
	p.at("ops", 1)
	p.at("archive", 1)
	if p.queue.Len() != 0 || len(p.queue.Dead()) != 0 {
		t.Errorf("%d left, dead %v", p.queue.Len(), p.queue.Dead())
	}
}

// failing is a Queue that can't store.
type failingQueue struct{ queue.Queue }

func (failingQueue) Put(context.Context, []queue.Item) error { return errors.New("queue is down") }
func (failingQueue) Bury(context.Context, queue.Dead) error  { return errors.New("queue is down") }

func TestWhatIsNotStoredIsNotAcceptedAndNotSeen(t *testing.T) {
	p := newPlant(t, plantConfig)
	down := p.newRelay(p.state, failingQueue{p.queue})
	req, err := source.Sample("github", "issues.opened")
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cfg.Sources[0].Source.(source.Sealer).Seal(t.Context(), req); err != nil {
		t.Fatal(err)
	}
	if status, body := p.sendRequest(down, "github", req); status != 503 {
		t.Errorf("queue down: %d %s", status, body)
	}
	if status, body := p.sendRequest(p.relay, "github", req); status != 200 || !strings.Contains(body, "queued") {
		t.Errorf("sent again: %d %s", status, body)
	}
	if status, body := p.sendRequest(p.relay, "github", req); status != 200 || !strings.Contains(body, "duplicate") {
		t.Errorf("a third time: %d %s", status, body)
	}
	p.work()
	p.at("ops", 1)
}

func TestAJobIsTriedLaterAndLaterForADay(t *testing.T) {
	p := newPlant(t, plantConfig)
	p.answer = func(sink string, _ int) (int, string, error) {
		if sink == "ops" {
			return 500, "", nil
		}
		return 200, "", nil
	}
	start := p.clock()
	p.send(p.relay, "issues.opened")
	for p.queue.Len() > 0 && p.clock().Sub(start) < 48*time.Hour {
		p.work()
		p.pass(time.Second)
	}
	p.at("archive", 1)
	dead := p.queue.Dead()
	if len(dead) != 1 || dead[0].Sink != "ops" || dead[0].Source != "github" || dead[0].Type != "issues.opened" || dead[0].Status != 500 ||
		!strings.Contains(dead[0].Reason, "24h") || strings.Contains(dead[0].Reason, hidden) {
		t.Fatalf("dead: %+v", dead)
	}
	// 5 s doubled ten times is over an hour; then hourly.
	if age := dead[0].Buried.Sub(start); age < 24*time.Hour || age > 25*time.Hour || dead[0].Attempts != p.count["ops"] || p.count["ops"] < 30 || p.count["ops"] > 36 {
		t.Errorf("buried after %s and %d attempts, of %d", age, dead[0].Attempts, p.count["ops"])
	}
}

func TestAFinalRefusalIsBuriedAtOnce(t *testing.T) {
	p := newPlant(t, plantConfig)
	p.answer = func(string, int) (int, string, error) { return 400, "", nil }
	p.send(p.relay, "issues.opened")
	p.work()
	dead := p.queue.Dead()
	if len(dead) != 2 || dead[0].Status != 400 || dead[0].Attempts != 1 || p.queue.Len() != 0 {
		t.Fatalf("dead: %+v", dead)
	}
	job, err := queue.Decode(dead[0].Body)
	if err != nil || job.ID() != dead[0].ID {
		t.Errorf("the job doesn't come back: %v", err)
	}
}

func TestRetryAfterHoldsTheWholeSinkAndNoOther(t *testing.T) {
	p := newPlant(t, plantConfig)
	p.answer = func(sink string, n int) (int, string, error) {
		if sink == "ops" && n == 1 {
			return 429, "600", nil
		}
		return 200, "", nil
	}
	start := p.clock()
	p.send(p.relay, "issues.opened")
	p.work()
	p.send(p.relay, "pull_request.opened")
	p.send(p.relay, "push")
	for range 620 {
		p.work()
		p.pass(time.Second)
	}
	for _, at := range p.at("ops", 3) {
		if at.Sub(start) < 600*time.Second {
			t.Errorf("a message reached ops after %s, and it asked for 600 s", at.Sub(start))
		}
	}
	for _, at := range p.at("archive", 3) {
		if at.Sub(start) > time.Second {
			t.Errorf("a message to archive waited %s for ops", at.Sub(start))
		}
	}
}

func TestABurstKeepsToTheRate(t *testing.T) {
	p := newPlant(t, strings.ReplaceAll(plantConfig, "rate: none", "rate: 2/s"))
	start := p.clock()
	for range 100 {
		p.send(p.relay, "push")
	}
	perSecond := map[int64]int{}
	for range 600 {
		p.work()
		p.pass(time.Second)
	}
	for _, at := range p.at("ops", 100) {
		perSecond[at.Unix()]++
	}
	for at, n := range perSecond {
		if n > 2 {
			t.Errorf("%d messages at second %d, the rate is 2/s", n, at-start.Unix())
		}
	}
	for _, at := range p.at("archive", 100) {
		if at.Sub(start) > time.Second {
			t.Error("another sink waited for the rate")
			break
		}
	}
}

func TestASubjectKeepsItsOrderAndOthersDoNotWait(t *testing.T) {
	p := newPlant(t, plantConfig)
	p.answer = func(sink string, n int) (int, string, error) {
		if sink == "archive" && n == 1 {
			return 503, "", nil
		}
		return 200, "", nil
	}
	p.send(p.relay, "issues.opened")
	p.work()
	p.send(p.relay, "issues.closed-completed")
	p.send(p.relay, "push")
	p.work()
	p.at("archive", 1) // the push
	p.pass(firstDelay)
	p.work()
	var titles []string
	for _, x := range p.posts {
		if x.sink == "archive" {
			titles = append(titles, x.body)
		}
	}
	if len(titles) != 3 || !strings.Contains(titles[1], "opened") || !strings.Contains(titles[2], "closed") {
		t.Errorf("order: %q", titles)
	}
}

func TestADeliveredJobIsNotPostedAgain(t *testing.T) {
	p := newPlant(t, plantConfig)
	p.send(p.relay, "issues.opened")
	var bodies [][]byte
	for {
		l, _, ok := p.queue.Take()
		if !ok {
			break
		}
		bodies = append(bodies, l.Body)
		// Delivered, and the worker dies before the queue hears of it.
		p.relay.Work(t.Context(), l.Message)
		if err := p.queue.Settle(l, queue.Verdict{Again: true}); err != nil {
			t.Fatal(err)
		}
		if len(bodies) == 6 {
			break
		}
	}
	p.work()
	p.at("ops", 1)
	p.at("archive", 1)
}

func TestJobsThatCannotBeDone(t *testing.T) {
	p := newPlant(t, plantConfig)
	gone, err := queue.Job{Sink: "gone", Event: event.Event{ID: "1", Source: "github", Title: "t"}, Accepted: p.clock()}.Item(1 << 20)
	if err != nil {
		t.Fatal(err)
	}
	for body, want := range map[string]string{
		string(gone.Body): "no sink of that name", "poison": "not a job", `{"version":1,"sink":7}`: "not a job",
	} {
		before := len(p.queue.Dead())
		v := p.relay.Work(t.Context(), queue.Message{Body: []byte(body), Received: 1})
		dead := p.queue.Dead()
		if v.Again || len(dead) != before+1 || !strings.Contains(dead[before].Reason, want) || string(dead[before].Body) != body {
			t.Errorf("%s: %+v, dead %+v", body, v, dead)
		}
	}
	newer := queue.Message{Body: []byte(`{"version":99}`), Received: 1}
	if v := p.relay.Work(t.Context(), newer); !v.Again || v.After < time.Second {
		t.Errorf("a newer job: %+v", v)
	}
	newer.Received = newerTries
	if v := p.relay.Work(t.Context(), newer); v.Again {
		t.Error("a newer job is put back for ever")
	}
	down := p.newRelay(p.state, failingQueue{p.queue})
	if v := down.Work(t.Context(), queue.Message{Body: []byte("poison"), Received: 1}); !v.Again || v.After < time.Second {
		t.Errorf("a job that can't be buried is off the queue: %+v", v)
	}
}

func TestALaterRedeliveryGoesThrough(t *testing.T) {
	p := newPlant(t, plantConfig)
	req, err := source.Sample("github", "issues.opened")
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cfg.Sources[0].Source.(source.Sealer).Seal(t.Context(), req); err != nil {
		t.Fatal(err)
	}
	for i, c := range []struct {
		after  time.Duration
		status string
		posts  int
	}{
		{0, "queued", 1},
		{window - 1, "duplicate", 1},
		{window + leaseTime, "queued", 2},
		{time.Minute, "duplicate", 2},
		{3 * 24 * time.Hour, "queued", 3},
	} {
		p.pass(c.after)
		if status, body := p.sendRequest(p.relay, "github", req); status != 200 || !strings.Contains(body, c.status) {
			t.Errorf("%d: %d %s, want %s", i, status, body, c.status)
		}
		p.work()
		p.at("ops", c.posts)
		p.at("archive", c.posts)
	}
}

func TestAResentJobIsPostedOnceMore(t *testing.T) {
	p := newPlant(t, plantConfig)
	p.send(p.relay, "issues.opened")
	l, _, _ := p.queue.Take()
	job, err := queue.Decode(l.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.queue.Settle(l, p.relay.Work(t.Context(), l.Message)); err != nil {
		t.Fatal(err)
	}
	p.work()
	job.Resent, job.Accepted = 1, p.clock()
	item, err := job.Item(1 << 20)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := p.queue.Put(t.Context(), []queue.Item{item}); err != nil {
			t.Fatal(err)
		}
		p.work()
	}
	if n := len(p.posts); n != 3 {
		t.Errorf("%d messages, want two and one again: %v", n, fmt.Sprint(p.count))
	}
}
