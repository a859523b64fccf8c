package relaytest

import (
	"fmt"
	"slices"

	"github.com/sigpost/sigpost/pkg/queue"
)

// counts is what broke the promise, and what is told beside it.
type counts struct{ lost, twice, unexcused, disorder, buried int }

// verify holds what happened against the promise and tells it in a line.
func (w *World) verify() string {
	w.T.Helper()
	var c counts
	buried := w.buried()
	c.buried = len(buried)
	stored := w.stored()
	messages := 0
	for _, sink := range sinks {
		messages += len(w.reached[sink])
		w.judge(sink, stored[sink], buried, &c)
	}
	left := w.cloud.Waiting()
	line := fmt.Sprintf("chaos: %s, seed %d: %d events sent, %d accepted; %d messages to %d sinks, %d jobs buried; %d processes killed, faults %v; lost %d, twice %d (unexcused %d), out of order %d, too early %d",
		w.name, *seed, w.sent, len(w.accepted), messages, len(sinks), c.buried, w.kills, w.faults, c.lost, c.twice, c.unexcused, c.disorder, len(w.early))
	if c.lost+c.unexcused+c.disorder+len(w.early)+left > 0 {
		w.T.Errorf("the promise is broken; %d jobs are left; %s", left, line)
	}
	if w.kills == 0 || c.buried == 0 || c.twice == 0 || len(w.faults) < 8 || len(w.accepted) < w.sent/2 {
		w.T.Errorf("nothing much went wrong: this proves nothing: %s", line)
	}
	if w.log.leaked != "" {
		w.T.Errorf("a secret is in the log: %s", w.log.leaked)
	}
	return line
}

// buried is the names of the jobs that were buried.
func (w *World) buried() map[string]bool {
	all := map[string]bool{}
	for _, d := range w.cloud.Dead() {
		job, err := queue.Decode(d.Body)
		if err != nil || d.Reason == "" {
			w.T.Errorf("buried without a reason or a job: %q, %v", d.Reason, err)
			continue
		}
		all[job.Sink+" "+word.FindString(job.Event.Title)] = true
	}
	return all
}

// sample is one event at a sink: its word and its subject.
type sample struct{ word, subject string }

// stored is the events by sink, in the order they were first stored. What is
// sent again after the window is another acceptance, and may come again: nothing
// tells a sender that got no answer from somebody who wants it again.
func (w *World) stored() map[string][]sample {
	all := map[string][]sample{}
	rounds := map[string][]string{}
	for _, body := range w.cloud.Stored() {
		job, err := queue.Decode(body)
		if err != nil {
			w.T.Errorf("stored: %v", err)
			continue
		}
		s := sample{word.FindString(job.Event.Title), job.Event.Source + " " + job.Event.Key}
		if job.Event.Key == "" {
			s.subject = s.word
		}
		name := job.Sink + " " + s.word
		if len(rounds[name]) == 0 {
			all[job.Sink] = append(all[job.Sink], s)
		} else if !slices.Contains(rounds[name], job.Round) {
			w.excused[name]++
		}
		rounds[name] = append(rounds[name], job.Round)
	}
	return all
}

// judge counts what happened at a sink.
func (w *World) judge(sink string, stored []sample, buried map[string]bool, c *counts) {
	first, times := map[string]int{}, map[string]int{}
	for i, word := range w.reached[sink] {
		if times[word]++; times[word] == 1 {
			first[word] = i
		}
	}
	for word, n := range times {
		c.twice += n - 1
		c.unexcused += max(n-1-w.excused[sink+" "+word], 0)
	}
	for _, word := range w.accepted {
		if _, ok := first[word]; !ok && !buried[sink+" "+word] {
			c.lost++
		}
	}
	last := map[string]int{}
	for _, s := range stored {
		at, ok := first[s.word]
		if !ok || buried[sink+" "+s.word] { // it may come again, as another acceptance
			continue
		}
		if at < last[s.subject] {
			c.disorder++
			w.T.Logf("%s: %s came before %s", sink, s.word, w.reached[sink][last[s.subject]])
		}
		last[s.subject] = max(at, last[s.subject])
	}
}
