package relay

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sigpost/sigpost/pkg/config"
	"github.com/sigpost/sigpost/pkg/deliver"
	"github.com/sigpost/sigpost/pkg/queue"
	"github.com/sigpost/sigpost/pkg/secret"
	"github.com/sigpost/sigpost/pkg/source"
	"github.com/sigpost/sigpost/pkg/state"
)

const (
	dutyKey  = "hiddenroutingkeyhiddenroutingkey"
	dutySign = "whsec_aGlkZGVuIHNpZ25pbmcga2V5IG9mIHRoZSB0ZXN0cw=="
)

const dutyConfig = `
sources:
  github: { type: github, secrets: [secret://github] }
sinks:
  pager: { type: pagerduty, key: secret://routing, rate: none }
  raw:   { type: generic, format: raw, url: https://hooks.example.com/raw }
  hook:  { type: generic, format: cloudevents-structured, url: https://hooks.example.com/hook, bearer: secret://bearer, signing: secret://signing }
routes:
  - { events: ["workflow_run.*"], to: [pager] }
  - { events: ["issues.*"], to: [raw, hook] }
`

// duty is a relay with PagerDuty and two receivers of the user's own.
type duty struct {
	mu     sync.Mutex // of got and shown
	t      *testing.T
	relay  *Relay
	config *config.Config
	queue  *queue.Memory // nil in direct mode
	now    time.Time
	log    bytes.Buffer
	shown  []Delivery
	got    []received
	answer func(r received) (int, string) // nil: everything is accepted
}

// received is a request that arrived.
type received struct {
	url    string
	header http.Header
	body   string
}

// said is the event action of what PagerDuty got, or "change".
func (r received) said() string {
	var e struct {
		Action string `json:"event_action"`
	}
	if json.Unmarshal([]byte(r.body), &e) != nil || e.Action == "" {
		return "change"
	}
	return e.Action
}

func (d *duty) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	r := received{req.URL.String(), req.Header, string(body)}
	status, text := http.StatusAccepted, `{"status":"success","message":"Event processed"}`
	if d.answer != nil {
		status, text = d.answer(r)
	}
	if status < 300 {
		d.got = append(d.got, r)
	}
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(text)), Request: req}, nil
}

// small is a queue that holds no more than so many bytes of a job.
type small struct {
	*queue.Memory
	limit int
}

func (s small) Limit() int { return s.limit }

func newDuty(t *testing.T, queued bool, limit int) *duty {
	t.Helper()
	d := &duty{t: t, now: time.Date(2026, time.March, 5, 12, 5, 0, 0, time.UTC)}
	store := secret.NewLocal(func(string) (string, bool) { return "", false }, map[string]string{
		"SIGPOST_SECRET_GITHUB": hidden, "SIGPOST_SECRET_ROUTING": dutyKey,
		"SIGPOST_SECRET_BEARER": hidden + "-bearer", "SIGPOST_SECRET_SIGNING": dutySign,
	})
	var err error
	if d.config, err = config.Parse("test.yaml", []byte(dutyConfig), store); err != nil {
		t.Fatal(err)
	}
	clock := func() time.Time { return d.now }
	opt := Options{
		State: state.NewMemory(clock), Now: clock, Log: slog.New(slog.NewJSONHandler(&d.log, nil)),
		Client: deliver.New(deliver.Config{
			Transport: d, Now: clock, Sleep: func(context.Context, time.Duration) error { return errors.New("not within this call") },
		}),
		Observe: func(x Delivery) {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.shown = append(d.shown, x)
		},
	}
	if queued {
		d.queue = queue.NewMemory(clock, nil, nil, nil)
		opt.Queue = small{d.queue, limit}
	}
	if d.relay, err = New(d.config, opt); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.hides)
	return d
}

// hides fails if a secret is where people look.
func (d *duty) hides() {
	look := d.log.String()
	for _, x := range d.shown {
		look += string(x.Body)
		if x.Err != nil {
			look += x.Err.Error()
		}
	}
	if d.queue != nil {
		for _, x := range d.queue.Dead() {
			look += x.Reason + string(x.Body)
		}
	}
	for _, s := range []string{dutyKey, dutySign, strings.TrimPrefix(dutySign, "whsec_"), hidden} {
		if strings.Contains(look, s) {
			d.t.Errorf("a secret shows: %s", look)
		}
	}
}

