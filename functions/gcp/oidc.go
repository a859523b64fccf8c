package gcp

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/sigpost/sigpost/pkg/problem"
)

// The environment variables that say who may push.
const (
	audienceVariable = "SIGPOST_PUSH_AUDIENCE"
	accountVariable  = "SIGPOST_PUSH_ACCOUNT"
)

const (
	// maxToken is longer than Google's identity tokens, in bytes.
	maxToken = 8 << 10
	// clockSkew is how far clocks may be apart.
	clockSkew = time.Minute
)

// caller is the one that may push jobs: the service account of the subscription.
// Cloud Run has checked its token for roles/run.invoker before; that the function
// checks it too means that no grant on the project opens it to others.
// https://cloud.google.com/pubsub/docs/authenticate-push-subscriptions
type caller struct {
	audience string
	account  string
	certs    *certs
	now      func() time.Time
}

// newCaller is the caller that the environment names.
func newCaller(env func(string) string) (*caller, error) {
	c := &caller{audience: env(audienceVariable), account: env(accountVariable), now: time.Now}
	var err error
	c.certs, err = newCerts(env)
	problems := []error{err}
	if c.audience == "" {
		problems = append(problems, problem.New(audienceVariable, "is not set: set it to the audience of the push subscription's token"))
	}
	if !strings.Contains(c.account, "@") {
		problems = append(problems, problem.New(accountVariable, "is not set: set it to the email of the push subscription's service account"))
	}
	return c, errors.Join(problems...)
}

// errForged wraps why a push is not the subscription's. Other errors of check
// mean that it could not be found out.
var errForged = errors.New("not from the push subscription")

func forged(why string) error { return fmt.Errorf("%w: %s", errForged, why) }

// check verifies the value of an Authorization header. Its errors have nothing
// of it in them.
func (c *caller) check(ctx context.Context, authorization string) error {
	scheme, token, _ := strings.Cut(authorization, " ")
	parts := strings.Split(token, ".")
	if !strings.EqualFold(scheme, "Bearer") || len(token) > maxToken || len(parts) != 3 {
		return forged("there is no token in it")
	}
	var head struct{ Alg, Kid string }
	if !decodePart(parts[0], &head) {
		return forged("the token's header can't be read")
	}
	if head.Alg != "RS256" { // else the token would choose how it is verified
		return forged("the token is not signed with RS256")
	}
	key, err := c.certs.get(ctx, head.Kid)
	if errors.Is(err, errNoKey) {
		return forged(err.Error())
	}
	if err != nil {
		return err
	}
	signature, err := base64.RawURLEncoding.Strict().DecodeString(parts[2])
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if err != nil || rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], signature) != nil {
		return forged("the token's signature is wrong")
	}
	return c.checkClaims(parts[1])
}

// checkClaims looks at what a token that Google has signed says.
func (c *caller) checkClaims(part string) error {
	var claims struct {
		Iss, Aud, Email string
		EmailVerified   bool `json:"email_verified"`
		Exp, Iat        int64
	}
	if !decodePart(part, &claims) {
		return forged("the token's claims can't be read")
	}
	now := c.now()
	switch {
	case claims.Iss != "https://accounts.google.com" && claims.Iss != "accounts.google.com":
		return forged("the token is not issued by Google")
	case claims.Exp == 0 || now.After(time.Unix(claims.Exp, 0).Add(clockSkew)):
		return forged("the token has expired")
	case time.Unix(claims.Iat, 0).After(now.Add(clockSkew)):
		return forged("the token is issued in the future")
	case !same(claims.Aud, c.audience):
		return forged("the token is for another audience than " + audienceVariable)
	case !same(claims.Email, c.account) || !claims.EmailVerified:
		return forged("the token is of another account than " + accountVariable)
	}
	return nil
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

func decodePart(part string, to any) bool {
	text, err := base64.RawURLEncoding.Strict().DecodeString(part)
	return err == nil && json.Unmarshal(text, to) == nil
}
