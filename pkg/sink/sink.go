// Package sink is what every receiver's package builds on: the Sink interface,
// the Message it makes, truncation and the few texts that all share. It knows
// no receiver and sends nothing.
package sink

import (
	"context"

	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/secret"
)

// Message is what is posted to a receiver: a body of the given content type.
type Message struct {
	ContentType string
	Body        []byte
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
}

// Error is the code.
func (e *AnswerError) Error() string { return "receiver answered " + e.Code }

// Temporary tells whether the same message may be accepted later.
func (e *AnswerError) Temporary() bool { return e.Class == Retry }

// Reducible tells whether a smaller message may be accepted.
func (e *AnswerError) Reducible() bool { return e.Class == Reduce }
