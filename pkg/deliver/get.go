package deliver

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/sigpost/sigpost/pkg/address"
	"github.com/sigpost/sigpost/pkg/secret"
)

// Query asks for one document.
type Query struct {
	// URL and Header are as in Request.
	URL    secret.Value
	Header map[string]secret.Value
	// MaxBytes is the most the answer's body may hold.
	MaxBytes int64
}

// Answer is a document that was got.
type Answer struct {
	Body []byte
	// Date is when the answer was made, by the clock of who made it; zero if it
	// does not say.
	Date time.Time
}

var errAnswerSize = errors.New("the answer is too large")

// Get asks once, under the same rules as Send: it follows no redirect, reads no
// more than MaxBytes and spends at most the time of one attempt. Trying again is
// up to the caller. The error is an *Error; any status but 200 is one.
func (c *Client) Get(ctx context.Context, q Query) (Answer, error) {
	target, err := checkRequest(q.URL, q.Header, "")
	if err != nil {
		return Answer{}, &Error{Reason: err.Error(), Err: err, got: true}
	}
	if err := ctx.Err(); err != nil {
		return Answer{}, &Error{Temporary: true, Reason: ended(err), Err: err, got: true}
	}
	attempt, cancel := context.WithTimeout(ctx, c.c.AttemptTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(attempt, http.MethodGet, target, nil)
	if err != nil {
		return Answer{}, &Error{Reason: address.ErrInvalid.Error(), Err: address.ErrInvalid, got: true}
	}
	req.Header.Set("Accept", "application/json")
	resp, err := c.exchange(req, q.Header, q.MaxBytes+1)
	v := verdict{class: ClassRetry}
	switch {
	case resp != nil && resp.status != http.StatusOK:
		if v = judgeStatus(resp.status); v.class == ClassDelivered {
			v.class = ClassRefused // something, but not the document
		}
		v.err = fmt.Errorf("answered status %d", resp.status)
		v.after = retryAfter(resp.header.Get("Retry-After"), c.c.Now())
	case err != nil:
		v.err = networkError(ctx, err)
	case int64(len(resp.body)) > q.MaxBytes:
		v.class, v.status, v.err = ClassRefused, resp.status, errAnswerSize
	default:
		date, _ := http.ParseTime(resp.header.Get("Date"))
		return Answer{Body: resp.body, Date: date}, nil
	}
	fail := v.failure(1)
	fail.got = true
	return Answer{}, fail
}
