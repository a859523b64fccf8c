package relay

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sigpost/sigpost/pkg/config"
	"github.com/sigpost/sigpost/pkg/deliver"
	"github.com/sigpost/sigpost/pkg/queue"
	"github.com/sigpost/sigpost/pkg/source"
	"github.com/sigpost/sigpost/pkg/state"
)

// The run of scripts/chaos; the test takes the defaults.
var (
	chaosEvents = flag.Int("chaos.events", 400, "how many events chaos sends")
	chaosSeed   = flag.Uint64("chaos.seed", 1, "what chaos happens")
)

const chaosConfig = `
sources:
  github:    { type: github, secrets: [secret://k] }
  array:     { type: cloudiq, secrets: [secret://k] }
  terraform: { type: scalr, secrets: [secret://k] }
  certs:     { type: certifyclouds, tokens: [secret://k] }
sinks:
  ops:      { type: slack, url: env://OPS, rate: 20/s }
  platform: { type: teams, url: env://PLATFORM, rate: none }
  archive:  { type: generic, url: env://ARCHIVE }
routes:
  - { to: [ops, platform, archive] }
`

var chaosSinks = []string{"ops", "platform", "archive"}

// TestChaos is the promise of queue mode, in a world that breaks all of the
// time: receivers that fail in every way, processes that are killed before or
// after any effect they have, clocks that jump. Every event whose sender was
// told that it was taken reaches every sink or is buried; nothing comes twice
// but for a crash between posting and remembering it, or an answer that was
// lost; each subject stays in order; nobody is asked again too early.
func TestChaos(t *testing.T) {
	c := newChaos(t)
	for c.sent < *chaosEvents {
		c.step(c.rng.IntN(3))
	}
	for range 200_000 {
		if c.queue.Len() == 0 && len(c.leases) == 0 && len(c.senders) == 0 {
			break
		}
		c.step(0)
	}
	c.verify()
}

// chaos is a plant whose processes and receivers break at random.
type chaos struct {
	*plant
	rng      *rand.Rand
	receiver *process
	workers  []*process
	leases   []lost

	sent     int
	accepted []string
	senders  []sender // that will send again

	stored    map[string][]sample // sink → events in the order they were first queued
	reached   map[string][]string // sink → words in the order they took effect
	excused   map[string]int      // sink and sample → posts that may come again
	rounds    map[string]string   // sink and sample → when it was accepted last
	notBefore map[string]time.Time
	kills     int
	early     int
	faults    map[string]int
}

// sample is one event: the word in every message of it, and its subject.
type sample struct{ word, subject string }

// sender sends a request until it is told that it was taken, a few times.
type sender struct {
	word   string
	source string
	req    *source.Request
	left   int
	at     time.Time
}

// lost is a lease of a worker that was killed: it comes back some time later.
type lost struct {
	queue.Lease
	at time.Time
}

func newChaos(t *testing.T) *chaos {
	t.Helper()
	c := &chaos{
		plant: newPlant(t, chaosConfig), rng: rand.New(rand.NewPCG(*chaosSeed, 0)), //nolint:gosec // to be repeated
		stored: map[string][]sample{}, reached: map[string][]string{}, excused: map[string]int{}, rounds: map[string]string{}, notBefore: map[string]time.Time{}, faults: map[string]int{},
	}
	c.receiver = c.start()
	for range 4 {
		c.workers = append(c.workers, c.start())
	}
	return c
}

// process is one process: its relay, and how many more effects it will have.
type process struct {
	*chaos
	relay *Relay
	fuse  int
	// Of the work in hand: the message that took effect, and the pause that its
	// receiver asked for.
	doing string
	pause struct {
		sink  string
		until time.Time
	}
}

// RoundTrip is the receivers, as this process sees them.
func (p *process) RoundTrip(req *http.Request) (resp *http.Response, err error) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	sink, word := strings.Split(req.URL.Path, "/")[1], chaosWord.FindString(string(body))
	if word == "" {
		p.t.Errorf("a message to %s says nothing of its event: %s", sink, body)
	}
	err = p.effect(func() (err error) { resp, err = p.receive(req, sink, word); return err })
	if err != nil {
		return nil, err
	}
	return resp, nil
}

func (p *process) receive(req *http.Request, sink, word string) (*http.Response, error) {
	now := p.clock()
	if now.Before(p.notBefore[sink]) {
		p.early++
	}
	resp := &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("ok")), Request: req}
	switch n := p.rng.IntN(100); {
	case n < 12:
		p.faults["status 500"]++
		resp.StatusCode = 500
	case n < 15:
		wait := 1 + p.rng.IntN(120)
		p.faults["status 429"]++
		resp.StatusCode = 429
		resp.Header.Set("Retry-After", fmt.Sprint(wait))
		p.pause.sink, p.pause.until = sink, now.Add(time.Duration(wait)*time.Second)
	case n < 22:
		p.faults["timeout"]++
		return nil, context.DeadlineExceeded
	case n < 24:
		p.faults["refused"]++
		resp.StatusCode = 400
	case n < 27:
		p.faults["taken, then reset"]++
		p.reached[sink] = append(p.reached[sink], word)
		p.excused[sink+" "+word]++
		return nil, errors.New("connection reset by peer")
	default:
		p.reached[sink] = append(p.reached[sink], word)
		p.doing = sink + " " + word
	}
	return resp, nil
}

