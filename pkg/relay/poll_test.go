package relay

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestPollDeliversEachEntryOnce(t *testing.T) {
	w := newWatch(t)
	w.truth.MaxPageSize = 3
	w.truth.Add(w.now.Add(-time.Hour), "update", "Value", "old", "old:Production")
	w.pass(30 * time.Second)
	var ids []string
	for i := range 8 {
		w.pass(time.Second)
		ids = append(ids, w.change(fmt.Sprint("p", i)))
		w.truth.Add(w.clock(), "push", "Push", "x", "nightly")
	}
	w.want("first", Polled{New: 8, Delivered: 8})
	for range 20 {
		w.want("nothing new", Polled{})
		w.pass(time.Minute)
	}
	w.restart()
	w.want("a new process", Polled{})
	late := w.truth.Add(w.clock().Add(-9*time.Minute), "create", "Project", "p", "billing")
	w.want("late", Polled{New: 1, Delivered: 1})
	ids = append(ids, late)
	for _, sink := range []string{"ops", "archive"} {
		var got []string
		for _, line := range w.at(sink) {
			id, _, _ := strings.Cut(line, " ")
			got = append(got, id)
		}
		if !slices.Equal(got, ids) {
			t.Errorf("%s got %q, want %q", sink, got, ids)
		}
	}
	if got := w.at("ops")[0]; !strings.HasSuffix(got, " p0 updated in Production") {
		t.Errorf("got %q", got)
	}
}

func TestPollWithClocksApart(t *testing.T) {
	for _, skew := range []time.Duration{3 * time.Hour, -3 * time.Hour} {
		w := newWatch(t)
		w.truth.Now = func() time.Time { return w.clock().Add(skew) }
		add := func() { w.truth.Add(w.clock().Add(skew), "update", "Value", "x", "x:Production") }
		add()
		w.want("first", Polled{New: 1, Delivered: 1})
		for range 30 {
			w.pass(time.Minute)
			add()
			w.want("next", Polled{New: 1, Delivered: 1})
		}
	}
}

func TestPollIsNotARequest(t *testing.T) {
	w := newWatch(t)
	for _, method := range []string{http.MethodPost, http.MethodGet} {
		answers := []string{}
		for _, path := range []string{"/changes", "/nothing", "/changes/token"} {
			rec := httptest.NewRecorder()
			w.relay.ServeHTTP(rec, httptest.NewRequest(method, path, strings.NewReader("{}")))
			answers = append(answers, fmt.Sprint(rec.Code, rec.Body))
		}
		if answers[0] != answers[1] || answers[0] != answers[2] || !strings.HasPrefix(answers[0], "404 {") {
			t.Errorf("%s: %q", method, answers)
		}
	}
	if _, err := w.relay.PollSource(t.Context(), "nothing"); err == nil {
		t.Error("an unknown source is polled")
	}
}

func TestPollsOfOneSourceDoNotOverlap(t *testing.T) {
	w := newWatch(t)
	entered, leave := make(chan struct{}), make(chan struct{})
	var first sync.Once
	w.truth.Intercept = func(http.ResponseWriter, *http.Request) bool {
		first.Do(func() { close(entered); <-leave })
		return false
	}
	w.change("a")
	done := make(chan error)
	go func() { done <- w.relay.Poll(t.Context()) }()
	<-entered
	w.want("second", Polled{Busy: true})
	close(leave)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	w.want("after", Polled{})
	if got := w.at("ops"); len(got) != 1 {
		t.Errorf("got %q", got)
	}
}
