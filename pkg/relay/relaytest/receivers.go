package relaytest

import (
	"context"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// word names an event in every message of it.
var word = regexp.MustCompile(`n\d{6}n`)

// receivers is all receivers, as one process sees them. A sink is its URL's
// first path element.
type receivers struct{ *Process }

// RoundTrip implements http.RoundTripper.
func (r receivers) RoundTrip(req *http.Request) (resp *http.Response, err error) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	sink, w := strings.Split(req.URL.Path, "/")[1], word.FindString(string(body))
	j := jobOf(req.Context())
	if w == "" || j == nil {
		r.T.Errorf("a message to %s is of no event or no job: %s", sink, body)
		return nil, errReset
	}
	j.name = sink + " " + w
	err = r.Effect(func() (err error) { resp, err = r.take(req, j, sink, w); return err }) //nolint:bodyclose // by whoever gets it
	if err != nil {
		return nil, err
	}
	return resp, nil
}

// maxWait is the longest Retry-After, in seconds: shorter than the time after
// which a cloud hands out again what a killed process had.
const maxWait = 120

// take takes a message, or not.
func (r receivers) take(req *http.Request, j *job, sink, word string) (*http.Response, error) {
	chance, wait := r.roll(100), 1+r.roll(maxWait)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.now.Before(r.notBefore[j.name]) || r.now.Before(r.seen[sink]) {
		r.early = append(r.early, j.name)
	}
	if r.outage.sink == sink && r.now.Before(r.outage.until) {
		chance = 0
	}
	status, header := http.StatusOK, http.Header{}
	switch {
	case chance < 12:
		r.faults["status 500"]++
		status = http.StatusInternalServerError
	case chance < 15:
		r.faults["status 429"]++
		status, j.pause = http.StatusTooManyRequests, sink
	case chance < 17:
		r.faults["status 503"]++
		status = http.StatusServiceUnavailable
	case chance < 22:
		r.faults["timeout"]++
		return nil, context.DeadlineExceeded
	case chance < 24:
		r.faults["refused"]++
		status = http.StatusBadRequest
	case chance < 27:
		r.faults["taken, then reset"]++
		r.reached[sink] = append(r.reached[sink], word)
		r.excused[j.name]++
		return nil, errReset
	default:
		r.reached[sink] = append(r.reached[sink], word)
		j.posted = true
	}
	if chance >= 12 && chance < 17 {
		header.Set("Retry-After", strconv.Itoa(wait))
		j.retry = r.now.Add(time.Duration(wait) * time.Second)
	}
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader("ok")), Request: req}, nil
}
