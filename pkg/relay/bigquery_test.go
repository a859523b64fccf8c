package relay

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sigpost/sigpost/pkg/config"
	"github.com/sigpost/sigpost/pkg/deliver"
	"github.com/sigpost/sigpost/pkg/queue"
	"github.com/sigpost/sigpost/pkg/secret"
	"github.com/sigpost/sigpost/pkg/sink/bigquery/bigquerytest"
	"github.com/sigpost/sigpost/pkg/source"
	"github.com/sigpost/sigpost/pkg/state"
)

const warehouseConfig = `
sources: { github: { type: github, secrets: [secret://github] } }
sinks: { rows: { type: bigquery, project: acme-data, dataset: sigpost } }
routes: [ { to: [rows] } ]
`

// warehouse is a relay with a table of BigQuery, on a platform that gives tokens.
type warehouse struct {
	t     *testing.T
	relay *Relay
	api   *bigquerytest.API
	queue *queue.Memory
	cfg   *config.Config
	now   time.Time
	given atomic.Int32 // tokens
	wait  time.Duration
	log   bytes.Buffer
}

func newWarehouse(t *testing.T) *warehouse {
	t.Helper()
	w := &warehouse{t: t, now: time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC), wait: time.Hour, api: &bigquerytest.API{
		Path: "/bigquery/v2/projects/acme-data/datasets/sigpost/tables/events/insertAll",
	}}
	platform := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(rw, `{"access_token":"%s-%d","expires_in":3599,"token_type":"Bearer"}`, hidden, w.given.Add(1))
	}))
	t.Cleanup(platform.Close)
	t.Setenv("GCE_METADATA_HOST", strings.TrimPrefix(platform.URL, "http://"))
	cfg, err := config.Parse("test.yaml", []byte(warehouseConfig), secret.NewCache(w, nil, secret.CacheConfig{Now: w.clock}))
	if err != nil {
		t.Fatal(err)
	}
	w.cfg, w.queue = cfg, queue.NewMemory(w.clock, nil, nil, nil)
	w.relay, err = New(cfg, Options{
		State: state.NewMemory(w.clock), Now: w.clock, Queue: w.queue, Log: slog.New(slog.NewJSONHandler(&w.log, nil)),
		Client: deliver.New(deliver.Config{Now: w.clock, Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			answer := httptest.NewRecorder()
			w.api.ServeHTTP(answer, r)
			return answer.Result(), nil
		}), Sleep: func(context.Context, time.Duration) error { return context.DeadlineExceeded }}),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if strings.Contains(w.log.String(), hidden) {
			t.Errorf("a token is in the log: %s", w.log.String())
		}
		for _, text := range w.api.Wrong() {
			t.Errorf("BigQuery refuses: %s", text)
		}
	})
	return w
}

func (w *warehouse) clock() time.Time { return w.now }

// Fetch implements secret.Manager.
func (*warehouse) Fetch(context.Context, string, string) (secret.Version, error) {
	return secret.Version{Value: secret.NewValue("github-key"), ID: "1"}, nil
}

// post posts a sample and returns the status of the answer.
func (w *warehouse) post(sample, id string) int {
	w.t.Helper()
	req, err := source.Sample("github", sample)
	if err != nil {
		w.t.Fatal(err)
	}
	if err := w.cfg.Sources[0].Source.(source.Sealer).Seal(w.t.Context(), req); err != nil {
		w.t.Fatal(err)
	}
	req.Header.Set("X-GitHub-Delivery", id)
	out := httptest.NewRequest(http.MethodPost, "/github", bytes.NewReader(req.Body))
	out.Header = req.Header
	answer := httptest.NewRecorder()
	w.relay.ServeHTTP(answer, out)
	return answer.Code
}

// send posts a sample and works off the queue for as long as wait says.
func (w *warehouse) send(sample, id string) []bigquerytest.Row {
	w.t.Helper()
	if status := w.post(sample, id); status != http.StatusOK {
		w.t.Fatalf("%s: %d", sample, status)
	}
	for end := w.now.Add(w.wait); w.now.Before(end); w.now = w.now.Add(20 * time.Second) {
		l, _, ok := w.queue.Take()
		if !ok {
			continue
		}
		if err := w.queue.Settle(l, w.relay.Work(w.t.Context(), l.Message)); err != nil {
			w.t.Fatal(err)
		}
	}
	return w.api.Rows()
}

