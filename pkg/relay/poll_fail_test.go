package relay

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sigpost/sigpost/pkg/config"
	"github.com/sigpost/sigpost/pkg/secret"
	"github.com/sigpost/sigpost/pkg/secret/secrettest"
)

// answer makes the log answer with a status, and counts how often it is asked.
func answering(status int, header ...string) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, _ *http.Request) bool {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		return true
	}
}

func TestPollLeavesAFailingSourceAlone(t *testing.T) {
	w := newWatch(t)
	w.want("first", Polled{})
	w.truth.Intercept = answering(http.StatusBadGateway)
	w.change("a")
	before := w.truth.Asked()
	failed := 0
	for range 60 {
		w.pass(time.Minute)
		if _, err := w.poll(); err != nil {
			failed++
			if !strings.Contains(err.Error(), "changes") || !strings.Contains(err.Error(), "502") {
				t.Fatal(err)
			}
		}
	}
	if n := w.truth.Asked() - before; n != failed || n < 5 || n > 9 {
		t.Errorf("asked %d times in an hour, with %d errors", n, failed)
	}
	w.truth.Intercept = nil
	w.pass(15 * time.Minute)
	w.want("up again", Polled{New: 1, Delivered: 1})
	w.pass(time.Minute)
	w.want("the pause is over", Polled{})
}

func TestPollObeysRetryAfterAcrossProcesses(t *testing.T) {
	w := newWatch(t)
	w.truth.Intercept = answering(http.StatusTooManyRequests, "Retry-After", "3600")
	w.change("a")
	if _, err := w.poll(); err == nil || !strings.Contains(err.Error(), "429") {
		t.Fatal(err)
	}
	w.truth.Intercept = nil
	w.restart()
	w.pass(59 * time.Minute)
	if p, err := w.poll(); err != nil || p.Waiting != time.Minute {
		t.Errorf("%+v, %v", p, err)
	}
	if n := w.truth.Asked(); n != 1 {
		t.Errorf("asked %d times", n)
	}
	w.pass(time.Minute)
	w.want("after", Polled{New: 1, Delivered: 1})
}

func TestPollSaysWhatToDoAboutARefusedKeyAndNotTooOften(t *testing.T) {
	for _, status := range []int{401, 403} {
		w := newWatch(t)
		w.truth.Intercept = answering(status)
		said, last := 0, time.Time{}
		for range 60 {
			if err := w.relay.Poll(t.Context()); err != nil {
				said++
				if w.clock().Sub(last) < refusedPause {
					t.Errorf("said again after %v", w.clock().Sub(last))
				}
				last = w.clock()
				for _, want := range []string{"source changes: ", "CloudTruth refused the key", fmt.Sprint(status), "secret://key", "https://app.cloudtruth.io/organization/api"} {
					if !strings.Contains(err.Error(), want) {
						t.Fatalf("%v does not say %s", err, want)
					}
				}
			}
			w.pass(time.Minute)
		}
		if said < 3 || said > 7 {
			t.Errorf("said %d times in an hour", said)
		}
	}
}

func TestPollFindsARotatedKey(t *testing.T) {
	w := newWatch(t)
	manager := &secrettest.Memory{Now: w.clock}
	manager.Put("key", "an-old-key")
	cache := secret.NewCache(manager, nil, secret.CacheConfig{Now: w.clock})
	c, err := config.Parse("test.yaml", []byte(`
sources: { changes: { type: cloudtruth, api_key: secret://key, url: "`+w.base+`" } }
sinks: { ops: { type: generic, url: "`+w.vars["SIGPOST_SECRET_OPS"]+`" } }
routes: [ { to: [ops] } ]
`), cache)
	if err != nil {
		t.Fatal(err)
	}
	if w.relay, err = New(c, Options{Now: w.clock, State: w.store}); err != nil {
		t.Fatal(err)
	}
	w.truth.Key = "an-old-key"
	w.want("old key", Polled{})
	w.pass(time.Minute)
	w.truth.Key = "a-new-key"
	manager.Put("key", "a-new-key")
	w.change("a")
	w.want("new key", Polled{New: 1, Delivered: 1})
}

