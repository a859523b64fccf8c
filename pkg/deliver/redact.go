package deliver

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/sigpost/sigpost/pkg/address"
	"github.com/sigpost/sigpost/pkg/secret"
)

// Error is a message that was not delivered, or a document that was not got.
// Neither it nor what it wraps carries the URL or a header's value.
type Error struct {
	Temporary  bool          // the same message may be accepted later
	RetryAfter time.Duration // no sooner than this, as the receiver asked; 0 if it did not
	Status     int           // of the last answer; 0 if there was none
	Reason     string        // short and fit to be shown
	Attempts   int
	Err        error // the Judge's error, the context's, or the class of failure

	got bool // it is Get's
}

// Error is the reason and the number of attempts.
func (e *Error) Error() string {
	if e.got {
		return "nothing was got: " + e.Reason
	}
	if e.Attempts == 1 {
		return "not delivered: " + e.Reason
	}
	return fmt.Sprintf("not delivered after %d attempts: %s", e.Attempts, e.Reason)
}

// Unwrap is the cause.
func (e *Error) Unwrap() error { return e.Err }

var (
	errHeader = errors.New("a header has a name or value that HTTP does not allow, such as one with a line break")
	errAnswer = errors.New("receiver refused the message")
)

// checkRequest returns the URL to ask, without its fragment.
func checkRequest(target secret.Value, header map[string]secret.Value, contentType string) (string, error) {
	u, err := address.Parse(target.Reveal())
	if err != nil {
		return "", err
	}
	for k, v := range header {
		if !validName(k) || !validValue(v.Reveal()) {
			return "", errHeader
		}
	}
	if !validValue(contentType) {
		return "", errHeader
	}
	u.Fragment, u.RawFragment = "", ""
	return u.String(), nil
}

// validName tells whether s is a token, https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2
func validName(s string) bool {
	return s != "" && strings.IndexFunc(s, func(c rune) bool {
		return !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("!#$%&'*+-.^_`|~", c))
	}) < 0
}

// validValue tells whether s is free of control characters.
func validValue(s string) bool {
	return strings.IndexFunc(s, func(c rune) bool { return c < ' ' && c != '\t' || c == 0x7f }) < 0
}

// leaks tells whether text repeats a secret of r: the URL, its path or query,
// or a header's value.
func leaks(r Request, text string) bool {
	parts := []string{r.URL.Reveal()}
	if u, err := url.Parse(r.URL.Reveal()); err == nil {
		parts = append(parts, strings.Trim(u.Path, "/"), strings.Trim(u.EscapedPath(), "/"), u.RawQuery)
		parts = append(parts, strings.Split(u.Path, "/")...)
		for _, vs := range u.Query() {
			parts = append(parts, vs...)
		}
	}
	for _, v := range r.Header {
		parts = append(parts, v.Reveal())
		parts = append(parts, strings.Fields(v.Reveal())...)
	}
	for _, p := range parts {
		if len(p) >= minSecret && strings.Contains(text, p) {
			return true
		}
	}
	return false
}

// minSecret is the length in bytes from which a part of a URL or header can be
// a secret; shorter ones ("api", "Bearer") are in many texts by chance.
const minSecret = 8

// networkError keeps the class of a failure and nothing of its text. What comes
// of the caller's context stays recognisable to errors.Is.
func networkError(parent context.Context, err error) error {
	if ctxErr := parent.Err(); ctxErr != nil {
		return &endedError{ctxErr}
	}
	return errors.New(networkClass(err))
}

type endedError struct{ err error }

func (e *endedError) Error() string { return ended(e.err) }
func (e *endedError) Unwrap() error { return e.err }

func ended(err error) string {
	if errors.Is(err, context.DeadlineExceeded) {
		return "the time for the delivery ran out"
	}
	return "the delivery was cancelled"
}

func networkClass(err error) string {
	var (
		timeout interface{ Timeout() bool }
		dns     *net.DNSError
	)
	text := err.Error() // read, never passed on
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return "time-out"
	case errors.As(err, &dns):
		return "name not found"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused"
	case isTLS(err):
		return "TLS failure"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "connection reset"
	case strings.Contains(text, "malformed"):
		return "malformed answer"
	case strings.Contains(text, "headers exceeded"):
		return "answer header too large"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "connection closed"
	}
	return "network failure"
}

func isTLS(err error) bool {
	var (
		record tls.RecordHeaderError
		alert  tls.AlertError
		cert   *tls.CertificateVerificationError
	)
	return errors.As(err, &record) || errors.As(err, &alert) || errors.As(err, &cert) ||
		strings.Contains(err.Error(), "tls: ") || strings.Contains(err.Error(), "HTTP response to HTTPS client")
}

// retryAfter reads a Retry-After of either form; what is neither is 0.
// https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3
func retryAfter(header string, now time.Time) time.Duration {
	header = strings.TrimSpace(header)
	if header == "" {
		return 0
	}
	if strings.Trim(header, "0123456789") == "" {
		s, err := strconv.ParseInt(header, 10, 64)
		if err != nil || s > int64(maxRetryAfter/time.Second) {
			return maxRetryAfter
		}
		return time.Duration(s) * time.Second
	}
	t, err := http.ParseTime(header)
	if err != nil {
		return 0
	}
	return min(max(t.Sub(now), 0), maxRetryAfter)
}
