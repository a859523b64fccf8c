package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/sigpost/sigpost/pkg/config"
	"github.com/sigpost/sigpost/pkg/queue"
)

func TestModeOf(t *testing.T) {
	for _, c := range []struct{ flag, env, want string }{
		{"", "", "queue"},
		{"", "direct", "direct"},
		{"queue", "direct", "queue"},
		{"direct", "", "direct"},
		{"Direct", "", `--mode is "Direct"`},
		{"", "memory", `SIGPOST_MODE is "memory"`},
	} {
		t.Setenv("SIGPOST_MODE", c.env)
		mode, err := modeOf(c.flag)
		if err != nil {
			mode = err.Error()
		}
		if !strings.HasPrefix(mode, c.want) {
			t.Errorf("%+v: %s", c, mode)
		}
	}
}

func TestEachConfigurationHasAQueueOfItsOwn(t *testing.T) {
	home, state := t.TempDir(), t.TempDir()
	for k, v := range map[string]string{"HOME": home, "XDG_STATE_HOME": state, "STATE_DIRECTORY": "", "SIGPOST_QUEUE": "", "SIGPOST_CONFIG": ""} {
		t.Setenv(k, v)
	}
	t.Chdir(t.TempDir())
	of := func(config, flag string) string {
		t.Helper()
		path, err := (&settings{config: config}).queueFile(flag)
		if err != nil {
			t.Fatal(err)
		}
		return path
	}
	a := of("a/sigpost.yaml", "")
	if filepath.Dir(a) != filepath.Join(state, "sigpost") || !strings.HasPrefix(filepath.Base(a), "sigpost-") || !strings.HasSuffix(a, ".queue") {
		t.Errorf("the queue is %s", a)
	}
	if b := of("b/sigpost.yaml", ""); a == b {
		t.Errorf("two configurations share %s", a)
	}
	if abs, _ := filepath.Abs("a/sigpost.yaml"); of(abs, "") != a {
		t.Error("the same file has two queues")
	}
	if got := of("a/sigpost.yaml", "here"); got != "here" {
		t.Errorf("--queue here: %s", got)
	}
	if _, err := (&settings{}).queueFile(""); err == nil || !strings.Contains(err.Error(), "--queue") {
		t.Errorf("no configuration: %v", err)
	}
	t.Setenv("STATE_DIRECTORY", home)
	if got := of("a/sigpost.yaml", ""); filepath.Dir(got) != home {
		t.Errorf("under systemd: %s", got)
	}
	t.Setenv("SIGPOST_QUEUE", "there")
	if got := of("a/sigpost.yaml", ""); got != "there" {
		t.Errorf("SIGPOST_QUEUE: %s", got)
	}
}

func TestOpenQueueSaysWhatToDo(t *testing.T) {
	file := write(t, "file", "x")
	if _, err := openQueue(filepath.Join(file, "below", "q")); err == nil || !strings.Contains(err.Error(), "--queue") {
		t.Errorf("got %v", err)
	}
	q, err := openQueue(filepath.Join(t.TempDir(), "new", "folder", "q"))
	if err != nil {
		t.Fatal(err)
	}
	if err := q.Close(); err != nil {
		t.Error(err)
	}
}

func TestTheDemoNamesWhatIsDead(t *testing.T) {
	c := &config.Config{Sources: []config.Source{{Name: "github"}}, Sinks: []config.Sink{{Name: "ops"}, {Name: "archive"}}}
	d := &demoResults{rows: []demoRow{{source: "github", sink: "ops", status: "delivered"}, {source: "github", sink: "archive", status: "404"}}}
	err := d.missing(c, []queue.Dead{{Source: "github", Sink: "archive", Reason: "404 no such hook"}})
	if err == nil || !strings.Contains(err.Error(), "github to archive is dead: 404 no such hook") || !strings.Contains(err.Error(), "1 of 2 sinks") {
		t.Errorf("got %v", err)
	}
	d.rows[1].status = "delivered"
	if err := d.missing(c, nil); err != nil {
		t.Error(err)
	}
}
