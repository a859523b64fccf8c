// Package sink is what every receiver's package builds on: the Sink interface,
// the Message it makes, truncation and the few texts that all share. It knows
// no receiver and sends nothing.
package sink

import (
	"context"
	"time"

	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/secret"
)

// Message is what is posted to a receiver: a body of the given content type.
type Message struct {
	ContentType string
	Body        []byte
	// Kind is the Sink's own word for what sort of message it is, for its own
	// Seal: a change event beside alerts, an update beside posts. May be empty.
	Kind string
}

// Endpoint is where a message goes. The URL of a chat webhook is its secret.
type Endpoint struct {
	URL    secret.Value
	Header map[string]secret.Value
}

// Sink draws events for one receiver and knows where that receiver listens.
type Sink interface {
	// Render draws e. It is pure (the same event gives the same bytes), does
	// not change e, and makes a message that the receiver accepts from any
	// event, however hostile: escaped and within the receiver's limits.
	Render(e *event.Event) Message
	// Endpoint resolves the secrets of the address.
	Endpoint(ctx context.Context) (Endpoint, error)
}

// Judge is a Sink whose receiver says more in its answer than the status does.
// Judge returns nil where the status is right about the answer, and an
// *AnswerError where it is not.
type Judge interface {
	Judge(status int, body []byte) error
}

// Reducer is a Sink that can make a smaller message of an event: without
// images and with less text, for a receiver that refused the full one.
type Reducer interface {
	RenderReduced(e *event.Event) Message
}

// Posting is one request: a message, and where it goes.
type Posting struct {
	Message
	Endpoint
}

// Sealer is a Sink whose request is more than Render's message posted to
// Endpoint's address: a key in the body, a signature over it, an address or a
// content type of several. Seal is called anew for each delivery, with m as one
// of the Sink's own methods drew it for e, and its result is not logged and not
// shown: what it adds may be secret. Its error carries no secret, and is an
// *UnsendableError if no later try can help.
type Sealer interface {
	Seal(ctx context.Context, e *event.Event, m Message, now time.Time) (Posting, error)
}

// Renewer is a Sealer that keeps credentials which it was given for its secrets,
// such as an access token. Renewable tells, after the receiver refused them,
// whether the next Seal gets others.
type Renewer interface {
	Renewable(now time.Time) bool
}

// UnsendableError says that a message can't be sent, now or later.
type UnsendableError struct{ Reason string }

// Error is the reason.
func (e *UnsendableError) Error() string { return e.Reason }

// Converser is a Sink that remembers what it posted of a subject (an event's
// Key): to answer in a thread, to change the first message, or to keep what
// comes late from undoing what is newer. What it remembers is an opaque text of
// at most MaxMemory bytes, which the relay keeps for each sink, channel and
// subject, and which is "" for a subject that it knows nothing of and for events
// without a Key.
//
// A delivery asks for one step after the other until there is none. What Note
// says is kept before the next step is asked for, so that a delivery that broke
// off, and is tried again with the same event, goes on where it was: steps that
// were done are not asked for again. The same event has the same ID and Round.
type Converser interface {
	// Next is the next request of e's delivery, nil if nothing is left to do.
	// It is pure.
	Next(e *event.Event, memory string) *Step
	// Note is what to remember now that the receiver has answered a step: with
	// answer, the body of an accepted one, or with the refusal as an error.
	// Whether a refusal ends the delivery is Note's to say: a nil error lets it
	// go on with the next step.
	Note(e *event.Event, memory string, s *Step, answer []byte, refusal error) (string, error)
}

// Step is one request of a Converser. Message.Kind tells steps apart.
type Step struct {
	Message Message
}

// StepReducer is a Converser that can make a step smaller, as a Reducer does with
// a whole message. Of such a sink RenderReduced is not asked.
type StepReducer interface {
	// ReduceStep is a smaller message in place of m, a step for e: it does the
	// same. Its Body is nil if there is no smaller one.
	ReduceStep(e *event.Event, m Message) Message
}

// MaxMemory is how much a Converser may remember of a subject, in bytes.
const MaxMemory = 4 << 10

// Channeler is a Sink that can post to more than one channel.
type Channeler interface {
	// Channel is the same Sink for another channel. Its error is a problem
	// without a key: what is wrong with the name.
	Channel(name string) (Sink, error)
}

// Class says what a receiver's answer means for the message.
type Class int

// The classes of AnswerError.
const (
	Refused Class = iota // final: the same message will be refused again
	Retry                // not now: try the same message later
	Reduce               // try a smaller message once (see Reducer)
)

// AnswerError is a receiver's answer that isn't what its status says.
type AnswerError struct {
	Class Class
	// Code is the receiver's documented word ("invalid_blocks"), never free text.
	Code string
	// Denied says that the receiver refused the credentials, which may have been
	// changed meanwhile.
	Denied bool
	// After is how long the receiver wants to be left alone, of a Retry whose
	// answer says so elsewhere than in its Retry-After header. May be 0.
	After time.Duration
}

// Error is the code.
func (e *AnswerError) Error() string { return "receiver answered " + e.Code }

// Unauthorized is Denied.
func (e *AnswerError) Unauthorized() bool { return e.Denied }

// RetryAfter is After.
func (e *AnswerError) RetryAfter() time.Duration { return e.After }

// Temporary tells whether the same message may be accepted later.
func (e *AnswerError) Temporary() bool { return e.Class == Retry }

// Reducible tells whether a smaller message may be accepted.
func (e *AnswerError) Reducible() bool { return e.Class == Reduce }
