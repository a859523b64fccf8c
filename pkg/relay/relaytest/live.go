package relaytest

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"slices"
	"time"

	"github.com/sigpost/sigpost/pkg/config"
	"github.com/sigpost/sigpost/pkg/source"
)

// maxSteps is when a world is given up whose jobs never end.
const maxSteps = 200_000

// live sends all events and goes on until nothing is left to do.
func (w *World) live() {
	start, told := time.Now(), time.Now()
	tell := func(steps int) {
		if *progress && time.Since(told) > 5*time.Second {
			told = time.Now()
			fmt.Fprintf(os.Stderr, "%s: %d of %d events sent, %d jobs wait, %d steps, %s\n", w.name, w.sent, w.events, w.cloud.Waiting(), steps, time.Since(start).Round(time.Second))
		}
	}
	for n := 0; w.sent < w.events; n++ {
		w.step(w.roll(3))
		if w.outage.sink == "" && w.sent > w.events/2 {
			w.startOutage()
		}
		tell(n)
	}
	idle := 0
	for n := range maxSteps {
		if w.cloud.Waiting() == 0 && len(w.senders) == 0 {
			break
		}
		if idle++; w.step(0) > 0 {
			idle = 0
		}
		// While nothing is due time goes faster.
		w.pass(time.Duration(min(idle, 60)) * time.Second)
		tell(n)
	}
}

// manyEvents is how many make a run in which a receiver may be down for more
// than a day.
const manyEvents = 1000

// startOutage takes a receiver down for some hours.
func (w *World) startOutage() {
	long := 2 * time.Hour
	if w.events >= manyEvents {
		long = 30 * time.Hour
	}
	d := w.some(long)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.outage.sink, w.outage.until = "archive", w.now.Add(d)
	w.faults["receiver down"]++
}

// step is some time in which some events come and some jobs are done. It
// returns how often something was handed out.
func (w *World) step(events int) (busy int) {
	w.breakSome()
	for range events {
		w.newEvent()
	}
	w.resend()
	for range w.roll(20) {
		if !w.work() {
			break
		}
		busy++
	}
	w.pass(w.some(3 * time.Second))
	return busy
}

// breakSome is what goes wrong with the clock and the cloud.
func (w *World) breakSome() {
	w.mu.Lock()
	w.down = ""
	w.mu.Unlock()
	switch chance := w.roll(500); {
	case chance == 0:
		w.fault("clock forward")
		w.pass(w.some(2 * time.Hour))
	case chance == 1:
		w.fault("clock back")
		w.pass(-w.some(20 * time.Second))
	case chance < 7:
		w.cloud.Tidy()
	case chance < 25:
		w.fault("queue down")
		w.mu.Lock()
		w.down = "queue"
		w.mu.Unlock()
	case chance < 32:
		w.fault("state down")
		w.mu.Lock()
		w.down = "state"
		w.mu.Unlock()
	}
}

// work hands out once what is due.
func (w *World) work() bool {
	i := w.roll(len(w.workers))
	p := w.workers[i]
	lost := w.roll(20) == 0
	p.begin()
	ok := w.cloud.HandOut(p, lost)
	p.end()
	if lost && ok {
		w.fault("answer of a worker lost")
	}
	if p.Dead() {
		w.kills++
		w.workers[i] = w.start()
	}
	return ok
}

// sender sends a request until it is told that it was taken, a few times.
type sender struct {
	word   string
	source config.Source
	req    *source.Request
	left   int
	at     time.Time
}

// tries is how often a sender sends.
const tries = 3

// kinds are what is sent by type of source: a sample, what of it stands for the
// word, and what for the subject.
var kinds = map[string][3]string{
	"github":        {"issues.opened", "Crash on empty config", "1347"},
	"cloudiq":       {"health-issue-change.2022", "POWERMAX-7", "CKM00000000007"},
	"scalr":         {"run-errored", "blue_green", "v0oapbepcjdj9d123"},
	"certifyclouds": {"generic.unknown", "Maintenance", "no subject"},
}

// newEvent is the next event of a random sender.
func (w *World) newEvent() {
	s := sender{word: fmt.Sprintf("n%06dn", w.sent), source: w.Config.Sources[w.roll(len(w.Config.Sources))], left: tries}
	w.sent++
	kind := kinds[s.source.Type]
	var err error
	if s.req, err = source.Sample(s.source.Type, kind[0]); err != nil {
		w.T.Fatal(err)
	}
	subject := fmt.Sprint(100 + w.roll(30))
	s.req.Body = bytes.ReplaceAll(s.req.Body, []byte(kind[2]), []byte(subject))
	s.req.Body = bytes.ReplaceAll(s.req.Body, []byte(kind[1]), []byte(s.word))
	sealer, ok := s.source.Source.(source.Sealer)
	if !ok {
		w.T.Fatalf("source %s can't be sealed", s.source.Name)
	}
	if err := sealer.Seal(w.T.Context(), s.req); err != nil {
		w.T.Fatal(err)
	}
	w.send(s)
}

// send sends once.
func (w *World) send(s sender) {
	path := "/" + s.source.Name
	if s.req.Token != "" {
		path += "/" + s.req.Token
	}
	req, err := http.NewRequestWithContext(w.T.Context(), http.MethodPost, path, bytes.NewReader(s.req.Body))
	if err != nil {
		w.T.Fatal(err)
	}
	req.Header = s.req.Header.Clone()
	status := w.receiver.Program.Receive(req)
	killed := w.receiver.Dead()
	if killed {
		w.kills++
		w.receiver = w.start()
	}
	if status == http.StatusOK && !killed {
		w.accepted = append(w.accepted, s.word)
		return
	}
	// Sent again it may be a replay, of what was taken and not answered.
	if !killed && status < http.StatusInternalServerError && s.left == tries {
		w.T.Errorf("the event %s of %s was refused with status %d", s.word, s.source.Name, status)
	}
	if s.left--; s.left > 0 {
		s.at = w.Now().Add(w.some(150 * time.Second))
		w.senders = append(w.senders, s)
	}
}

// resend sends what is due again.
func (w *World) resend() {
	var due []sender
	now := w.Now()
	w.senders = slices.DeleteFunc(w.senders, func(s sender) bool {
		if now.Before(s.at) {
			return false
		}
		due = append(due, s)
		return true
	})
	for _, s := range due {
		w.send(s)
	}
}