var errKilled = errors.New("the process is gone")

func (c *chaos) start() *process {
	p := &process{chaos: c, fuse: 50 + c.rng.IntN(2000)}
	p.relay = c.newRelay(&mortalState{p, c.state}, &mortalQueue{p, c.queue})
	p.relay.opt.Client = deliver.New(deliver.Config{Transport: p, Now: c.clock})
	return p
}

// effect runs do unless the process is gone. At the end of the fuse the process
// dies: before do, or after it and before anybody knows.
func (p *process) effect(do func() error) error {
	if p.fuse <= 0 {
		return errKilled
	}
	if p.fuse--; p.fuse > 0 {
		return do()
	}
	p.kills++
	if p.rng.IntN(2) == 0 {
		_ = do()
	}
	return errKilled
}

type mortalState struct {
	p *process
	s state.Store
}

func (m *mortalState) Claim(ctx context.Context, key string, lease time.Duration) (s state.Status, err error) {
	err = m.p.effect(func() (err error) { s, err = m.s.Claim(ctx, key, lease); return err })
	return s, err
}

func (m *mortalState) Done(ctx context.Context, key string, window time.Duration) error {
	return m.p.effect(func() error {
		if strings.HasPrefix(key, "delivered") {
			m.p.doing = "" // remembered: no reason to post it again
		}
		return m.s.Done(ctx, key, window)
	})
}

func (m *mortalState) Release(ctx context.Context, key string) error {
	return m.p.effect(func() error { return m.s.Release(ctx, key) })
}

func (m *mortalState) Get(ctx context.Context, key string) (v string, err error) {
	err = m.p.effect(func() (err error) { v, err = m.s.Get(ctx, key); return err })
	return v, err
}

func (m *mortalState) Put(ctx context.Context, key, value string, keep time.Duration) error {
	return m.p.effect(func() error { return m.s.Put(ctx, key, value, keep) })
}

type mortalQueue struct {
	p *process
	q queue.Queue
}

func (m *mortalQueue) Limit() int { return m.q.Limit() }

func (m *mortalQueue) Put(ctx context.Context, items []queue.Item) error {
	if m.p.rng.IntN(50) == 0 {
		m.p.faults["queue down"]++
		return errors.New("the queue is down")
	}
	return m.p.effect(func() error {
		for _, it := range items {
			job, err := queue.Decode(it.Body)
			if err != nil {
				m.p.t.Error(err)
			}
			s := sample{chaosWord.FindString(job.Event.Title), job.Event.Source + " " + job.Event.Key}
			if job.Event.Key == "" {
				s.subject = s.word
			}
			if !slices.Contains(m.p.stored[job.Sink], s) {
				m.p.stored[job.Sink] = append(m.p.stored[job.Sink], s)
			}
			// What is sent again after the window is another acceptance: nothing
			// tells a sender that got no answer from somebody who wants it again.
			name := job.Sink + " " + s.word
			if first, ok := m.p.rounds[name]; ok && job.Round != first {
				m.p.excused[name]++
			}
			m.p.rounds[name] = job.Round
		}
		return m.q.Put(ctx, items)
	})
}

func (m *mortalQueue) Bury(ctx context.Context, d queue.Dead) error {
	return m.p.effect(func() error { return m.q.Bury(ctx, d) })
}

// step is some time in which some events come and some jobs are done.
func (c *chaos) step(events int) {
	for range events {
		c.newEvent()
	}
	c.resend()
	c.expire()
	for range c.rng.IntN(20) {
		c.workOnce()
	}
	c.pass(time.Duration(c.rng.Int64N(int64(3 * time.Second))))
	switch c.rng.IntN(500) {
	case 0:
		c.faults["clock forward"]++
		c.pass(time.Duration(c.rng.Int64N(int64(2 * time.Hour))))
	case 1:
		c.faults["clock back"]++
		c.pass(-time.Duration(c.rng.Int64N(int64(20 * time.Second))))
	}
}

// newEvent is the next event of a random sender.
func (c *chaos) newEvent() {
	word := fmt.Sprintf("n%06dn", c.sent)
	c.sent++
	i := c.rng.IntN(len(c.cfg.Sources))
	src := c.cfg.Sources[i]
	subject := fmt.Sprint(100 + c.rng.IntN(30))
	s := sender{word: word, source: src.Name, left: 3}
	kinds := map[string][]string{ // sample, what stands for the word, what for the subject
		"github":        {"issues.opened", "Crash on empty config", "1347"},
		"cloudiq":       {"health-issue-change.2022", "POWERMAX-7", "CKM00000000007"},
		"scalr":         {"run-errored", "blue_green", "v0oapbepcjdj9d123"},
		"certifyclouds": {"generic.unknown", "Maintenance", "no subject"},
	}
	kind := kinds[src.Type]
	name := kind[0]
	req, err := source.Sample(src.Type, name)
	if err != nil {
		c.t.Fatal(err)
	}
	req.Body = bytes.ReplaceAll(req.Body, []byte(kind[2]), []byte(subject))
	req.Body = bytes.ReplaceAll(req.Body, []byte(kind[1]), []byte(word))
	s.req = req
	c.trySend(s)
}