func TestARowSaysWhenItWasReceived(t *testing.T) {
	w := newWarehouse(t)
	received := w.now
	w.api.Answer = func(rw http.ResponseWriter, n int) bool {
		if n < 3 {
			rw.WriteHeader(http.StatusServiceUnavailable)
		}
		return n < 3
	}
	rows := w.send("issues.closed-completed", "one")
	if len(rows) != 1 {
		t.Fatalf("%d rows", len(rows))
	}
	c := rows[0].Columns
	if c["received_at"] != received.Format("2006-01-02T15:04:05.000000Z") || c["delivery_id"] != "one" || c["source"] != "github" || c["action"] != "closed" {
		t.Errorf("the row is %v", c)
	}
	if text, _ := c["payload"].(string); !strings.Contains(text, `"closed_at"`) {
		t.Errorf("the payload is %.200s", text)
	}
}

// TestRowsArriveOnce lets an answer get lost: the row is sent again, and is the
// same to BigQuery.
func TestRowsArriveOnce(t *testing.T) {
	w := newWarehouse(t)
	calls := 0
	w.relay.opt.Client = deliver.New(deliver.Config{Now: w.clock, Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		calls++
		answer := httptest.NewRecorder()
		w.api.ServeHTTP(answer, r)
		if calls == 1 {
			return nil, io.ErrUnexpectedEOF
		}
		return answer.Result(), nil
	}), Sleep: func(context.Context, time.Duration) error { return context.DeadlineExceeded }})
	if rows := w.send("issues.opened", "one"); len(rows) != 1 || calls != 2 {
		t.Errorf("%d rows after %d requests", len(rows), calls)
	}
}

func TestATokenThatIsRefusedIsReplaced(t *testing.T) {
	w := newWarehouse(t)
	w.api.Want(hidden + "-1")
	if rows := w.send("issues.opened", "one"); len(rows) != 1 || w.given.Load() != 1 {
		t.Fatalf("%d rows, %d tokens", len(rows), w.given.Load())
	}
	w.now, w.wait = w.now.Add(-40*time.Minute), 5*time.Minute // the token is still good
	w.api.Want(hidden + "-2")                                 // but BigQuery disagrees
	if rows := w.send("issues.closed-completed", "two"); len(rows) != 2 || w.given.Load() != 2 {
		t.Errorf("%d rows, %d tokens", len(rows), w.given.Load())
	}
}

// TestWhatIsNotThereYetIsWaitedFor refuses for half an hour, as BigQuery does
// while a table is being made and rights are being granted.
func TestWhatIsNotThereYetIsWaitedFor(t *testing.T) {
	for name, answer := range map[string]string{
		"no table": `404 {"error":{"code":404,"errors":[{"reason":"notFound"}]}}`,
		"no right": `403 {"error":{"code":403,"errors":[{"reason":"accessDenied"}]}}`,
		"a quota":  `403 {"error":{"code":403,"errors":[{"reason":"quotaExceeded"}]}}`,
		"a row":    `200 {"insertErrors":[{"index":0,"errors":[{"reason":"timeout"}]}]}`,
		"a page":   `200 <html>sign in here</html>`,
	} {
		w := newWarehouse(t)
		until := w.now.Add(30 * time.Minute)
		w.api.Answer = func(rw http.ResponseWriter, _ int) bool {
			if w.now.After(until) {
				return false
			}
			var status int
			_, _ = fmt.Sscan(answer, &status)
			rw.WriteHeader(status)
			_, _ = io.WriteString(rw, answer[4:])
			return true
		}
		if rows := w.send("issues.opened", "one"); len(rows) != 1 || len(w.queue.Dead()) != 0 {
			t.Errorf("%s: %d rows, %d dead\n%s", name, len(rows), len(w.queue.Dead()), w.log.String())
		}
	}
}

func TestAnInvalidRowGoesWithoutItsPayload(t *testing.T) {
	const invalid = `{"insertErrors":[{"index":0,"errors":[{"reason":"invalid","location":"payload","message":"free text"}]}]}`
	w := newWarehouse(t)
	w.api.Answer = func(rw http.ResponseWriter, n int) bool {
		if n == 1 {
			_, _ = io.WriteString(rw, invalid)
		}
		return n == 1
	}
	rows := w.send("issues.opened", "one")
	if len(rows) != 1 || rows[0].Columns["payload"] != nil || rows[0].Columns["payload_cut"] != true {
		t.Errorf("rows are %v", rows)
	}
	w.api.Answer = func(rw http.ResponseWriter, _ int) bool {
		_, _ = io.WriteString(rw, invalid)
		return true
	}
	w.send("issues.closed-completed", "two")
	dead := w.queue.Dead()
	if len(dead) != 1 || !strings.Contains(dead[0].Reason, "invalid (column payload)") || strings.Contains(dead[0].Reason, "free text") {
		t.Errorf("dead are %v", dead)
	}
}
