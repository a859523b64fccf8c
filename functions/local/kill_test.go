package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sigpost/sigpost/pkg/source"
)

const (
	killSubjects = 12
	killEvents   = 12 // of each subject
	killTimes    = 5
	refusedEvent = 7 // of each subject: the receiver refuses it for good
)

var markOf = regexp.MustCompile(`mark-(\d+)-(\d+)-`)

// receipt is a message that the receiver took.
type receipt struct{ subject, event, generation int }

// killWorld is a receiver that fails now and then, and kills sigpost at its
// whim: before it answers, or after.
type killWorld struct {
	t       *testing.T
	serve   current
	launch  func() *process
	mu      sync.Mutex
	rand    *rand.Rand
	got     []receipt
	killAt  []int // numbers of receipts
	refuses bool
	failed  map[string]int
	last    map[int]*source.Request // by subject
}

func (w *killWorld) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	m := markOf.FindSubmatch(body)
	if m == nil {
		w.t.Errorf("a message without a mark: %s", body)
		return
	}
	subject, _ := strconv.Atoi(string(m[1]))
	event, _ := strconv.Atoi(string(m[2]))
	generation, _ := strconv.Atoi(r.Header.Get("Generation"))
	w.mu.Lock()
	what := w.rand.IntN(100)
	kill := 0 // 1: before the answer, 2: after it
	switch {
	case w.refuses && event == refusedEvent:
		what = -1
	case what >= 7:
		w.got = append(w.got, receipt{subject, event, generation})
		if len(w.killAt) > 0 && len(w.got) >= w.killAt[0] {
			w.killAt = w.killAt[1:]
			kill = 1 + w.rand.IntN(2)
		}
	}
	w.mu.Unlock()
	switch {
	case what < 0:
		rw.WriteHeader(http.StatusBadRequest)
	case what < 3:
		w.count("500")
		rw.WriteHeader(http.StatusInternalServerError)
	case what < 5:
		w.count("429")
		rw.Header().Set("Retry-After", "1")
		rw.WriteHeader(http.StatusTooManyRequests)
	case what < 7:
		w.count("reset")
		panic(http.ErrAbortHandler)
	case kill == 1:
		w.kill()
	case kill == 2:
		go w.kill()
	}
}

func (w *killWorld) count(what string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.failed[what]++
}

// kill kills the process and starts another on its file.
func (w *killWorld) kill() {
	w.serve.mu.Lock()
	defer w.serve.mu.Unlock()
	w.serve.p.kill()
	w.serve.n++
	w.serve.p = w.launch()
}

// send posts a subject's events as a patient sender does: each until it is
// taken, and only then the next.
func (w *killWorld) send(s *settings, url string, subject int) {
	for event := range killEvents {
		_, src, req, err := s.sample("github", "issues.opened", "")
		if err != nil {
			w.t.Error(err)
			return
		}
		mark := fmt.Sprintf("mark-%d-%d-", subject, event)
		req.Body = bytes.Replace(req.Body, []byte(`"title": "`), []byte(`"title": "`+mark), 1)
		req.Body = bytes.Replace(req.Body, []byte(`"number": `), []byte(`"number": `+strconv.Itoa(subject+1)), 1)
		if err := src.Source.(source.Sealer).Seal(w.t.Context(), req); err != nil {
			w.t.Error(err)
			return
		}
		w.mu.Lock()
		w.last[subject] = req
		w.mu.Unlock()
		w.sendOne(url, req)
	}
}

// sendOne returns what the sender is told in the end.

func (w *killWorld) sendOne(url string, req *source.Request) string {
	for tick := time.NewTicker(20 * time.Millisecond); ; <-tick.C {
		out, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, url, bytes.NewReader(req.Body))
		if err != nil {
			w.t.Error(err)
			return ""
		}
		out.Header = req.Header.Clone()
		resp, err := http.DefaultClient.Do(out)
		if w.t.Context().Err() != nil {
			return ""
		}
		if err != nil {
			w.count("no answer to the sender")
			continue
		}
		body, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		switch {
		case resp.StatusCode == http.StatusOK && (bytes.Contains(body, []byte("queued")) || bytes.Contains(body, []byte("duplicate"))):
			return string(body)
		case resp.StatusCode != http.StatusServiceUnavailable:
			w.t.Errorf("the sender is told %d %s", resp.StatusCode, body)
			return ""
		}
	}
}