// trySend sends once. The sender signs with the time of the world.
func (c *chaos) trySend(s sender) {
	i := slices.IndexFunc(c.cfg.Sources, func(src config.Source) bool { return src.Name == s.source })
	if s.left == 3 {
		if err := c.cfg.Sources[i].Source.(source.Sealer).Seal(c.t.Context(), s.req); err != nil {
			c.t.Fatal(err)
		}
	}
	status, _ := c.sendRequest(c.receiver.relay, s.source, s.req)
	killed := c.receiver.fuse <= 0
	if killed {
		c.receiver = c.start()
	}
	if status == http.StatusOK && !killed {
		c.accepted = append(c.accepted, s.word)
		return
	}
	if s.left--; s.left > 0 {
		s.at = c.clock().Add(time.Duration(c.rng.IntN(150)) * time.Second)
		c.senders = append(c.senders, s)
	}
}

func (c *chaos) resend() {
	var due []sender
	c.senders = slices.DeleteFunc(c.senders, func(s sender) bool {
		if c.clock().Before(s.at) {
			return false
		}
		due = append(due, s)
		return true
	})
	for _, s := range due {
		c.trySend(s)
	}
}

// expire brings leases of killed workers back.
func (c *chaos) expire() {
	c.leases = slices.DeleteFunc(c.leases, func(l lost) bool {
		if c.clock().Before(l.at) {
			return false
		}
		if err := c.queue.Settle(l.Lease, queue.Verdict{Again: true}); err != nil {
			c.t.Fatal(err)
		}
		return true
	})
}

func (c *chaos) workOnce() {
	l, _, ok := c.queue.Take()
	if !ok {
		return
	}
	i := c.rng.IntN(len(c.workers))
	w := c.workers[i]
	w.doing = ""
	w.pause.sink = ""
	v := w.relay.Work(c.t.Context(), l.Message)
	if w.fuse <= 0 { // killed at work: what it posted last may be posted again
		if w.doing != "" {
			c.excused[w.doing]++
		}
		c.workers[i] = c.start()
		c.leases = append(c.leases, lost{l, c.clock().Add(3 * time.Minute)})
		return
	}
	if s := w.pause.sink; s != "" && w.pause.until.After(c.notBefore[s]) {
		c.notBefore[s] = w.pause.until
	}
	if c.rng.IntN(20) == 0 { // the queue doesn't hear of it
		c.faults["redelivered"]++
		c.leases = append(c.leases, lost{l, c.clock().Add(3 * time.Minute)})
		return
	}
	if err := c.queue.Settle(l, v); err != nil {
		c.t.Fatal(err)
	}
}

var chaosWord = regexp.MustCompile(`n\d{6}n`)

// verify holds what happened against the promise.
func (c *chaos) verify() {
	c.t.Helper()
	buried := map[string]bool{}
	for _, d := range c.queue.Dead() {
		job, err := queue.Decode(d.Body)
		if err != nil {
			c.t.Errorf("buried: %v", err)
			continue
		}
		buried[job.Sink+" "+chaosWord.FindString(job.Event.Title)] = true
	}
	lost, twice, unexcused, disorder := 0, 0, 0, 0
	for _, sink := range chaosSinks {
		first := map[string]int{}
		times := map[string]int{}
		for i, word := range c.reached[sink] {
			if times[word]++; times[word] == 1 {
				first[word] = i
			}
		}
		for word, n := range times {
			twice += n - 1
			unexcused += max(n-1-c.excused[sink+" "+word], 0)
		}
		for _, word := range c.accepted {
			if _, ok := first[word]; !ok && !buried[sink+" "+word] {
				lost++
			}
		}
		last := map[string]int{}
		for _, s := range c.stored[sink] {
			if at, ok := first[s.word]; ok {
				if at < last[s.subject] {
					disorder++
				}
				last[s.subject] = max(at, last[s.subject])
			}
		}
	}
	c.t.Logf("chaos: seed %d: %d events sent, %d accepted; %d messages to 3 sinks, %d jobs buried; %d processes killed, faults %v; lost %d, twice %d (unexcused %d), out of order %d, too early %d",
		*chaosSeed, c.sent, len(c.accepted), len(c.reached["ops"])+len(c.reached["platform"])+len(c.reached["archive"]), len(buried), c.kills, c.faults, lost, twice, unexcused, disorder, c.early)
	if lost+unexcused+disorder+c.early > 0 || c.queue.Len() > 0 {
		c.t.Errorf("the promise is broken; %d jobs are left", c.queue.Len())
	}
	if c.kills == 0 || len(buried) == 0 || twice == 0 || len(c.faults) < 7 {
		c.t.Error("nothing much went wrong: this proves nothing")
	}
}