// send posts a sample with texts in place of others, and does what is due.
func (d *duty) send(sample string, pairs ...string) (status int, body []byte) {
	d.t.Helper()
	req, err := source.Sample("github", sample)
	if err != nil {
		d.t.Fatal(err)
	}
	for pair := range slices.Chunk(pairs, 2) {
		if !bytes.Contains(req.Body, []byte(pair[0])) {
			d.t.Fatalf("%s has no %s", sample, pair[0])
		}
		req.Body = bytes.ReplaceAll(req.Body, []byte(pair[0]), []byte(pair[1]))
	}
	if err := d.config.Sources[0].Source.(source.Sealer).Seal(d.t.Context(), req); err != nil {
		d.t.Fatal(err)
	}
	out := httptest.NewRequest(http.MethodPost, "/github", bytes.NewReader(req.Body))
	out.Header = req.Header
	w := httptest.NewRecorder()
	d.relay.ServeHTTP(w, out)
	d.work()
	return w.Code, req.Body
}

// work does what is due now, of a queue.
func (d *duty) work() {
	d.t.Helper()
	for d.queue != nil {
		l, _, ok := d.queue.Take()
		if !ok {
			return
		}
		if err := d.queue.Settle(l, d.relay.Work(d.t.Context(), l.Message)); err != nil {
			d.t.Fatal(err)
		}
	}
}

// said is what PagerDuty accepted, in order.
func (d *duty) said() (all []string) {
	for _, r := range d.got {
		if strings.HasPrefix(r.url, "https://events.pagerduty.com/") {
			all = append(all, r.said())
		}
	}
	return all
}

func at(second int) string { return fmt.Sprintf("2026-03-05T12:04:%02dZ", second) }

func TestAnAlertEndsOnceAndForAll(t *testing.T) {
	for _, queued := range []bool{false, true} {
		d := newDuty(t, queued, 1<<20)
		for _, c := range []struct {
			sample string
			second int
			want   string
		}{
			{failure, 12, "trigger"},
			{success, 20, "trigger resolve change"},
			{failure, 15, "trigger resolve change"},
			{failure, 20, "trigger resolve change"},
			{success, 40, "trigger resolve change change"},
			{failure, 30, "trigger resolve change change"},
			{failure, 50, "trigger resolve change change trigger"},
		} {
			if status, body := d.send(c.sample, at1204, at(c.second)); status != 200 {
				t.Fatalf("%d %s", status, body)
			}
			if got := strings.Join(d.said(), " "); got != c.want {
				t.Fatalf("queue %v, %s at :%d: %s, want %s", queued, c.sample, c.second, got, c.want)
			}
		}
		if n := strings.Count(d.log.String(), "nothing to deliver"); n != 3 {
			t.Errorf("the log says %d times that nothing is to deliver: %s", n, &d.log)
		}
		for _, r := range d.got {
			change := strings.HasSuffix(r.url, "/v2/change/enqueue")
			if change != (r.said() == "change") || !strings.Contains(r.body, `"routing_key":"`+dutyKey+`"`) {
				t.Errorf("%s got %s", r.url, r.body)
			}
		}
	}
}

func TestOnlyTheStepThatFailedIsRepeated(t *testing.T) {
	d := newDuty(t, true, 1<<20)
	d.send(failure, at1204, at(12))
	broken := true
	d.answer = func(r received) (int, string) {
		if broken && r.said() == "change" {
			return http.StatusServiceUnavailable, ""
		}
		return http.StatusAccepted, ""
	}
	d.send(success, at1204, at(20))
	if got := strings.Join(d.said(), " "); got != "trigger resolve" || d.queue.Len() != 1 {
		t.Fatalf("%s, %d jobs left", got, d.queue.Len())
	}
	broken = false
	for range 10 {
		d.now = d.now.Add(time.Minute)
		d.work()
	}
	if got := strings.Join(d.said(), " "); got != "trigger resolve change" || d.queue.Len() != 0 {
		t.Errorf("%s, %d jobs left", got, d.queue.Len())
	}
}

func TestARefusedRoutingKeyIsNamed(t *testing.T) {
	refuse := func(received) (int, string) {
		return http.StatusBadRequest, `{"status":"invalid event","message":"` + dutyKey + `","errors":["Length of 'routing_key' is incorrect (should be 32 characters)"]}`
	}
	direct := newDuty(t, false, 0)
	direct.answer = refuse
	if status, _ := direct.send(failure); status != http.StatusBadGateway {
		t.Errorf("status is %d", status)
	}
	d := newDuty(t, true, 1<<20)
	d.answer = refuse
	d.send(failure)
	dead := d.queue.Dead()
	if len(dead) != 1 || !strings.Contains(dead[0].Reason, "invalid_routing_key") || dead[0].Status != 400 {
		t.Errorf("dead are %v", dead)
	}
	d.answer = nil
	d.send(failure)
	if got := d.said(); !slices.Equal(got, []string{"trigger"}) {
		t.Errorf("a refused trigger counts as done: %v", got)
	}
}