func TestAKilledServeLosesNothing(t *testing.T) {
	seed := rand.Uint64()                                                                                                                 //nolint:gosec // a test's dice
	w := &killWorld{t: t, rand: rand.New(rand.NewPCG(seed, 0)), refuses: true, failed: map[string]int{}, last: map[int]*source.Request{}} //nolint:gosec // a test's dice
	receiver := httptest.NewServer(w)
	t.Cleanup(receiver.Close)
	queue := filepath.Join(t.TempDir(), "q")
	config := write(t, "sigpost.yaml", `
sources: { github: { type: github, secrets: [secret://key] } }
sinks: { ops: { type: generic, url: "`+receiver.URL+`", headers: { Generation: env://SIGPOST_TEST_GENERATION } } }
routes: [ { to: [ops] } ]
`)
	port := freePort(t)
	w.launch = func() *process {
		return launch(t, []string{"SIGPOST_SECRET_KEY=" + hidden, "SIGPOST_TEST_GENERATION=" + strconv.Itoa(w.serve.n)}, "serve", "--config", config, "--queue", queue, "--port", port)
	}
	total := killSubjects * (killEvents - 1)
	for i := range killTimes {
		w.killAt = append(w.killAt, i*total/killTimes+1+w.rand.IntN(total/killTimes-1))
	}
	w.serve.p = w.launch()
	url := w.serve.p.url
	t.Setenv("SIGPOST_SECRET_KEY", hidden)
	var senders sync.WaitGroup
	for subject := range killSubjects {
		senders.Go(func() { w.send(&settings{config: config}, url, subject) })
	}
	senders.Wait()
	eventually(t, "every message", func() bool { return w.distinct() >= total })
	w.serve.mu.Lock() // a kill may still be under way
	p := w.serve.p
	w.serve.mu.Unlock()
	eventually(t, "every refused one is dead", func() bool { return len(deadOf(t, config, queue)) == killSubjects })
	p.stop()
	w.judge(seed)
	if !strings.Contains(p.out, queue) {
		t.Errorf("it does not say where its queue is: %s", p.out)
	}

	// What was refused comes back when it is asked for.
	w.mu.Lock()
	w.refuses = false
	w.mu.Unlock()
	p = w.launch()
	for subject, req := range w.last { // that a process before it delivered
		if answer := w.sendOne(url, req); !strings.Contains(answer, "duplicate") {
			t.Errorf("subject %d: what was delivered before the restart is %s", subject, answer)
		}
	}
	if code, out, errOut := sigpost(t, "dead", "resend", "--all", "--config", config, "--queue", queue); code != 0 {
		t.Fatalf("resend: exit %d: %s%s", code, out, errOut)
	}
	eventually(t, "what was resent", func() bool { return w.distinct() == killSubjects*killEvents })
	p.stop()
	if left := deadOf(t, config, queue); len(left) != 0 {
		t.Errorf("%d are still dead", len(left))
	}
}

// distinct is how many different messages came.
func (w *killWorld) distinct() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	seen := map[[2]int]bool{}
	for _, r := range w.got {
		seen[[2]int{r.subject, r.event}] = true
	}
	return len(seen)
}

// judge checks the order, and that nothing came twice but for a kill between
// the message and the mark.
func (w *killWorld) judge(seed uint64) {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	last := map[int]receipt{}
	twice := 0
	for _, r := range w.got {
		before, ok := last[r.subject]
		last[r.subject] = r
		switch {
		case !ok:
		case r.event < before.event:
			w.t.Errorf("subject %d: %d came after %d", r.subject, r.event, before.event)
		case r.event == before.event && r.generation == before.generation:
			w.t.Errorf("subject %d: %d came twice from one process", r.subject, r.event)
		case r.event == before.event:
			twice++
		}
	}
	if kills := w.serve.n; kills != killTimes || twice > kills*killSubjects {
		w.t.Errorf("%d kills and %d duplicates", kills, twice)
	}
	w.t.Logf("seed %d: %d messages, %d kills, %d came twice, failures %v", seed, len(w.got), w.serve.n, twice, w.failed)
}

// deadOf is the dead jobs as the command lists them.
func deadOf(t *testing.T, config, queue string) (ids []string) {
	t.Helper()
	code, out, errOut := sigpost(t, "dead", "list", "--json", "--config", config, "--queue", queue)
	if code != 0 {
		t.Fatalf("dead list: exit %d: %s", code, errOut)
	}
	for line := range strings.Lines(out) {
		var d struct{ ID string }
		if err := json.Unmarshal([]byte(line), &d); err != nil || d.ID == "" {
			t.Fatalf("not a dead job: %s", line)
		}
		ids = append(ids, d.ID)
	}
	return ids
}
