// Package deliver is the one outbound HTTP client: attempts, classes of
// failure, and errors that carry no secret. It posts messages (Send) and gets
// documents (Get). It knows no receiver and no event; what to send and how to
// read an answer comes with the Request.
package deliver

import (
	"context"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/sigpost/sigpost/pkg/secret"
)

const (
	// attemptTimeout bounds one attempt, from dialling to the end of the answer.
	attemptTimeout = 10 * time.Second
	// maxWait bounds one wait, so that no receiver's Retry-After can hold a
	// caller whose context has no deadline.
	maxWait = time.Minute
	// maxRetryAfter bounds what Error.RetryAfter says.
	maxRetryAfter = 24 * time.Hour
	// maxAnswerBytes is how much of an answer's body is read.
	maxAnswerBytes = 64 << 10
	// maxHeaderBytes is how large an answer's header may be.
	maxHeaderBytes = 64 << 10
	// idlePerHost is how many idle connections to one receiver are kept.
	idlePerHost = 16
	// userAgent is sent unless the Request's header says otherwise.
	userAgent = "sigpost"
)

// waits come before the second and later attempts.
var waits = [...]time.Duration{2 * time.Second, 5 * time.Second, 10 * time.Second}

// The classes of an Attempt.
const (
	ClassDelivered = "delivered" // accepted
	ClassRetry     = "retry"     // the same may be accepted later
	ClassRefused   = "refused"   // final
	ClassReduce    = "reduce"    // a smaller message is sent next
)

// Request is one message and where it goes. It is posted.
type Request struct {
	// URL is https, or http on a loopback host, without user information.
	URL         secret.Value
	Header      map[string]secret.Value
	ContentType string
	Body        []byte
	// Judge reads the answer of any status, its body cut at 64 KiB: nil leaves
	// the verdict to the status. An error is final unless it, or one it wraps,
	// has Temporary() or Reducible() that is true; a temporary one's RetryAfter()
	// counts as the header does. May be nil.
	Judge func(status int, body []byte) error
	// Reduce makes a smaller message, sent at once and at most once after an
	// answer that is Reducible or 413. May be nil, and may return nil.
	Reduce func() *Content
	// Observe is told of every attempt, in order, before Send returns. May be nil.
	Observe func(Attempt)
}

// Content is what is posted in place of what was refused: Request's fields of the
// same names.
type Content struct {
	URL         secret.Value
	Header      map[string]secret.Value
	ContentType string
	Body        []byte
}

// Attempt is one post and what came of it. Err carries no secret.
type Attempt struct {
	Number  int    // from 1
	Class   string // ClassDelivered, ClassRetry, ClassRefused or ClassReduce
	Status  int    // 0 if there was no answer
	Latency time.Duration
	// RetryAfter is when the receiver takes more, if it said so.
	RetryAfter time.Duration
	Err        error // nil if delivered
}

// Config is what a Client is made of. Every zero value stands for the real thing.
type Config struct {
	Transport      http.RoundTripper
	Now            func() time.Time
	Sleep          func(context.Context, time.Duration) error
	Jitter         func(time.Duration) time.Duration // ±20 %
	AttemptTimeout time.Duration                     // 10 s
}

// Client posts messages and gets documents. It is safe for concurrent use and keeps connections.
type Client struct{ c Config }

// New makes a Client.
func New(c Config) *Client {
	if c.Transport == nil {
		c.Transport = newTransport()
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Sleep == nil {
		c.Sleep = sleep
	}
	if c.Jitter == nil {
		c.Jitter = jitter
	}
	if c.AttemptTimeout <= 0 {
		c.AttemptTimeout = attemptTimeout
	}
	return &Client{c: c}
}

func newTransport() *http.Transport {
	t, ok := http.DefaultTransport.(*http.Transport)
	if !ok { // somebody replaced it
		t = &http.Transport{Proxy: http.ProxyFromEnvironment}
	}
	t = t.Clone()
	t.DisableCompression = true
	t.MaxIdleConnsPerHost = idlePerHost
	t.MaxResponseHeaderBytes = maxHeaderBytes
	t.ForceAttemptHTTP2 = true
	return t
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

func jitter(d time.Duration) time.Duration {
	return time.Duration(float64(d) * (0.8 + 0.4*rand.Float64())) //nolint:gosec // spreads load, guards nothing
}
