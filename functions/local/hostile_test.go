package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sigpost/sigpost/pkg/queue"
)

// unruly is what a terminal would obey, or show in a wrong
// order: ESC, the one-character CSI, and an override of the direction.
const unruly = "\x1b]0;owned\x07 \u009b2J \u202Egnp.exe \u2066x\r\n\u2028y\x7f"

// obeyed is what a terminal must not get, but for the ends of lines.
func obeyed(text string) string {
	return strings.Map(func(c rune) rune {
		if c != '\n' && c < ' ' || c >= 0x7f && c < 0xa0 || strings.ContainsRune("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u2028\u2029", c) {
			return c
		}
		return -1
	}, text)
}

// What lies in a dead-letter queue may come from anybody who may write there.
func TestTheDeadCannotCommandATerminal(t *testing.T) {
	d := queue.Dead{ID: "\u009b2J" + unruly, Reason: unruly, Source: unruly, Sink: unruly, Type: unruly, Buried: died, Body: []byte(`{"a":"` + "\u009b2J\u202E" + `"}`)}
	body, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	job := queue.Job{Sink: unruly, Accepted: died}
	job.Event.ID, job.Event.Source, job.Event.Title, job.Event.Type = unruly, unruly, unruly, unruly
	item, err := job.Item(1 << 20)
	if err != nil {
		t.Fatal(err)
	}
	found := []queue.Dead{deadOfMessage(body), deadOfMessage(item.Body), d}
	var out strings.Builder
	for _, print := range []func() error{
		func() error { return printTable(&out, found) },
		func() error { return printJSON(&out, found, false) },
		func() error { return printJSON(&out, found, true) },
		func() error {
			for i := range found {
				printDead(&out, &found[i])
			}
			return nil
		},
	} {
		out.Reset()
		if err := print(); err != nil {
			t.Fatal(err)
		}
		if bad := obeyed(out.String()); bad != "" {
			t.Errorf("a terminal gets %q: %q", bad, out.String())
		}
	}
	out.Reset()
	if err := printJSON(&out, found[2:], false); err != nil {
		t.Fatal(err)
	}
	var back deadJSON
	if err := json.Unmarshal([]byte(out.String()), &back); err != nil || back.Reason != unruly {
		t.Errorf("JSON loses something: %v, %q", err, back.Reason)
	}
	// Nor do the errors and what is asked for by ID.
	f := deadFilter{ids: []string{"2J"}}
	if id := deadOfMessage(body).ID; len(id) != 64 {
		t.Errorf("an ID that can't be given: %q", id)
	}
	if err := f.checkIDs(nil); err == nil {
		t.Error("none was found, and that is no error")
	}
}

// again is a queue of a cloud that hands out the same messages for ever, as one
// does whose messages are so many that the first are no longer hidden when the
// last are read.
type again struct {
	cloudQueue
	n, reads int
	removed  []string
}

func (a *again) read(context.Context) ([]cloudMessage, error) {
	a.reads++
	if a.reads > 1000 {
		return nil, fmt.Errorf("it was read %d times", a.reads)
	}
	var out []cloudMessage
	for i := range 2 {
		n := (2*a.reads + i) % a.n
		out = append(out, cloudMessage{fmt.Sprint("id ", n), fmt.Sprint("receipt ", a.reads, " ", n), fmt.Appendf(nil, "body %d", n)})
	}
	return out, nil
}

func (a *again) remove(_ context.Context, receipts []string) error {
	a.removed = append(a.removed, receipts...)
	return nil
}

func TestACloudThatNeverEndsIsLeft(t *testing.T) {
	q := &again{n: 20}
	g := &cloudGraveyard{q: q, held: map[string]map[string]string{}}
	n := 0
	if err := g.Each(t.Context(), func(queue.Dead) error { n++; return nil }); err != nil || n != q.n {
		t.Errorf("%d dead of %d: %v", n, q.n, err)
	}
	// A receipt is good until the message is handed out once more.
	if err := g.Remove(t.Context(), queue.BodyID([]byte("body 3"))); err != nil || len(q.removed) != 1 || q.removed[0] != "receipt 11 3" {
		t.Errorf("removed %q: %v", q.removed, err)
	}
}

