package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

var client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: concurrency}}

func newSHA256() hash.Hash { return sha256.New() }

// server is a child process that is measured.
type server struct {
	url string
	cmd *exec.Cmd
}

// startTimeout is how long a server may take to answer.
const startTimeout = 10 * time.Second

func (b *bench) start(args ...string) (*server, error) {
	port, err := freePort(b.ctx)
	if err != nil {
		return nil, err
	}
	s := &server{url: "http://127.0.0.1:" + port, cmd: command(b.ctx, port, args...)}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	for deadline := time.Now().Add(startTimeout); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		req, err := http.NewRequestWithContext(b.ctx, http.MethodGet, s.url+"/healthz", nil)
		if err != nil {
			return nil, err
		}
		if resp, err := client.Do(req); err == nil {
			return s, resp.Body.Close()
		}
	}
	s.stop()
	return nil, errors.New("a server did not start: run `roadbench relay CONFIG` to see why")
}

func (s *server) stop() {
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
}

// cpuTicks is the CPU time the process has used, user and system, in ticks of
// 10 ms (proc(5), fields 14 and 15 of stat).
func (s *server) cpuTicks() float64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	user, _ := strconv.ParseFloat(fields[11], 64)
	system, _ := strconv.ParseFloat(fields[12], 64)
	return user + system
}

// memory is a line of the process's status in KiB: VmRSS, VmHWM (proc(5)).
func (s *server) memory(name string) float64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, name+":"); ok {
			kib, _ := strconv.ParseFloat(strings.Fields(rest)[0], 64)
			return kib
		}
	}
	return 0
}
