package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/queue"
)

// plot is a queue file with dead jobs in it: two of github, one of array, and one
// that is no job.
type plot struct {
	t    *testing.T
	path string
	ids  map[string]string // by event
}

var died = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)

func newPlot(t *testing.T) *plot {
	t.Helper()
	p := &plot{t: t, path: filepath.Join(t.TempDir(), "q"), ids: map[string]string{}}
	q := p.open()
	bury := func(name, source, sink, reason string, status int, after time.Duration) {
		j := queue.Job{Sink: sink, Accepted: died, Event: event.Event{
			ID: name, Source: source, Type: "issues.opened", Title: "about \x1b[31m" + name, Severity: event.Info, Raw: []byte("the body"),
		}}
		item, err := j.Item(q.jobs.Limit())
		if err != nil {
			t.Fatal(err)
		}
		p.ids[name] = item.ID
		d := queue.Dead{
			ID: item.ID, Reason: reason, Status: status, Attempts: 3, Buried: died.Add(after), Source: source, Type: "issues.opened", Sink: sink, Body: item.Body,
		}
		if err := q.jobs.Bury(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}
	bury("one", "github", "ops", "404 no such hook", 404, 0)
	bury("two", "github", "platform", "not delivered within 24h0m0s; last: 503", 503, time.Hour)
	bury("three", "array", "ops", "404 no \x1b[31msuch hook", 404, 2*time.Hour)
	poison := queue.Dead{ID: queue.BodyID([]byte("poison")), Reason: queue.ErrNotAJob.Error(), Buried: died.Add(3 * time.Hour), Body: []byte("poison")}
	p.ids["poison"] = poison.ID
	if err := q.jobs.Bury(t.Context(), poison); err != nil {
		t.Fatal(err)
	}
	p.close(q)
	return p
}

func (p *plot) open() *localQueue {
	p.t.Helper()
	q, err := openQueue(p.path)
	if err != nil {
		p.t.Fatal(err)
	}
	return q
}

func (p *plot) close(q *localQueue) {
	p.t.Helper()
	if err := q.Close(); err != nil {
		p.t.Fatal(err)
	}
}

// dead runs a command of dead and wants an exit code.
func (p *plot) dead(code int, args ...string) (out, errOut string) {
	p.t.Helper()
	got, out, errOut := sigpost(p.t, append(append([]string{"dead"}, args...), "--queue", p.path)...)
	if got != code || strings.Contains(out, "\x1b") {
		p.t.Fatalf("dead %v: exit %d: %q%s", args, got, out, errOut)
	}
	return out, errOut
}

// left is the events that are dead, and what is in the queue.
func (p *plot) left() (dead, queued string) {
	p.t.Helper()
	q := p.open()
	defer p.close(q)
	var d, w []string
	for _, v := range q.jobs.Dead() {
		for name, id := range p.ids {
			if id == v.ID {
				d = append(d, name)
			}
		}
	}
	for {
		l, _, ok := q.jobs.Take()
		if !ok {
			break
		}
		j, err := queue.Decode(l.Body)
		if err != nil {
			p.t.Fatal(err)
		}
		w = append(w, fmt.Sprintf("%s/%s/%d/%t", j.Event.ID, j.Sink, j.Resent, time.Since(j.Accepted) < time.Hour))
	}
	return strings.Join(d, " "), strings.Join(w, " ")
}

func TestDeadListChooses(t *testing.T) {
	p := newPlot(t)
	for args, want := range map[string]string{
		"":                                  "one two three poison",
		"--source github":                   "one two",
		"--source git*":                     "one two",
		"--source git":                      "",
		"--sink ops":                        "one three",
		"--sink ops --source github":        "one",
		"--reason 404":                      "one three",
		"--reason WITHIN":                   "two",
		"--reason 404*hook":                 "one three",
		"--reason 404*":                     "one three",
		"--reason no*":                      "two",
		"--reason .":                        "",
		"--since 2026-03-01T09:00:00Z":      "two three poison",
		"--until 2026-03-01T09:00:00Z":      "one",
		"--since 1h":                        "",
		"--until 1h":                        "one two three poison",
		"--since 2026-03-01T10:30:00+01:00": "three poison",
		"--since 100000d --until 2026-03-01T09:30:00Z": "one two",
	} {
		out, _ := p.dead(0, append([]string{"list", "--json"}, strings.Fields(args)...)...)
		var got []string
		for line := range strings.Lines(out) {
			var v deadJSON
			if err := json.Unmarshal([]byte(line), &v); err != nil {
				t.Fatal(err)
			}
			for name, id := range p.ids {
				if id == v.ID {
					got = append(got, name)
				}
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("list %s: %v, want %s", args, got, want)
		}
	}
	out, _ := p.dead(0, "list")
	for _, want := range []string{"REASON", p.ids["three"][:12], "github", "404 no such hook", "platform"} {
		if !strings.Contains(strings.ReplaceAll(out, "[31m", ""), want) {
			t.Errorf("no %s: %s", want, out)
		}
	}
	if out, _ := p.dead(0, "list", "--sink", "nowhere"); !strings.Contains(out, "none is dead --sink nowhere") {
		t.Errorf("got %s", out)
	}
}

func TestDeadSaysWhatIsWrong(t *testing.T) {
	p := newPlot(t)
	for args, want := range map[string]string{
		"list --since yesterday": `--since "yesterday" is no time: write 2026-03-01T08:00:00Z, or how long ago`,
		"list --until -1h":       `--until "-1h" is no time`,
		"show xyz":               "is no ID",
		"show 0000000000":        "no dead job 0000000000: `sigpost dead list`",
		"resend --id 0000000000": "no dead job 0000000000",
		"resend":                 "--all",
		"drop":                   "--all",
		"resend --dry-run":       "which ones?",
	} {
		if _, errOut := p.dead(1, strings.Fields(args)...); !strings.Contains(errOut, want) {
			t.Errorf("dead %s: %s, want %s", args, errOut, want)
		}
	}
	missing := filepath.Join(t.TempDir(), "none")
	if code, _, errOut := sigpost(t, "dead", "list", "--queue", missing); code != 1 || !strings.Contains(errOut, missing) || !strings.Contains(errOut, "sigpost serve") {
		t.Errorf("exit %d: %s", code, errOut)
	}
	if _, err := os.Stat(missing); err == nil {
		t.Error("looking made a queue")
	}
	if dead, queued := p.left(); dead != "one two three poison" || queued != "" {
		t.Errorf("changed: %s; %s", dead, queued)
	}
}

func TestDeadShow(t *testing.T) {
	p := newPlot(t)
	out, _ := p.dead(0, "show", p.ids["one"][:8], p.ids["poison"])
	for _, want := range []string{p.ids["one"], "404 no such hook", "event     one", "about [31mone", "body      8 bytes, 8 of them kept", "6 bytes: the message is not a job"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q: %s", want, out)
		}
	}
	out, _ = p.dead(0, "show", "--json", p.ids["two"])
	var v struct {
		Event string
		Job   struct{ Event struct{ Raw []byte } }
	}
	if err := json.Unmarshal([]byte(out), &v); err != nil || v.Event != "two" || string(v.Job.Event.Raw) != "the body" {
		t.Errorf("%v: %s", err, out)
	}
}

func TestDeadResend(t *testing.T) {
	p := newPlot(t)
	if out, _ := p.dead(0, "resend", "--source", "github", "--dry-run"); !strings.Contains(out, "would resend 2; nothing was changed") || !strings.Contains(out, p.ids["two"][:12]) {
		t.Errorf("dry run: %s", out)
	}
	if dead, queued := p.left(); dead != "one two three poison" || queued != "" {
		t.Errorf("the dry run changed: %s; %s", dead, queued)
	}
	out, errOut := p.dead(0, "resend", "--source", "github")
	if !strings.Contains(out, "2 resent") {
		t.Errorf("resend: %s", out)
	}
	for _, want := range []string{`"msg":"dead jobs resent"`, `"by":"` + whoami() + `"`, `"count":2`, `"chosen":"--source github"`, `"time":`} {
		if !strings.Contains(errOut, want) {
			t.Errorf("the record has no %s: %s", want, errOut)
		}
	}
	if dead, queued := p.left(); dead != "three poison" || queued != "one/ops/1/true two/platform/1/true" {
		t.Errorf("dead: %s; queued: %s", dead, queued)
	}
	out, errOut = p.dead(1, "resend", "--all")
	if !strings.Contains(out, "1 resent") || !strings.Contains(errOut, `"chosen":"--all"`) || !strings.Contains(errOut, "is not a job of sigpost, so that it can't be resent; `sigpost dead drop --id "+p.ids["poison"][:12]) {
		t.Errorf("with a poisoned one: %s%s", out, errOut)
	}
	if dead, queued := p.left(); dead != "poison" || !strings.Contains(queued, "three/ops/1/true") {
		t.Errorf("dead: %s; queued: %s", dead, queued)
	}
}

func TestDeadDropAsks(t *testing.T) {
	p := newPlot(t)
	drop := func(answer string, args ...string) (err error) {
		root := newRoot()
		root.SetArgs(append([]string{"dead", "drop", "--queue", p.path}, args...))
		root.SetIn(strings.NewReader(answer))
		root.SetOut(&locked{})
		root.SetErr(&locked{})
		return root.ExecuteContext(t.Context())
	}
	for _, answer := range []string{"", "\n", "n\n", "all\n"} {
		if err := drop(answer, "--sink", "ops"); err == nil || !strings.Contains(err.Error(), "--yes") {
			t.Errorf("%q: %v", answer, err)
		}
	}
	if dead, _ := p.left(); dead != "one two three poison" {
		t.Fatalf("left: %s", dead)
	}
	if err := drop("y\n", "--sink", "ops"); err != nil {
		t.Error(err)
	}
	if dead, _ := p.left(); dead != "two poison" {
		t.Errorf("left: %s", dead)
	}
	if err := drop("", "--all", "--yes"); err != nil {
		t.Error(err)
	}
	if dead, queued := p.left(); dead != "" || queued != "" {
		t.Errorf("left: %s; %s", dead, queued)
	}
}

// fullQueue takes nothing.
type fullQueue struct {
	graveyard
	removed int
}

func (f *fullQueue) Limit() int                              { return 1 << 20 }
func (f *fullQueue) Put(context.Context, []queue.Item) error { return errors.New("disk is full") }
func (f *fullQueue) Remove(context.Context, string) error    { f.removed++; return nil }

func TestWhatTheQueueDoesNotTakeStaysDead(t *testing.T) {
	p := newPlot(t)
	q := p.open()
	defer p.close(q)
	g := &fullQueue{}
	if err := resend(t.Context(), g, q.jobs.Dead()[0], time.Now()); err == nil || !strings.Contains(err.Error(), "it stays dead: disk is full") || g.removed != 0 {
		t.Errorf("%v, %d removed", err, g.removed)
	}
}

func TestDeadWhileServeRuns(t *testing.T) {
	p := newPlot(t)
	socket := p.path + socketSuffix
	left, err := net.ListenUnix("unix", &net.UnixAddr{Name: socket}) // by a killed one
	if err != nil {
		t.Fatal(err)
	}
	left.SetUnlinkOnClose(false)
	_ = left.Close()
	q := p.open()
	if _, errOut := p.dead(1, "list"); !strings.Contains(errOut, "in use by another sigpost") {
		t.Errorf("without a socket: %s", errOut)
	}
	var log locked
	stop, err := serveGraveyard(q, p.path, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(socket); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("others may open it: %v, %v", info, err)
	}
	if out, _ := p.dead(0, "list"); strings.Count(out, "\n") != 5 {
		t.Errorf("list: %s", out)
	}
	if out, _ := p.dead(0, "resend", "--source", "github"); !strings.Contains(out, "2 resent") {
		t.Errorf("resend: %s", out)
	}
	if out, _ := p.dead(0, "drop", "--reason", "not a job", "--yes"); !strings.Contains(out, "1 dropped") {
		t.Errorf("drop: %s", out)
	}
	if text := log.String(); strings.Count(text, "msg=resent") != 2 || strings.Count(text, `msg="no longer dead"`) != 3 || strings.Count(text, "by="+whoami()) != 5 {
		t.Errorf("log: %s", text)
	}
	client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", socket)
	}}}
	for _, body := range []string{"", "nothing", `[{"ID":"x","Group":"y","Body":""}]`, strings.Repeat("[", 1000)} {
		resp, err := client.Post("http://sigpost/jobs", "application/json", strings.NewReader(body))
		if err != nil || resp.StatusCode != http.StatusBadRequest {
			t.Errorf("%.20q: %v, %v", body, resp, err)
			continue
		}
		_ = resp.Body.Close()
	}
	client.CloseIdleConnections()
	stop()
	if _, err := os.Stat(socket); err == nil {
		t.Error("the socket is still there")
	}
	p.close(q)
	if dead, queued := p.left(); dead != "three" || queued != "one/ops/1/true two/platform/1/true" {
		t.Errorf("dead: %s; queued: %s", dead, queued)
	}
}

func TestASocketThatCannotBeIsSaid(t *testing.T) {
	path := filepath.Join(t.TempDir(), strings.Repeat("long", 40))
	if stop, err := serveGraveyard(nil, path, nil); err == nil || !strings.Contains(err.Error(), "--queue") {
		if err == nil {
			stop()
		}
		t.Errorf("got %v", err)
	}
}