// A file that happens to have the socket's name is somebody's.
func TestServeRemovesNoFileThatIsNoSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "q")
	if err := os.WriteFile(path+socketSuffix, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	stop, err := serveGraveyard(nil, path, nil)
	if err == nil {
		stop()
		t.Error("the socket took its place")
	} else if !strings.Contains(err.Error(), path+socketSuffix) || !strings.Contains(err.Error(), "--queue") {
		t.Errorf("got %v", err)
	}
	if text, _ := os.ReadFile(path + socketSuffix); string(text) != "precious" {
		t.Errorf("it has %q", text)
	}
}

// slowGraveyard stops the command while a job is between the queue and the dead.
type slowGraveyard struct {
	graveyard
	stop    func()
	put     int
	removed int
}

func (s *slowGraveyard) Limit() int { return 1 << 20 }
func (s *slowGraveyard) Put(ctx context.Context, _ []queue.Item) error {
	s.put++
	s.stop()
	return ctx.Err()
}

func (s *slowGraveyard) Remove(ctx context.Context, _ string) error {
	if ctx.Err() == nil {
		s.removed++
	}
	return ctx.Err()
}

// Ctrl-C ends a resend between two jobs, never in one: else the queue has it and
// it is listed as dead all the same.
func TestAStopFinishesTheJobThatWasBegun(t *testing.T) {
	p := newPlot(t)
	q := p.open()
	defer p.close(q)
	ctx, cancel := context.WithCancel(t.Context())
	g := &slowGraveyard{stop: cancel}
	cmd := newRoot()
	cmd.SetContext(ctx)
	cmd.SetErr(io.Discard)
	done, errs := eachDead(cmd, "resend", "resent", q.jobs.Dead()[:3], func(ctx context.Context, v queue.Dead) error { return resend(ctx, g, v, time.Now()) })
	if len(done) != 1 || g.put != 1 || g.removed != 1 || len(errs) != 1 || !strings.Contains(errs[0].Error(), "stopped with 1 of 3 resent") {
		t.Errorf("%d done, %d put, %d removed: %v", len(done), g.put, g.removed, errs)
	}
}

// What the queue did not take is not logged as resent.
func TestTheRecordOfAResendIsTrue(t *testing.T) {
	p := newPlot(t)
	q := p.open()
	var log locked
	stop, err := serveGraveyard(q, p.path, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	p.close(q) // its file takes nothing any more
	p.dead(1, "resend", "--id", p.ids["one"])
	if text := log.String(); strings.Contains(text, "msg=resent") || !strings.Contains(text, "not resent") {
		t.Errorf("log: %s", text)
	}
}

// A serve that hangs doesn't hang the command.
func TestDeadDoesNotWaitForever(t *testing.T) {
	g, ok := dialGraveyardTo(t).(*socketGraveyard)
	if !ok {
		t.Fatal("no answer at the socket")
	}
	if g.client.Timeout == 0 {
		t.Error("a call may take for ever")
	}
}

func dialGraveyardTo(t *testing.T) graveyard {
	t.Helper()
	p := newPlot(t)
	q := p.open()
	t.Cleanup(func() { p.close(q) })
	stop, err := serveGraveyard(q, p.path, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return dialGraveyard(t.Context(), p.path)
}

// Slack says no_service where others say 404, and the list shows the status.
func TestReasonAlsoMeansTheStatus(t *testing.T) {
	d := queue.Dead{Reason: "not delivered: receiver answered no_service", Status: 404, Buried: died}
	for reason, want := range map[string]bool{"404": true, "no_service": true, "40": false, "0": false, "403": false, "": true, "*404": false} {
		f := deadFilter{reason: reason}
		if err := f.prepare(died); err != nil {
			t.Fatal(err)
		}
		if got := f.match(&d); got != want {
			t.Errorf("--reason %q: %t", reason, got)
		}
	}
	f := deadFilter{reason: "0"} // no status is none
	if err := f.prepare(died); err != nil || f.match(&queue.Dead{Reason: "x", Buried: died}) {
		t.Errorf("a status of 0 matches: %v", err)
	}
}
