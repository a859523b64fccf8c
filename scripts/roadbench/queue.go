package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"

	"github.com/sigpost/sigpost/pkg/config"
	"github.com/sigpost/sigpost/pkg/queue"
	"github.com/sigpost/sigpost/pkg/relay"
	"github.com/sigpost/sigpost/pkg/secret"
)

// nowhere is a queue that confirms what it is given and keeps the last of it.
// What a real one costs is its client's work and the network's.
type nowhere struct{ last []byte }

// nowhereLimit is that of a message of SQS.
const nowhereLimit = 1 << 20

func (n *nowhere) Limit() int { return nowhereLimit }

func (n *nowhere) Put(_ context.Context, items []queue.Item) error {
	n.last = items[len(items)-1].Body
	return nil
}

func (n *nowhere) Bury(_ context.Context, d queue.Dead) error { return errors.New(d.Reason) }

// newQueued is the relay of a configuration in queue mode; both of its halves
// keep their state in memory.
func newQueued(file string, q queue.Queue, log io.Writer) (*relay.Relay, error) {
	c, err := config.Load(file, secret.NewLocal(os.LookupEnv, nil))
	if err != nil {
		return nil, err
	}
	return relay.New(c, relay.Options{Log: slog.New(slog.NewJSONHandler(log, nil)), Queue: q})
}

// serveReceive is the receiving half: it answers once the job is queued.
func serveReceive(file string) error {
	r, err := newQueued(file, &nowhere{}, os.Stderr)
	if err != nil {
		return err
	}
	return serve(r.ServeHTTP)
}

// serveDeliver is the delivering half: it does the job that is the body.
func serveDeliver(file string) error {
	r, err := newQueued(file, &nowhere{}, os.Stderr)
	if err != nil {
		return err
	}
	return serve(func(w http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		if req.Method == http.MethodPost && r.Work(req.Context(), queue.Message{Body: body, Received: 1}).Again {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
}

// job is a job as the receiving half makes one of the issue that is posted.
func (b *bench) job(file string) (queue.Job, error) {
	if err := os.Setenv("BENCH_SECRET", benchSecret); err != nil {
		return queue.Job{}, err
	}
	q := &nowhere{}
	r, err := newQueued(file, q, io.Discard)
	if err != nil {
		return queue.Job{}, err
	}
	req, err := b.issue("http://bench/github")
	if err != nil {
		return queue.Job{}, err
	}
	w := httptest.NewRecorder()
	if r.ServeHTTP(w, req); w.Code != http.StatusOK {
		return queue.Job{}, fmt.Errorf("the relay answered %d %s", w.Code, w.Body)
	}
	return queue.Decode(q.last)
}

// queuedCPU compares the halves of queue mode with the minimal function.
func (b *bench) queuedCPU() error {
	file, err := b.config("queued.yaml", "{ type: slack, url: "+b.receiver+"/ops, rate: 10000/10ms }")
	if err != nil {
		return err
	}
	job, err := b.job(file)
	if err != nil {
		return err
	}
	postJob := func(s *server) error {
		j := job
		j.Event.ID = "bench-" + strconv.FormatInt(b.next.Add(1), 10)
		item, err := j.Item(nowhereLimit)
		if err != nil {
			return err
		}
		req, err := http.NewRequestWithContext(b.ctx, http.MethodPost, s.url+"/", bytes.NewReader(item.Body))
		if err != nil {
			return err
		}
		return send(req)
	}
	return b.compare([]half{
		{"receive, queue mode", []string{"receive", file}, b.postIssue, ""},
		{"deliver, queue mode", []string{"deliver", file}, postJob, ""},
	})
}
