package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/sigpost/sigpost/pkg/queue"
)

// While serve has the file of a queue open, `sigpost dead` reaches the dead
// through a Unix socket beside that file. Only this user can open it, and no
// browser, no other host and no other user can, so that it needs no password.

const (
	// socketSuffix makes the socket's name of the file's.
	socketSuffix = ".sock"
	// dialTimeout is how long a process may take to answer at its socket.
	dialTimeout = 2 * time.Second
	// socketTimeout is how long a call may take: each is a write to a disk, or
	// all of the dead.
	socketTimeout = time.Minute
	// maxPutBytes is the most of a request: an item of the largest body, in JSON.
	maxPutBytes = 64 << 20
	// headerBy says who resends, for the log.
	headerBy = "Sigpost-By"
	// headerLimit has the Limit of the queue.
	headerLimit = "Sigpost-Limit"
)

// serveGraveyard answers `sigpost dead` until stop. The caller has the file of
// the queue open, so that a socket which is there already is a dead process's.
func serveGraveyard(q *localQueue, path string, log *slog.Logger) (stop func(), err error) {
	name := path + socketSuffix
	if info, err := os.Lstat(name); err == nil {
		if info.Mode().Type() != os.ModeSocket {
			return nil, fmt.Errorf("%s is a file of another kind, in the place of a socket: move it, or choose another file with --queue", name)
		}
		if err := os.Remove(name); err != nil {
			return nil, err
		}
	}
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "unix", name)
	if err != nil {
		return nil, fmt.Errorf("%w (the path of a socket may have about 100 bytes: choose a shorter one with --queue)", err)
	}
	if err := os.Chmod(name, 0o600); err != nil {
		_ = l.Close()
		return nil, err
	}
	srv := &http.Server{Handler: graveHandler(q, log), ReadHeaderTimeout: dialTimeout}
	go func() { _ = srv.Serve(l) }()
	return func() {
		ctx, cancel := context.WithTimeout(context.Background(), dialTimeout)
		defer cancel()
		_ = srv.Shutdown(ctx) // closes and removes the socket
	}, nil
}

func graveHandler(q *localQueue, log *slog.Logger) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /dead", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set(headerLimit, fmt.Sprint(q.jobs.Limit()))
		enc := json.NewEncoder(w)
		for _, d := range q.jobs.Dead() {
			if enc.Encode(d) != nil {
				return
			}
		}
	})
	mux.HandleFunc("DELETE /dead/{id}", func(w http.ResponseWriter, r *http.Request) {
		id := r.PathValue("id")
		if err := q.jobs.Unbury(id); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		log.InfoContext(r.Context(), "no longer dead", "job", id, "by", r.Header.Get(headerBy))
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("POST /jobs", func(w http.ResponseWriter, r *http.Request) {
		var items []queue.Item
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxPutBytes)).Decode(&items); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		var records [][]any
		for _, it := range items {
			job, err := queue.Decode(it.Body)
			if err != nil || job.ID() != it.ID || job.Group() != it.Group {
				http.Error(w, "an item is not a job of this version of sigpost", http.StatusBadRequest)
				return
			}
			records = append(records, []any{
				"job", it.ID, "event", job.Event.ID, "source", job.Event.Source, "sink", job.Sink, "times", job.Resent, "by", r.Header.Get(headerBy),
			})
		}
		if err := q.jobs.Put(r.Context(), items); err != nil {
			log.ErrorContext(r.Context(), "not resent", "jobs", len(items), "by", r.Header.Get(headerBy), "error", err.Error())
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		for _, record := range records {
			log.InfoContext(r.Context(), "resent", record...)
		}
		w.WriteHeader(http.StatusNoContent)
	})
	return mux
}

// socketGraveyard is a queue that another process has open.
type socketGraveyard struct {
	path   string
	client *http.Client
	limit  int
}

// dialGraveyard is the queue of the process that has the file open, or nil if
// none answers.
func dialGraveyard(ctx context.Context, path string) graveyard {
	dialer := &net.Dialer{Timeout: dialTimeout}
	conn, err := dialer.DialContext(ctx, "unix", path+socketSuffix)
	if err != nil {
		return nil
	}
	_ = conn.Close()
	return &socketGraveyard{path: path, client: &http.Client{Timeout: socketTimeout, Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, "unix", path+socketSuffix)
		},
	}}}
}

func (g *socketGraveyard) Each(ctx context.Context, f func(queue.Dead) error) error {
	resp, err := g.do(ctx, http.MethodGet, "/dead", nil)
	if err != nil {
		return err
	}
	defer resp.Body.Close() //nolint:errcheck // read only
	if _, err := fmt.Sscan(resp.Header.Get(headerLimit), &g.limit); err != nil {
		return g.failed(errors.New("it is another version of sigpost"))
	}
	for dec := json.NewDecoder(resp.Body); ; {
		var d queue.Dead
		if err := dec.Decode(&d); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return g.failed(err)
		}
		if err := f(d); err != nil {
			return err
		}
	}
}

func (g *socketGraveyard) Remove(ctx context.Context, id string) error {
	return g.tell(ctx, http.MethodDelete, "/dead/"+url.PathEscape(id), nil)
}

func (g *socketGraveyard) Put(ctx context.Context, items []queue.Item) error {
	body, err := json.Marshal(items)
	if err != nil {
		return err
	}
	return g.tell(ctx, http.MethodPost, "/jobs", body)
}

func (g *socketGraveyard) Limit() int   { return g.limit }
func (g *socketGraveyard) Name() string { return g.path }

func (g *socketGraveyard) Close() error {
	g.client.CloseIdleConnections()
	return nil
}

func (g *socketGraveyard) tell(ctx context.Context, method, path string, body []byte) error {
	resp, err := g.do(ctx, method, path, body)
	if err != nil {
		return err
	}
	return resp.Body.Close()
}

func (g *socketGraveyard) do(ctx context.Context, method, path string, body []byte) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, "http://sigpost"+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set(headerBy, whoami())
	resp, err := g.client.Do(req)
	if err != nil {
		var ue *url.Error
		if errors.As(err, &ue) {
			err = ue.Err
		}
		return nil, g.failed(err)
	}
	if resp.StatusCode/100 == 2 {
		return resp, nil
	}
	defer resp.Body.Close() //nolint:errcheck // read only
	said, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<10))
	return nil, g.failed(fmt.Errorf("%d %s", resp.StatusCode, strings.TrimSpace(string(said))))
}

func (g *socketGraveyard) failed(err error) error {
	return fmt.Errorf("the sigpost that has %s open: %w", g.path, err)
}
