package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sigpost/sigpost/pkg/secret"
	"github.com/sigpost/sigpost/pkg/source"
	"github.com/sigpost/sigpost/pkg/source/github"
)

const (
	requests    = 10_000
	concurrency = 4
	bigBody     = 25 << 20
	slowSink    = 100 * time.Millisecond
)

// measure runs all measurements, or those of the start only, and prints a table
// of them.
func measure(ctx context.Context, out io.Writer, startOnly bool) error {
	dir, err := os.MkdirTemp("", "roadbench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
	b := &bench{ctx: ctx, dir: dir, out: out}
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if strings.HasPrefix(r.URL.Path, "/slow") {
			time.Sleep(slowSink)
		}
		_, _ = io.WriteString(w, "ok")
		b.taken.Store(time.Now().UnixNano())
	}))
	defer receiver.Close()
	b.receiver = receiver.URL
	steps := []func() error{b.lambda, b.google}
	if !startOnly {
		steps = append(steps, b.render, b.cpu, b.queuedCPU, b.tenSinks, b.bigBody)
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

type bench struct {
	ctx           context.Context //nolint:containedctx // one run, one context
	dir, receiver string
	out           io.Writer
	next          atomic.Int64
	taken         atomic.Int64 // when the receiver took a message, in nanoseconds since 1970
}

func (b *bench) config(name string, sinks ...string) (string, error) {
	var s, to strings.Builder
	for i, sink := range sinks {
		fmt.Fprintf(&s, "  s%d: %s\n", i, sink)
		fmt.Fprintf(&to, "s%d, ", i)
	}
	file := filepath.Join(b.dir, name)
	text := "sources:\n  github: { type: github, secrets: [env://BENCH_SECRET] }\nsinks:\n" + s.String() +
		"routes:\n  - { to: [" + strings.TrimSuffix(to.String(), ", ") + "] }\n"
	return file, os.WriteFile(file, []byte(text), 0o600)
}

// half is a server to be measured and how one event is brought to it.
type half struct {
	name   string
	args   []string
	post   func(*server) error
	budget string // of its CPU time, in words
}

// cpu compares the relay in direct mode with the minimal function.
func (b *bench) cpu() error {
	file, err := b.config("one.yaml", "{ type: slack, url: "+b.receiver+"/ops }")
	if err != nil {
		return err
	}
	return b.compare([]half{{"relay", []string{"relay", file}, b.postIssue, "  (budget 1.5)"}})
}

// compare compares CPU time per request with the minimal function's: all take
// turns, so that they see the same noise.
func (b *bench) compare(halves []half) error {
	halves = append(halves, half{"minimal", []string{"minimal", b.receiver + "/ops"}, b.postIssue, ""})
	var servers []*server
	for _, h := range halves {
		s, err := b.start(h.args...)
		if err != nil {
			return err
		}
		defer s.stop()
		servers = append(servers, s)
	}
	const rounds = 10
	before := make([]float64, len(halves))
	for round := range rounds + 1 {
		for i, s := range servers {
			if round == 1 { // warm by now
				before[i] = s.cpuTicks()
			}
			if err := load(requests/rounds, func() error { return halves[i].post(s) }); err != nil {
				return err
			}
		}
	}
	last := len(halves) - 1
	least := servers[last].cpuTicks() - before[last]
	perRequest := func(ticks float64) float64 { return ticks * 1e6 / 100 / requests } // 100 ticks a second
	for i, h := range halves[:last] {
		used := servers[i].cpuTicks() - before[i]
		fmt.Fprintf(b.out, "CPU per request            %4.0f µs %s, %4.0f µs minimal   ratio %.2f%s\n", perRequest(used), h.name, perRequest(least), used/least, h.budget)
		fmt.Fprintf(b.out, "resident after %d events  %.1f MiB %s, %.1f MiB minimal  (budget 40 MiB)\n", requests+requests/rounds, servers[i].memory("VmRSS")/1024, h.name, servers[last].memory("VmRSS")/1024)
	}
	return nil
}

// tenSinks compares one slow sink with ten.
func (b *bench) tenSinks() error {
	took := map[int]time.Duration{}
	for _, n := range []int{1, 10} {
		var sinks []string
		for i := range n {
			sinks = append(sinks, fmt.Sprintf("{ type: generic, url: %s/slow/%d }", b.receiver, i))
		}
		file, err := b.config(fmt.Sprintf("sinks%d.yaml", n), sinks...)
		if err != nil {
			return err
		}
		s, err := b.start("relay", file)
		if err != nil {
			return err
		}
		if err := load(2, func() error { return b.postIssue(s) }); err != nil {
			return err
		}
		start := time.Now()
		for range 10 {
			if err := load(1, func() error { return b.postIssue(s) }); err != nil {
				return err
			}
		}
		took[n] = time.Since(start) / 10
		s.stop()
	}
	fmt.Fprintf(b.out, "ten sinks of 100 ms        %v ten, %v one   ratio %.2f  (budget 1.3)\n",
		took[10].Round(time.Millisecond), took[1].Round(time.Millisecond), float64(took[10])/float64(took[1]))
	return nil
}

// bigBody measures the peak of resident memory for one body of 25 MB.
func (b *bench) bigBody() error {
	for _, c := range []struct{ name, text string }{{"plain", "x"}, {"escaped", `\n`}} {
		file, err := b.config("big.yaml", "{ type: slack, url: "+b.receiver+"/ops }")
		if err != nil {
			return err
		}
		s, err := b.start("relay", file)
		if err != nil {
			return err
		}
		head, tail := `{"action":"opened","issue":{"number":1,"title":"Large","body":"`, `"},"repository":{"full_name":"acme/api"}}`
		n := (bigBody - len(head) - len(tail)) / len(c.text)
		req, err := b.request(s.url+"/github", []byte(head+strings.Repeat(c.text, n)+tail))
		if err == nil {
			err = send(req)
		}
		if err != nil {
			return err
		}
		peak := s.memory("VmHWM") * 1024
		fmt.Fprintf(b.out, "body of 25 MB, %-8s    %.0f MiB peak of the whole process   ratio %.2f  (budget 3)\n", c.name, peak/(1<<20), peak/bigBody)
		s.stop()
	}
	return nil
}

// load does one n times, some at a time.
func load(n int, one func() error) error {
	var wg sync.WaitGroup
	errs := make(chan error, concurrency)
	left := atomic.Int64{}
	left.Store(int64(n))
	for range concurrency {
		wg.Go(func() {
			for left.Add(-1) >= 0 {
				if err := one(); err != nil {
					errs <- err
					return
				}
			}
		})
	}
	wg.Wait()
	close(errs)
	return <-errs
}

// postIssue posts a signed GitHub issue with a delivery id of its own.
func (b *bench) postIssue(s *server) error {
	req, err := b.issue(s.url + "/github")
	if err != nil {
		return err
	}
	return send(req)
}

// sample is the issue that is posted.
var sample = sync.OnceValues(func() (*source.Request, error) { return source.Sample(github.Type, "issues.opened") })

// issue is a request with it.
func (b *bench) issue(url string) (*http.Request, error) {
	s, err := sample()
	if err != nil {
		return nil, err
	}
	return b.request(url, s.Body)
}

func (b *bench) request(url string, body []byte) (*http.Request, error) {
	req, err := http.NewRequestWithContext(b.ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	mac := source.MAC(newSHA256, secret.NewValue(benchSecret), body)
	req.Header.Set("X-Hub-Signature-256", fmt.Sprintf("sha256=%x", mac))
	req.Header.Set("X-GitHub-Event", "issues")
	req.Header.Set("X-GitHub-Delivery", strconv.FormatInt(b.next.Add(1), 10))
	req.Header.Set("Content-Type", "application/json")
	return req, nil
}

func send(req *http.Request) error {
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("the server answered %s", resp.Status)
	}
	return resp.Body.Close()
}

// freePort is a port that was free a moment ago.
func freePort(ctx context.Context) (string, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		return "", err
	}
	return port, l.Close()
}

func command(ctx context.Context, port string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, os.Args[0], args...) //nolint:gosec // itself
	cmd.Env = append(os.Environ(), "PORT="+port, "BENCH_SECRET="+benchSecret)
	return cmd
}
