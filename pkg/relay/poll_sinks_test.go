package relay

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sigpost/sigpost/pkg/secret"
)

func TestPollRepeatsOnlyWhatFailedAndKeepsSubjectsInOrder(t *testing.T) {
	w := newWatch(t)
	refuse := map[string]bool{}
	w.refer = func(sink, id string) int {
		if sink == "archive" && refuse[id] {
			return http.StatusServiceUnavailable
		}
		return http.StatusOK
	}
	first := w.change("a")
	second := w.change("b")
	third := w.change("a")
	refuse[first] = true
	w.want("one fails", Polled{New: 3, Delivered: 1, Pending: 2})
	for range 300 { // longer than a redelivered request is remembered
		w.pass(time.Minute)
		w.want("still", Polled{New: 2, Pending: 2})
	}
	delete(refuse, first)
	w.pass(time.Minute)
	w.want("mended", Polled{New: 2, Delivered: 2})
	ids := func(sink string) (got []string) {
		for _, line := range w.at(sink) {
			got = append(got, strings.Fields(line)[0])
		}
		return got
	}
	if got := ids("ops"); !slices.Equal(got, []string{first, second, third}) {
		t.Errorf("ops got %q", got)
	}
	if got := ids("archive"); !slices.Equal(got, []string{second, first, third}) {
		t.Errorf("archive got %q", got)
	}
}

func TestPollGivesUpAfterADayAndDropsWhatIsRefused(t *testing.T) {
	w := newWatch(t)
	bad := ""
	status := http.StatusInternalServerError
	w.refer = func(sink, id string) int {
		if sink == "archive" && id == bad {
			return status
		}
		return http.StatusOK
	}
	bad = w.change("a")
	w.change("a")
	w.want("fails", Polled{New: 2, Pending: 2})
	w.pass(23 * time.Hour)
	w.want("fails", Polled{New: 2, Pending: 2})
	w.pass(time.Hour)
	w.want("given up", Polled{New: 2, Delivered: 1, Dropped: 1})
	if !strings.Contains(w.logged(), `"given_up_for":"archive"`) || !strings.Contains(w.logged(), bad) {
		t.Errorf("the log does not name it: %s", w.logged())
	}
	status = http.StatusGone
	bad = w.change("b")
	w.want("refused", Polled{New: 1, Dropped: 1})
	if !strings.Contains(w.logged(), `"refused_by":"archive"`) {
		t.Errorf("the log does not name it: %s", w.logged())
	}
	w.pass(time.Minute)
	w.want("not again", Polled{})
	if n := len(w.at("ops")); n != 3 {
		t.Errorf("ops got %d", n)
	}
}

func TestPollLeavesADeadSinkAlone(t *testing.T) {
	w := newWatch(t)
	tried := 0
	w.refer = func(sink, _ string) int {
		if sink == "archive" {
			tried++
			return http.StatusBadGateway
		}
		return http.StatusOK
	}
	for i := range 20 {
		w.change(fmt.Sprint("p", i))
	}
	w.want("dead", Polled{New: 20, Pending: 20})
	if tried != tiredAfter || len(w.at("ops")) != 20 {
		t.Errorf("tried %d times, the other got %d", tried, len(w.at("ops")))
	}
}

func TestPollWithoutItsStateOrItsSecret(t *testing.T) {
	w := newWatch(t)
	w.change("a")
	down := func(string, string) bool { return true }
	w.store.fail.Store(&down)
	if p, err := w.poll(); !errors.Is(err, errFaulty) || p != (Polled{}) {
		t.Errorf("%+v, %v", p, err)
	}
	progress := func(op, key string) bool { return op == "put" && strings.HasPrefix(key, "progress") }
	w.store.fail.Store(&progress)
	if p, err := w.poll(); !errors.Is(err, errFaulty) || p.Delivered != 1 {
		t.Errorf("%+v, %v", p, err)
	}
	w.store.fail.Store(nil)
	w.want("again", Polled{})
	if err := w.store.Put(t.Context(), "progress\nchanges", "yesterday", time.Hour); err != nil {
		t.Fatal(err)
	}
	w.want("unreadable progress", Polled{})
	delete(w.vars, "SIGPOST_SECRET_KEY")
	w.restart()
	if _, err := w.poll(); !errors.Is(err, secret.ErrNotFound) || !strings.Contains(err.Error(), "SIGPOST_SECRET_KEY") {
		t.Error(err)
	}
}

func TestPollStopsCleanly(t *testing.T) {
	w := newWatch(t)
	ctx, cancel := context.WithCancel(t.Context())
	w.refer = func(string, string) int { cancel(); return http.StatusOK }
	w.change("a")
	w.change("b")
	p, err := w.relay.PollSource(ctx, "changes")
	if err == nil || p.Delivered != 1 || p.Pending != 1 {
		t.Errorf("%+v, %v", p, err)
	}
	w.refer = nil
	w.restart()
	w.want("the rest", Polled{New: 1, Delivered: 1})
	if n := len(w.at("ops")); n != 2 {
		t.Errorf("ops got %d", n)
	}
}
