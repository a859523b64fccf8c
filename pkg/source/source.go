// Package source is what every sender's package builds on: the Source
// interface, signatures and tokens, lenient times, and tolerant decoding. It
// knows no sender; each has a package of its own below this one.
package source

import (
	"context"
	"net/http"
	"time"

	"github.com/sigpost/sigpost/pkg/event"
)

// Request is one POST of a sender, read whole.
type Request struct {
	Header http.Header
	// Body is the raw bytes as they came, the ones that signatures cover.
	Body []byte
	// Token is the second element of the path, for senders that can't sign.
	Token string
	// Received is when the request came in.
	Received time.Time
}

// Source turns the requests of one sender into events. The relay calls Verify
// first, always, and Parse only after it returned nil.
type Source interface {
	// Verify proves that the request comes from someone who knows a secret. It
	// reads nothing of the body but its bytes. Its error is a *Refusal, or
	// any other error if no secret could be had (the sender should try again).
	Verify(ctx context.Context, r *Request) error
	// Parse reads a verified request. Its error is a *Refusal.
	Parse(r *Request) (Parsed, error)
}

// Parsed is what a request turned out to be: a ping, or some events. Events
// have no Source, Kind, Product and Raw yet, and an ID or Time only if the
// sender gave one: the relay fills these.
type Parsed struct {
	Ping   bool
	Events []event.Event
}

// Replayer is a Source whose signature covers the time, so that the same
// signature seen again while it is fresh is a replay and not a redelivery.
type Replayer interface {
	// Replay returns what must not be seen twice, for how long it could still
	// pass Verify, and the refusal for one that was.
	Replay(r *Request) (key string, fresh time.Duration, refusal *Refusal)
}

// Identifier is a Source whose sender gives deliveries an id.
type Identifier interface {
	// DeliveryID is the id, the same for a redelivery; empty if there is none.
	DeliveryID(r *Request) string
}

// TokenTaker is a Source whose URL ends in a token.
type TokenTaker interface {
	// TakesToken does nothing: it tells that Verify reads Request.Token.
	TakesToken()
}

// Sealer is a Source that can do what its sender does: stamp a request with a
// new delivery id and the current time, and sign it with the first active
// secret. For samples and tests.
type Sealer interface {
	Seal(ctx context.Context, r *Request) error
}

// Freshener is a Source for which the same body sent again is, or soon after may
// be, the same delivery. For samples.
type Freshener interface {
	// Freshen changes the times in the body, or what else makes it a new delivery.
	Freshen(r *Request)
}

// Refusal is why a request goes no further.
type Refusal struct {
	// Status is the HTTP status for the sender.
	Status int
	// Public is for the sender: a constant text that echoes nothing.
	Public string
	// Reason is for the log: what exactly is wrong, without any part of a
	// secret, signature or body.
	Reason string
	// Mismatch says that the signature or token is a well-formed one that none
	// of the secrets makes: perhaps one was rotated.
	Mismatch bool
}

// Error is the reason.
func (r *Refusal) Error() string { return r.Reason }

// Unverified refuses a missing, wrong, stale or replayed signature or token.
// The sender learns no more than that.
func Unverified(status int, reason string) *Refusal {
	return &Refusal{Status: status, Public: "signature or token missing or wrong", Reason: reason}
}

// Mismatched is Unverified for a signature or token that is one, but of none of
// the secrets.
func Mismatched(status int, reason string) *Refusal {
	r := Unverified(status, reason)
	r.Mismatch = true
	return r
}

// Malformed refuses a verified body that is not what the sender documents.
func Malformed(reason string) *Refusal {
	return &Refusal{Status: http.StatusBadRequest, Public: "body is not what this source sends", Reason: reason}
}

// WrongType refuses a content type that the sender doesn't send.
func WrongType(reason string) *Refusal {
	return &Refusal{Status: http.StatusUnsupportedMediaType, Public: "content type is not what this source sends", Reason: reason}
}
