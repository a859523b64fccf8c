package queue

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/sigpost/sigpost/pkg/event"
)

// version is that of the Job's encoding. Workers read it and those before.
// Version 2 added the channel; a job without one is still a version 1, so that
// workers that are not updated yet take it.
const version = 2

// Job is one event on its way to one sink.
type Job struct {
	// Sink is the configured name of the sink.
	Sink string
	// Channel is where at the sink, if its route chose that.
	Channel string
	// Event is what to render. Its Raw may have been cut to fit the queue.
	Event event.Event
	// RawBytes is how long the verified body was, which Event.Raw is the
	// beginning of. Item sets it where Event.Raw is longer.
	RawBytes int
	// Accepted is when the sender was told that it was taken.
	Accepted time.Time
	// Round tells apart the times that a sender's event was accepted: one that
	// it sends again later, on purpose, is another job. It may be empty.
	Round string
	// Resent counts how often it was brought back from the dead-letter queue.
	// Such a job is posted even if it was delivered before.
	Resent int
}

// wireJob is an encoded Job.
type wireJob struct {
	Version  int         `json:"version"`
	Sink     string      `json:"sink"`
	Channel  string      `json:"channel,omitempty"`
	Event    event.Event `json:"event"`
	RawBytes int         `json:"raw_bytes,omitempty"`
	Accepted time.Time   `json:"accepted"`
	Round    string      `json:"round,omitempty"`
	Resent   int         `json:"resent,omitempty"`
}

// maxKeyBytes is how long a subject's name may be; a longer one goes by its hash.
const maxKeyBytes = 1 << 10

// Errors of Decode. A job of a newer version may be taken by a newer worker.
var (
	ErrNewer   = errors.New("the job was written by a newer version of sigpost")
	ErrNotAJob = errors.New("the message is not a job of sigpost")
)

// Item encodes j in at most limit bytes. The raw body is shortened to what
// fits, then the event's longest texts and lists; what a reader decides by stays.
// The error means that not even that fits.
func (j Job) Item(limit int) (Item, error) {
	w := wireJob{version, j.Sink, j.Channel, j.Event, max(j.RawBytes, len(j.Event.Raw)), j.Accepted, j.Round, j.Resent}
	if j.Channel == "" {
		w.Version = 1
	}
	if len(w.Event.Key) > maxKeyBytes {
		w.Event.Key = digest("key", w.Event.Key)
	}
	w.Event.Severity = known(w.Event.Severity)
	if g := w.Event.Gauge; g != nil {
		gauge := *g
		gauge.Severity = known(g.Severity)
		w.Event.Gauge = &gauge
	}
	if y := w.Event.Time.Year(); y < 0 || y > 9999 { // JSON has no such years
		w.Event.Time = j.Accepted
	}
	body, err := fit(&w, limit)
	if err != nil {
		return Item{}, err
	}
	return Item{ID: j.ID(), Group: j.Group(), Body: body}, nil
}

// known is s if it is one of the severities, else Info, which it is drawn as.
func known(s event.Severity) event.Severity {
	if slices.Contains(event.Severities, s) {
		return s
	}
	return event.Info
}

// ID names the job: the same event for the same sink is the same job, unless it
// was resent.
func (j Job) ID() string {
	return digest("job", j.Event.Source, j.Event.ID, j.place(), j.Round, fmt.Sprint(j.Resent))
}

// Group is the sink and the subject, so that a subject's messages stay in order
// and no subject waits for another's trouble. An event without a subject is its
// own.
func (j Job) Group() string {
	if j.Event.Key == "" {
		return digest("event", j.place(), j.Event.Source, j.Event.ID)
	}
	return digest("subject", j.place(), j.Event.Source, j.Event.Key)
}

// place is the sink, and the channel if there is one.
func (j Job) place() string {
	if j.Channel == "" {
		return j.Sink
	}
	return j.Sink + "\n" + j.Channel
}

// Decode reads an encoded Job. Its error wraps ErrNewer or ErrNotAJob.
func Decode(body []byte) (Job, error) {
	var w wireJob
	err := json.Unmarshal(body, &w)
	if err != nil { // what a newer version means by its fields can't be known
		var head struct {
			Version int `json:"version"`
		}
		if json.Unmarshal(body, &head) != nil {
			return Job{}, ErrNotAJob
		}
		w.Version = head.Version
	}
	if w.Version > version {
		return Job{}, fmt.Errorf("%w: version %d, and this one reads up to %d", ErrNewer, w.Version, version)
	}
	if err != nil || w.Version < 1 || w.Sink == "" || w.Event.ID == "" || w.Event.Source == "" {
		return Job{}, ErrNotAJob
	}
	return Job{Sink: w.Sink, Channel: w.Channel, Event: w.Event, RawBytes: w.RawBytes, Accepted: w.Accepted, Round: w.Round, Resent: w.Resent}, nil
}

