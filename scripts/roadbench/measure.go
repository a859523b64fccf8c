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
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if strings.HasPrefix(r.URL.Path, "/slow") {
			time.Sleep(slowSink)
		}
		_, _ = io.WriteString(w, "ok")
	}))
	defer receiver.Close()
	b := &bench{ctx: ctx, dir: dir, receiver: receiver.URL, out: out}
	steps := []func() error{b.lambda, b.google}
	if !startOnly {
		steps = append(steps, b.render, b.cpu, b.tenSinks, b.bigBody)
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

// cpu compares CPU time per request: relay and minimal function take turns, so
// that both see the same noise.
func (b *bench) cpu() error {
	file, err := b.config("one.yaml", "{ type: slack, url: "+b.receiver+"/ops }")
	if err != nil {
		return err
	}
	road, err := b.start("relay", file)
	if err != nil {
		return err
	}
	defer road.stop()
	least, err := b.start("minimal", b.receiver+"/ops")
	if err != nil {
		return err
	}
	defer least.stop()
	const rounds = 10
	for _, s := range []*server{road, least} { // warm up
		if err := b.load(s, requests/rounds); err != nil {
			return err
		}
	}
	road0, least0 := road.cpuTicks(), least.cpuTicks()
	for range rounds {
		for _, s := range []*server{road, least} {
			if err := b.load(s, requests/rounds); err != nil {
				return err
			}
		}
	}
	r, m := road.cpuTicks()-road0, least.cpuTicks()-least0
	perRequest := func(ticks float64) float64 { return ticks * 1e6 / 100 / requests } // 100 ticks a second
	fmt.Fprintf(b.out, "CPU per request            %4.0f µs relay, %4.0f µs minimal   ratio %.2f  (budget 1.5)\n", perRequest(r), perRequest(m), r/m)
	fmt.Fprintf(b.out, "resident after %d events  %.1f MiB relay, %.1f MiB minimal  (budget 40 MiB)\n", requests+requests/rounds, road.memory("VmRSS")/1024, least.memory("VmRSS")/1024)
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
		if err := b.load(s, 2); err != nil {
			return err
		}
		start := time.Now()
		for range 10 {
			if err := b.load(s, 1); err != nil {
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
		if err := b.post(s, []byte(head+strings.Repeat(c.text, n)+tail)); err != nil {
			return err
		}
		peak := s.memory("VmHWM") * 1024
		fmt.Fprintf(b.out, "body of 25 MB, %-8s    %.0f MiB peak of the whole process   ratio %.2f  (budget 3)\n", c.name, peak/(1<<20), peak/bigBody)
		s.stop()
	}
	return nil
}

// load posts n signed GitHub issues with delivery ids of their own.
func (b *bench) load(s *server, n int) error {
	sample, err := source.Sample(github.Type, "issues.opened")
	if err != nil {
		return err
	}
	var wg sync.WaitGroup
	errs := make(chan error, concurrency)
	left := atomic.Int64{}
	left.Store(int64(n))
	for range concurrency {
		wg.Go(func() {
			for left.Add(-1) >= 0 {
				if err := b.post(s, sample.Body); err != nil {
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

func (b *bench) post(s *server, body []byte) error {
	req, err := http.NewRequestWithContext(b.ctx, http.MethodPost, s.url+"/github", bytes.NewReader(body))
	if err != nil {
		return err
	}
	mac := source.MAC(newSHA256, secret.NewValue(benchSecret), body)
	req.Header.Set("X-Hub-Signature-256", fmt.Sprintf("sha256=%x", mac))
	req.Header.Set("X-GitHub-Event", "issues")
	req.Header.Set("X-GitHub-Delivery", strconv.FormatInt(b.next.Add(1), 10))
	req.Header.Set("Content-Type", "application/json")
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
