package relay

import (
	"context"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/sigpost/sigpost/pkg/event"
)

const (
	// subjectMemory is how long it is known how a subject fared last.
	subjectMemory = 30 * 24 * time.Hour
	// recallTimeout is how long a headline may wait for the state store.
	recallTimeout = time.Second
)

// How a subject fared, as the state store keeps it: one of these words and the
// time of the event that said so, in seconds since 1970.
const (
	failing = "failing"
	well    = "well"
)

// recall makes a recovery of an event that resolves a failing subject, and
// remembers an event that says that one fails. It reports recoveries.
//
// A failure is remembered before it is delivered, since the subject fails
// whether or not the message gets through. That it is well again is remembered
// after (see recovered), so that a redelivery still says so. Trouble with the
// state store costs the word and never the message.
func (r *Relay) recall(ctx context.Context, e *event.Event) bool {
	fails := e.State == event.StateOpen && e.Severity == event.Error
	resolves := e.State == event.StateResolved && e.Recovery != ""
	if e.Key == "" || !fails && !resolves {
		return false
	}
	word, since := r.lastKnown(ctx, e)
	at := e.Time.Unix()
	switch {
	case at < since: // came late: something newer is known
	case fails:
		r.remember(ctx, e, failing)
	case word == failing:
		e.Title, e.Quiet = e.Recovery, false
		return true
	}
	return false
}

// recovered remembers that the subjects of these events are well. A failure
// that comes late, or again, doesn't reopen them.
func (r *Relay) recovered(ctx context.Context, events []*event.Event) {
	for _, e := range events {
		r.remember(ctx, e, well)
	}
}

func subjectKey(e *event.Event) string { return "subject\n" + e.Source + "\n" + e.Key }

// lastKnown is how e's subject fared last, and since when; "" and 0 if that is
// not known.
func (r *Relay) lastKnown(ctx context.Context, e *event.Event) (word string, since int64) {
	ctx, cancel := context.WithTimeout(ctx, recallTimeout)
	defer cancel()
	v, err := r.opt.State.Get(ctx, subjectKey(e))
	if err != nil {
		r.warn(ctx, e, err)
		return "", 0
	}
	word, digits, _ := strings.Cut(v, " ")
	if since, err = strconv.ParseInt(digits, 10, 64); err != nil {
		return "", 0
	}
	return word, since
}

func (r *Relay) remember(ctx context.Context, e *event.Event, word string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recallTimeout)
	defer cancel()
	v := word + " " + strconv.FormatInt(e.Time.Unix(), 10)
	if err := r.opt.State.Put(ctx, subjectKey(e), v, subjectMemory); err != nil {
		r.warn(ctx, e, err)
	}
}

func (r *Relay) warn(ctx context.Context, e *event.Event, err error) {
	r.opt.Log.LogAttrs(ctx, slog.LevelWarn, "a recovery may not be named as one",
		slog.String("event", e.ID), slog.String("source", e.Source), slog.String("error", err.Error()))
}
