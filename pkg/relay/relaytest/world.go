// Package relaytest is chaos: a world of senders, receivers and processes that
// break all of the time, through which events go down the real road, and the
// promise of queue mode that is checked at its end. Where jobs and claims are
// kept is a Cloud's matter, so that the queue and the state of one process and
// those of the clouds, with their functions, are held to the same promise.
//
// Time is the world's own, and nothing waits for it.
package relaytest

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sigpost/sigpost/pkg/config"
	"github.com/sigpost/sigpost/pkg/queue"
	"github.com/sigpost/sigpost/pkg/secret"
)

// The runs of scripts/chaos; a test takes the defaults.
var (
	events   = flag.Int("chaos.events", 0, "how many events chaos sends; 0: a few")
	seed     = flag.Uint64("chaos.seed", 1, "what chaos happens")
	progress = flag.Bool("chaos.progress", false, "tell how far chaos is")
)

// countsVariable names a file to which every run adds a line of what it counted.
const countsVariable = "SIGPOST_CHAOS_COUNTS"

// Cloud is where a World keeps its jobs and its claims, and the functions
// between them.
type Cloud interface {
	// Start starts a process whose every call to the cloud is an effect of p.
	Start(p *Process) Program
	// HandOut hands what is due to p, and does with the answer what the cloud
	// does, unless p died or the answer is lost on its way. It is false if
	// nothing is due.
	HandOut(p *Process, lost bool) bool
	// Stored is the jobs that were ever stored, in order. One that was moved may
	// be there again.
	Stored() [][]byte
	// Waiting is how many jobs are stored or out.
	Waiting() int
	// Dead is what was buried.
	Dead() []queue.Dead
	// Tidy removes what has expired, as late as the cloud does that.
	Tidy()
}

// Program is the code of a process: the functions.
type Program interface {
	// Receive answers a request with a status; 0 if it doesn't.
	Receive(req *http.Request) int
}

// World is the senders, the receivers, the processes and the time.
type World struct {
	T      *testing.T
	Config *config.Config
	// Log is for the processes. No secret may be in it.
	Log *slog.Logger

	cloud    Cloud
	name     string
	events   int
	log      logBuffer
	receiver *Process
	workers  []*Process

	mu  sync.Mutex
	rng *rand.Rand
	now time.Time

	sent     int
	accepted []string // words
	senders  []sender // that will send again
	down     string   // what of the cloud can't be reached in this step

	reached   map[string][]string  // sink → words in the order they took effect
	excused   map[string]int       // job → posts that may come again
	notBefore map[string]time.Time // job → when it may be tried again
	paused    map[string]time.Time // sink → the same for all its jobs
	outage    struct {             // of a receiver
		sink  string
		until time.Time
	}
	kills  int
	early  []string
	faults map[string]int
}

const worldConfig = `
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

var sinks = []string{"ops", "platform", "archive"}

// hidden stands in every secret and must be in no line of the log.
const hidden = "hidden-word"

// processes is how many do jobs side by side.
const processes = 4

// Run sends few events, or as many as the flag says, through a world and wants
// the promise kept: every event whose sender was told that it was taken reaches
// every sink or is buried; nothing comes twice but for a crash between posting
// and remembering it, an answer that was lost, or a sender that came back late;
// each subject stays in order; nobody is asked again too early.
func Run(t *testing.T, name string, few int, open func(*World) Cloud) {
	t.Helper()
	if *events > 0 {
		few = *events
	}
	w := &World{
		T: t, name: name, events: few,
		// Far ahead, so that no attempt is followed by another in the same call,
		// whose deadline is in real time.
		now:     time.Now().Add(1000 * time.Hour).Round(time.Second),
		rng:     rand.New(rand.NewPCG(*seed, 0)), //nolint:gosec // to be repeated
		reached: map[string][]string{}, excused: map[string]int{},
		notBefore: map[string]time.Time{}, paused: map[string]time.Time{}, faults: map[string]int{},
	}
	w.Log = slog.New(slog.NewJSONHandler(&w.log, nil))
	var err error
	if w.Config, err = config.Parse("chaos.yaml", []byte(worldConfig), secrets{}); err != nil {
		t.Fatal(err)
	}
	w.cloud = open(w)
	w.receiver = w.start()
	for range processes {
		w.workers = append(w.workers, w.start())
	}
	w.live()
	line := w.verify()
	t.Log(line)
	record(t, line)
}

// secrets has an address for every sink and one key for all sources.
type secrets struct{}

func (secrets) Get(_ context.Context, ref secret.Ref) (secret.Value, error) {
	if ref.Scheme == secret.SchemeEnv {
		return secret.NewValue("https://example.com/" + strings.ToLower(ref.Name) + "/" + hidden), nil
	}
	return secret.NewValue(hidden + "-key"), nil
}

// logBuffer looks for secrets in what is written and keeps nothing else.
type logBuffer struct {
	mu     sync.Mutex
	leaked string
}

func (b *logBuffer) Write(line []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if bytes.Contains(line, []byte(hidden)) {
		b.leaked = string(line)
	}
	return len(line), nil
}

func record(t *testing.T, line string) {
	t.Helper()
	path := os.Getenv(countsVariable)
	if path == "" {
		return
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	if _, err := fmt.Fprintln(f, line); err != nil {
		t.Fatal(err)
	}
}

// Now is the time.
func (w *World) Now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *World) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

// roll is a number from 0 to n-1.
func (w *World) roll(n int) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.rng.IntN(n)
}

// some is a random part of d.
func (w *World) some(d time.Duration) time.Duration {
	return time.Duration(w.roll(int(d/time.Millisecond))) * time.Millisecond
}

// fault counts something that went wrong.
func (w *World) fault(what string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.faults[what]++
}
