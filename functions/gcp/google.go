package gcp

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"time"

	"google.golang.org/api/googleapi"
	"google.golang.org/api/option"
)

// silent is the log of Google's clients: at their debug level, which an
// environment variable can set, they log what they receive.
var silent = slog.New(slog.DiscardHandler)

// clientOptions are those of a client, which talks to an emulator at host if
// that is not empty.
func clientOptions(host string) []option.ClientOption {
	o := []option.ClientOption{option.WithLogger(silent), option.WithTelemetryDisabled(), option.WithUserAgent("sigpost")}
	if host == "" {
		return o
	}
	if !strings.Contains(host, "://") {
		host = "http://" + host
	}
	return append(o, option.WithEndpoint(strings.TrimSuffix(host, "/")), option.WithoutAuthentication())
}

// refusal is what a Google API says of a call that it didn't do, less its free
// text. https://cloud.google.com/apis/design/errors
type refusal struct {
	code   int    // HTTP status
	status string // such as NOT_FOUND
	reason string // such as SERVICE_DISABLED, where the API is more exact
}

// refused is the refusal in err; false if the API did not answer.
func refused(err error) (refusal, bool) {
	var e *googleapi.Error
	if !errors.As(err, &e) {
		return refusal{}, false
	}
	var body struct {
		Error struct {
			Status  string
			Details []struct{ Reason string }
		}
	}
	r := refusal{code: e.Code}
	if json.Unmarshal([]byte(e.Body), &body) == nil {
		r.status = word(body.Error.Status)
		for _, d := range body.Error.Details {
			if d.Reason != "" {
				r.reason = word(d.Reason)
				break
			}
		}
	}
	return r, true
}

// maxWordLen is more than the longest constant of Google's APIs, in bytes.
const maxWordLen = 63

// word is s if it is a constant of Google's APIs, so that it may be logged.
func word(s string) string {
	if len(s) > maxWordLen || strings.ContainsFunc(s, func(c rune) bool { return (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '_' }) {
		return ""
	}
	return s
}

// passing tells whether the same call may work in a moment.
func (r refusal) passing() bool {
	return r.code == http.StatusTooManyRequests || r.code >= http.StatusInternalServerError || r.status == "ABORTED"
}

// waits are the pauses before a call is made again. They fit in the time that
// the callers give.
var waits = []time.Duration{100 * time.Millisecond, 400 * time.Millisecond}

// attempt makes a call, and makes it again if it may work then.
func attempt(ctx context.Context, call func() error) error { return attemptAfter(ctx, waits, call) }

// attemptAfter is attempt with other pauses.
func attemptAfter(ctx context.Context, waits []time.Duration, call func() error) error {
	for i := 0; ; i++ {
		err := call()
		if r, ok := refused(err); err == nil || i == len(waits) || ok && !r.passing() {
			return err
		}
		pause := time.NewTimer(waits[i]/2 + rand.N(waits[i])) //nolint:gosec // spreads load, guards nothing
		select {
		case <-ctx.Done():
			pause.Stop()
			return err
		case <-pause.C:
		}
	}
}

// maxBrief bounds a foreign error's text in the log, in bytes.
const maxBrief = 300

// brief is an error without the URL of the request, in one line.
func brief(err error) error {
	var u *url.Error
	for errors.As(err, &u) {
		err = u.Err
	}
	text := strings.Join(strings.Fields(err.Error()), " ")
	if len(text) > maxBrief {
		text = strings.ToValidUTF8(text[:maxBrief], "") + " …"
	}
	if text == err.Error() {
		return err
	}
	return errors.New(text)
}