// sizes are how long texts (in bytes) and lists may be, tried one after the
// other on an event that is too large without its raw body.
var sizes = []struct{ text, list int }{{64 << 10, 1000}, {16 << 10, 200}, {4 << 10, 50}, {1 << 10, 20}, {256, 10}}

var errTooLarge = errors.New("the event is too large for the queue however much it is shortened")

func fit(w *wireJob, limit int) ([]byte, error) {
	raw := w.Event.Raw
	w.Event.Raw = nil
	var body []byte
	var err error
	for i := 0; ; i++ {
		// What is too large as it is need not be encoded to see that.
		if weight(&w.Event) <= limit {
			if body, err = json.Marshal(w); err != nil || len(body) <= limit {
				break
			}
		}
		if i == len(sizes) {
			return nil, errTooLarge
		}
		shorten(&w.Event, sizes[i].text, sizes[i].list)
	}
	if err != nil {
		return nil, fmt.Errorf("encode job: %w", err)
	}
	// Base64 makes four bytes of three; the key and quotes take what is left.
	const around = len(`,"raw":""`) + 4
	if room := (limit - len(body) - around) / 4 * 3; room < len(raw) {
		raw = raw[:max(room, 0)]
	}
	if w.Event.Raw = raw; len(raw) == 0 {
		return body, nil
	}
	return json.Marshal(w)
}

// weight is how many bytes the texts of e have that can be many: encoded they
// are no fewer.
func weight(e *event.Event) int {
	n := len(e.Title) + len(e.Recovery) + len(e.URL) + len(e.Text.Body) + len(e.Place.Name) + len(e.Actor.Name)
	fields := e.Fields
	if o := e.Original; o != nil {
		n += len(o.Title) + len(o.Text)
		fields = append(slices.Clip(fields), o.Fields...)
	}
	for _, f := range fields {
		n += len(f.Name) + len(f.Value) + len(f.URL)
	}
	for _, l := range e.Lists {
		for _, it := range l.Items {
			n += len(it.Label) + len(it.URL) + len(it.Text) + len(it.Detail) + len(it.Note)
		}
	}
	return n
}

// shorten cuts every text of e to at most text bytes and every list to at most
// list entries.
func shorten(e *event.Event, text, list int) {
	for _, s := range []*string{
		&e.Title, &e.Recovery, &e.Action, &e.Place.Name, &e.Actor.Name, &e.Text.Body, &e.Kind, &e.Product, &e.Type,
	} {
		*s = cut(*s, text)
	}
	// A URL that is cut leads elsewhere.
	for _, s := range []*string{&e.URL, &e.Place.URL, &e.Actor.URL} {
		*s = drop(*s, text)
	}
	e.Fields = shortenFields(e.Fields, text, list)
	if o := e.Original; o != nil {
		e.Original = &event.Original{Title: cut(o.Title, text), Text: cut(o.Text, text), Fields: shortenFields(o.Fields, text, list)}
	}
	if e.Gauge != nil {
		g := *e.Gauge
		g.Label = cut(g.Label, text)
		e.Gauge = &g
	}
	lists := make([]event.List, 0, min(len(e.Lists), list))
	for _, l := range e.Lists[:min(len(e.Lists), list)] {
		l.Name = cut(l.Name, text)
		l.Omitted += max(len(l.Items)-list, 0)
		items := make([]event.Item, 0, min(len(l.Items), list))
		for _, it := range l.Items[:min(len(l.Items), list)] {
			it.Label, it.Text, it.Detail, it.Note = cut(it.Label, text), cut(it.Text, text), cut(it.Detail, text), cut(it.Note, text)
			it.URL = drop(it.URL, text)
			items = append(items, it)
		}
		l.Items = items
		lists = append(lists, l)
	}
	e.Lists = lists
}

func shortenFields(fields []event.Field, text, list int) []event.Field {
	out := make([]event.Field, 0, min(len(fields), list))
	for _, f := range fields[:min(len(fields), list)] {
		f.Name, f.Value, f.URL = cut(f.Name, text), cut(f.Value, text), drop(f.URL, text)
		out = append(out, f)
	}
	return out
}

// cut is the longest beginning of s of at most n bytes that ends at a whole
// character, with an ellipsis if something is gone. Sinks cut again, with more
// care, to what their receivers take.
func cut(s string, n int) string {
	const ellipsis = "…"
	if len(s) <= n {
		return s
	}
	n -= len(ellipsis)
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + ellipsis
}

func drop(s string, n int) string {
	if len(s) > n {
		return ""
	}
	return s
}