func TestPollWithHostileAnswers(t *testing.T) {
	body := func(text string) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, _ *http.Request) bool { _, _ = io.WriteString(w, text); return true }
	}
	n := 0
	for name, answer := range map[string]func(http.ResponseWriter, *http.Request) bool{
		"garbage":    body("<html>" + hidden + "</html>"),
		"nulls":      body(`{"count":null,"next":null,"results":null}`),
		"redirect":   answering(http.StatusFound, "Location", "https://evil.example.com/"+hidden),
		"other host": body(`{"next":"https://evil.example.com/?page=2","results":[]}`),
		"one page":   body(`{"next":"x","results":[{"id":"1","action":"push","object_type":"Push"}]}`),
		"not found":  answering(http.StatusNotFound),
		"no content": answering(http.StatusNoContent),
		"much":       body(`{"results":[],"x":"` + strings.Repeat("x", 3<<20) + `"}`),
		"unreadable": body(`{"next":"x","results":[null,1,{}]}`),
		"endless log": func(w http.ResponseWriter, _ *http.Request) bool {
			n++
			_, _ = fmt.Fprintf(w, `{"next":"x","results":[{"id":"n%d","action":"push","object_type":"Push","timestamp":"2026-03-02T09:29:30Z"}]}`, n)
			return true
		},
		"endless body": func(w http.ResponseWriter, _ *http.Request) bool {
			for {
				if _, err := io.WriteString(w, strings.Repeat(`{"results":[`, 1000)); err != nil {
					return true
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWatch(t)
			w.truth.Intercept = answer
			if p, err := w.poll(); (err == nil) != (name == "endless log") || p != (Polled{}) {
				t.Fatalf("%+v, %v", p, err)
			}
			most := 2 // a page that repeats is seen at once
			if strings.HasPrefix(name, "endless log") {
				most = maxPages
			}
			if n := w.truth.Asked(); n > most {
				t.Errorf("asked %d times", n)
			}
			w.truth.Intercept = nil
			w.change("a")
			w.pass(5 * time.Minute)
			w.want("itself again", Polled{New: 1, Delivered: 1})
		})
	}
}

func TestPollTakesALogThatIsUnorderedUnfilteredOrFromTheFuture(t *testing.T) {
	w := newWatch(t)
	for i := range 500 {
		w.truth.Add(w.clock().Add(-time.Duration(i+2)*time.Minute), "update", "Value", fmt.Sprint(i), "old:Production")
	}
	w.truth.Unordered, w.truth.Unfiltered, w.truth.MaxPageSize = true, true, 10
	var want []string
	for range 35 {
		w.pass(time.Second)
		want = append(want, w.change("x"))
	}
	w.truth.Add(w.clock().Add(5000*time.Hour), "update", "Value", "f", "future:Production")
	w.want("first", Polled{New: 36, Delivered: 36})
	if n := w.truth.Asked(); n > 6 {
		t.Errorf("asked for %d pages, though the newest entries come first", n)
	}
	w.pass(time.Hour)
	w.change("later")
	w.want("not blinded by the future", Polled{New: 1, Delivered: 1})
	if got := w.at("ops"); len(got) != 37 || !strings.HasPrefix(got[0], want[0]) || !strings.HasPrefix(got[34], want[34]) {
		t.Errorf("got %q", got)
	}
}

func TestPollGoesOnWhereALargeBacklogWasCutShort(t *testing.T) {
	w := newWatch(t)
	w.want("first", Polled{})
	w.truth.MaxPageSize = 1
	for i := range 250 {
		w.pass(time.Minute)
		w.change(fmt.Sprint("p", i))
	}
	total := 0
	for range 4 {
		p, err := w.poll()
		if err != nil || p.Delivered > maxPages {
			t.Fatalf("%+v, %v", p, err)
		}
		total += p.Delivered
		w.pass(time.Minute)
	}
	if got := w.at("ops"); total != 250 || len(got) != 250 || !strings.HasSuffix(got[249], " p249 updated in Production") {
		t.Errorf("%d delivered, %d received", total, len(got))
	}
}

func TestPollKeepsWhatItReadBeforeAPageFailed(t *testing.T) {
	w := newWatch(t)
	w.truth.MaxPageSize = 2
	for i := range 4 {
		w.pass(time.Second)
		w.change(fmt.Sprint("p", i))
	}
	w.truth.Intercept = func(out http.ResponseWriter, r *http.Request) bool {
		return r.URL.Query().Get("page") == "2" && answering(http.StatusServiceUnavailable)(out, r)
	}
	if p, err := w.poll(); err == nil || p != (Polled{New: 2, Delivered: 2}) {
		t.Errorf("%+v, %v", p, err)
	}
	w.truth.Intercept = nil
	w.pass(time.Minute)
	w.want("the rest", Polled{New: 2, Delivered: 2})
}
