package main

import (
	"bufio"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// asCommand makes this test's binary the sigpost command, for the tests that
// kill it.
const asCommand = "SIGPOST_TEST_AS_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// process is a running sigpost of its own.
type process struct {
	t    *testing.T
	cmd  *exec.Cmd
	url  string
	out  string // what it said before it was ready
	log  locked
	done chan struct{}
}

// launch starts sigpost and waits until it says where a source is.
func launch(t *testing.T, env []string, args ...string) *process {
	t.Helper()
	p := &process{t: t, cmd: exec.Command(os.Args[0], args...), done: make(chan struct{})} //nolint:gosec // this very binary
	p.cmd.Env = append(os.Environ(), append(env, asCommand+"=1")...)
	p.cmd.Stderr = &p.log
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.kill)
	lines := bufio.NewScanner(stdout)
	for p.url == "" && lines.Scan() {
		p.out += lines.Text() + "\n"
		if _, url, ok := strings.Cut(lines.Text(), " POST "); ok {
			p.url = strings.TrimSpace(url)
		}
	}
	go func() {
		_, _ = io.Copy(io.Discard, stdout)
		_ = p.cmd.Wait()
		close(p.done)
	}()
	if p.url == "" {
		<-p.done
		t.Fatalf("sigpost %v is not ready: %s%s", args, p.out, &p.log)
	}
	return p
}

// kill ends it at once, wherever it is.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.done
}

// stop asks it to end, and wants that to go well.
func (p *process) stop() {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatal(err)
	}
	select {
	case <-p.done:
	case <-time.After(time.Minute):
		p.t.Fatalf("it does not end: %s", &p.log)
	}
	if code := p.cmd.ProcessState.ExitCode(); code != 0 {
		p.t.Errorf("exit %d: %s", code, &p.log)
	}
}

// freePort is a port that nobody listens on.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() //nolint:errcheck // it is not needed any more
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

// eventually waits until ok is true.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for tick := time.NewTicker(10 * time.Millisecond); !ok(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatalf("not within a minute: %s", what)
		}
	}
}

// current is the process that runs now. Another takes its place when it is killed.
type current struct {
	mu sync.Mutex
	p  *process
	n  int // how many were killed
}
