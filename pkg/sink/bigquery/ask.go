package bigquery

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/sigpost/sigpost/pkg/address"
	"github.com/sigpost/sigpost/pkg/problem"
	"github.com/sigpost/sigpost/pkg/secret"
)

// dialTimeout bounds the way to a connection, and that to its encryption.
const dialTimeout = 5 * time.Second

// transport is that of requests for tokens. It goes through no proxy to the
// metadata server, which is no host that a proxy reaches.
var transport = sync.OnceValue(func() *http.Transport {
	return &http.Transport{
		Proxy: func(r *http.Request) (*url.URL, error) {
			if r.URL.Scheme == "http" {
				return nil, nil //nolint:nilnil // no proxy and no error, as the field wants it
			}
			return http.ProxyFromEnvironment(r)
		},
		// The time of a request doesn't end what it began to dial.
		DialContext:         (&net.Dialer{Timeout: dialTimeout}).DialContext,
		TLSHandshakeTimeout: dialTimeout,
		ForceAttemptHTTP2:   true,
		// Go logs what comes unasked on a connection that is kept, and that may be a
		// part of a token.
		DisableKeepAlives: true,
	}
})

// maxAsks is how often is asked for a token when the trouble may pass, firstPause
// the time before the second, twice that before the third: who waits for the
// message may not send it again.
const (
	maxAsks    = 3
	firstPause = 100 * time.Millisecond
)

// ask does a request for a token and reads the answer into v, a pointer. Who is
// who was asked, for the error. No redirect is followed: a token's request holds
// what it takes to get one.
func ask(who string, req *http.Request, v any) error {
	for n, pause := 1, firstPause; ; n, pause = n+1, 2*pause {
		body, again, err := askOnce(who, req)
		if err == nil && json.Unmarshal(body, v) != nil {
			return fmt.Errorf("no access token: %s answered something else", who)
		}
		if err == nil || !again || n == maxAsks || !wait(req.Context(), pause) {
			return err
		}
		if req.GetBody != nil {
			if req.Body, err = req.GetBody(); err != nil {
				return err
			}
		}
	}
}

// wait waits; false if the time is over before.
func wait(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// askOnce is the body of an answer with status 200. Again tells whether another
// try may get one.
func askOnce(who string, req *http.Request) (body []byte, again bool, err error) {
	resp, err := transport().RoundTrip(req)
	if err == nil {
		defer func() { _ = resp.Body.Close() }()
		body, err = io.ReadAll(io.LimitReader(resp.Body, maxTokenAnswer))
	}
	switch {
	case err != nil:
		return nil, req.Context().Err() == nil, fmt.Errorf("no access token: %s: %w", who, brief(err))
	case resp.StatusCode != http.StatusOK:
		again = resp.StatusCode >= http.StatusInternalServerError || resp.StatusCode == http.StatusTooManyRequests
		return nil, again, &answerError{who, resp.StatusCode, oauthCode(body)}
	}
	return body, false, nil
}

// answerError is a token server's refusal.
type answerError struct {
	who    string
	status int
	code   string // one of oauthCodes, or empty
}

func (e *answerError) Error() string {
	text := fmt.Sprintf("no access token: %s answered status %d", e.who, e.status)
	if e.code != "" {
		text += " (" + e.code + ")"
	}
	if fix := oauthCodes[e.code]; fix != "" {
		text += ": " + fix
	}
	return text
}

// Unauthorized says that the credentials were refused, which may have been
// changed meanwhile.
func (e *answerError) Unauthorized() bool {
	return e.status == http.StatusBadRequest || e.status == http.StatusUnauthorized || e.status == http.StatusForbidden
}

// brief is what went wrong with a connection, without the address.
func brief(err error) error {
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return errors.New("no answer in time")
	case errors.Is(err, context.Canceled):
		return context.Canceled
	}
	return errors.New("can't be reached, or broke off")
}

// oauthCodes are the words of https://www.rfc-editor.org/rfc/rfc6749#section-5.2
// and https://www.rfc-editor.org/rfc/rfc8693#section-2.2.2, and what they mean
// here. No other text of an answer is shown.
var oauthCodes = map[string]string{
	"invalid_request":        "",
	"invalid_client":         "",
	"invalid_grant":          "the key was deleted or disabled, or its service account was; or the clock of this machine is wrong",
	"unauthorized_client":    "the provider's attribute condition or mapping refuses this role",
	"unsupported_grant_type": "",
	"invalid_scope":          "",
	"invalid_target":         "workload_identity names no provider, or one that is disabled",
}

func oauthCode(body []byte) string {
	var answer struct {
		Error string `json:"error"`
	}
	_ = json.Unmarshal(body, &answer) // without a code the status says enough
	if _, known := oauthCodes[answer.Error]; !known {
		return ""
	}
	return answer.Error
}

// granted is an access token as RFC 6749, section 5.1 has it.
type granted struct {
	Token   string `json:"access_token"`
	Type    string `json:"token_type"`
	Seconds int64  `json:"expires_in"`
}

// value is the token, if it is one that a header can hold.
func (g granted) value(who string) (secret.Value, time.Duration, error) {
	if g.Token == "" || !strings.EqualFold(g.Type, "Bearer") || g.Seconds <= 0 ||
		strings.ContainsFunc(g.Token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return secret.Value{}, 0, fmt.Errorf("no access token: %s answered something else", who)
	}
	return secret.NewValue(g.Token), time.Duration(min(g.Seconds, int64(maxLife/time.Second))) * time.Second, nil
}

// form is a request that posts values.
func form(ctx context.Context, to string, values url.Values) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to, strings.NewReader(values.Encode()))
	if err != nil {
		return nil, problem.New("credentials", "%v", address.ErrInvalid)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return req, nil
}
