package deliver

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/sigpost/sigpost/pkg/address"
	"github.com/sigpost/sigpost/pkg/secret"
)

// Send posts r: at once, then after 2, 5 and 10 s (jittered, and no sooner than
// the receiver's Retry-After) as long as it may help and the context's deadline
// allows; a wait that would outlast it is not begun. It returns nil once the
// receiver has accepted, else an *Error.
func (c *Client) Send(ctx context.Context, r Request) error {
	u, err := checkRequest(r.URL, r.Header, r.ContentType)
	if err != nil {
		return &Error{Reason: err.Error(), Err: err}
	}
	reduced, retries := false, 0
	for n := 1; ; n++ {
		if err := ctx.Err(); err != nil {
			return &Error{Temporary: true, Reason: ended(err), Attempts: n - 1, Err: err}
		}
		start := c.c.Now()
		v := c.attempt(ctx, u, r)
		if v.class == ClassReduce && (reduced || !r.reduce(&u)) {
			v.class = ClassRefused
		}
		reduced = reduced || v.class == ClassReduce
		if r.Observe != nil {
			r.Observe(Attempt{Number: n, Class: v.class, Status: v.status, Latency: c.c.Now().Sub(start), RetryAfter: v.after, Err: v.err})
		}
		switch v.class {
		case ClassDelivered:
			return nil
		case ClassReduce:
			continue
		}
		fail := v.failure(n)
		if v.class == ClassRefused || retries == len(waits) {
			return fail
		}
		wait := max(c.c.Jitter(waits[retries]), v.after)
		retries++
		if !c.fits(ctx, wait) {
			return fail
		}
		if err := c.c.Sleep(ctx, wait); err != nil {
			return fail
		}
	}
}

// fits tells whether a wait leaves time for another attempt.
func (c *Client) fits(ctx context.Context, wait time.Duration) bool {
	if wait > maxWait || ctx.Err() != nil {
		return false
	}
	deadline, ok := ctx.Deadline()
	return !ok || wait < deadline.Sub(c.c.Now())
}

// reduce puts the smaller message in place of the one that was refused, and its
// address into url, if there is a smaller one that can be sent.
func (r *Request) reduce(url *string) bool {
	if r.Reduce == nil {
		return false
	}
	c := r.Reduce()
	if c == nil {
		return false
	}
	u, err := checkRequest(c.URL, c.Header, c.ContentType)
	if err != nil {
		return false
	}
	*url = u
	r.URL, r.Header, r.ContentType, r.Body = c.URL, c.Header, c.ContentType, c.Body
	return true
}

// verdict is what came of one attempt.
type verdict struct {
	class  string
	status int
	after  time.Duration // the receiver's Retry-After
	err    error         // without secrets
}

func (v verdict) failure(attempts int) *Error {
	return &Error{
		Temporary:  v.class == ClassRetry,
		RetryAfter: v.after,
		Status:     v.status,
		Reason:     v.err.Error(),
		Attempts:   attempts,
		Err:        v.err,
	}
}

func (c *Client) attempt(parent context.Context, url string, r Request) verdict {
	ctx, cancel := context.WithTimeout(parent, c.c.AttemptTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(r.Body))
	if err != nil {
		return verdict{class: ClassRefused, err: address.ErrInvalid}
	}
	if r.ContentType != "" {
		req.Header.Set("Content-Type", r.ContentType)
	}
	resp, err := c.exchange(req, r.Header, maxAnswerBytes)
	if resp == nil {
		return verdict{class: ClassRetry, err: networkError(parent, err)}
	}
	v := judgeStatus(resp.status)
	switch {
	case r.Judge == nil:
	case err == nil:
		v = v.judge(r, resp.body)
	case v.class == ClassDelivered: // what the answer said is lost
		v.class, v.err = ClassRetry, networkError(parent, err)
	}
	if v.class == ClassRetry {
		v.after = max(v.after, retryAfter(resp.header.Get("Retry-After"), c.c.Now()))
	}
	return v
}

// response is an answer, as much as was read of it.
type response struct {
	status int
	header http.Header
	body   []byte
}

// exchange does one request and reads at most limit bytes of the answer's body.
// The response is nil if there was none; one that broke off comes with an error.
//
// Not through an http.Client: it would follow redirects, keep their targets in
// its errors, and fail on a Location that is none.
func (c *Client) exchange(req *http.Request, header map[string]secret.Value, limit int64) (*response, error) {
	req.Header.Set("User-Agent", userAgent)
	for k, v := range header {
		req.Header.Set(k, v.Reveal())
	}
	resp, err := c.c.Transport.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, limit))
	return &response{status: resp.StatusCode, header: resp.Header, body: body}, err
}

// judgeStatus is the verdict of the status alone.
func judgeStatus(status int) verdict {
	v := verdict{class: ClassRefused, status: status}
	switch {
	case status >= 200 && status < 300:
		return verdict{class: ClassDelivered, status: status}
	case status >= 500, status == http.StatusRequestTimeout, status == http.StatusTooEarly, status == http.StatusTooManyRequests:
		v.class = ClassRetry
	case status == http.StatusRequestEntityTooLarge:
		v.class = ClassReduce
	}
	v.err = fmt.Errorf("receiver answered status %d", status)
	return v
}

// judge lets the Request's Judge overrule the status.
func (v verdict) judge(r Request, answer []byte) verdict {
	err := r.Judge(v.status, answer)
	if err == nil {
		return v
	}
	var (
		temporary interface{ Temporary() bool }
		reducible interface{ Reducible() bool }
	)
	v.class = ClassRefused
	switch {
	case errors.As(err, &reducible) && reducible.Reducible():
		v.class = ClassReduce
	case errors.As(err, &temporary) && temporary.Temporary():
		v.class = ClassRetry
		if after := (interface{ RetryAfter() time.Duration })(nil); errors.As(err, &after) {
			v.after = min(max(after.RetryAfter(), 0), maxRetryAfter)
		}
	}
	v.err = err
	if leaks(r, err.Error()) {
		v.err = errAnswer
	}
	return v
}
