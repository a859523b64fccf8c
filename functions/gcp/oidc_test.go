package gcp

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sigpost/sigpost/functions/gcp/gcptest"
)

const (
	testAudience = "https://sigpost-deliver-1234567890.europe-west1.run.app"
	testAccount  = "sigpost-push@sigpost-test.iam.gserviceaccount.com"
)

func newTestCaller(t *testing.T) (*caller, *gcptest.Signer) {
	t.Helper()
	s := gcptest.NewSigner(t)
	c, err := newCaller(setting{audienceVariable: testAudience, accountVariable: testAccount, certsVariable: s.CertsURL}.get)
	if err != nil {
		t.Fatal(err)
	}
	return c, s
}

// with is the claims of a push with one of them changed.
func with(s *gcptest.Signer, key string, value any) gcptest.Claims {
	c := s.Claims(testAudience, testAccount)
	c[key] = value
	return c
}

func TestForgedPushes(t *testing.T) {
	c, s := newTestCaller(t)
	good := s.Sign(s.Claims(testAudience, testAccount), "RS256")
	if err := c.check(t.Context(), "Bearer "+good); err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(good, ".")
	now := time.Now()
	raw := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
	// What a verifier that lets the token choose would take the public key for.
	mac := hmac.New(sha256.New, []byte("key-1"))
	hs := raw(`{"alg":"HS256","kid":"key-1"}`) + "." + parts[1]
	mac.Write([]byte(hs))
	for name, token := range map[string]string{
		"none":                 "",
		"no bearer":            "Basic " + good,
		"two parts":            "Bearer " + parts[0] + "." + parts[1],
		"alg none":             "Bearer " + raw(`{"alg":"none","kid":"key-1"}`) + "." + parts[1] + ".",
		"alg none, signed":     "Bearer " + s.Sign(s.Claims(testAudience, testAccount), "none"),
		"alg HS256":            "Bearer " + hs + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil)),
		"alg ES256, short":     "Bearer " + raw(`{"alg":"ES256","kid":"other"}`) + "." + parts[1] + ".AA",
		"alg in small letters": "Bearer " + s.Sign(s.Claims(testAudience, testAccount), "rs256"),
		"other claims":         "Bearer " + parts[0] + "." + raw(`{"aud":"x"}`) + "." + parts[2],
		"signature cut":        "Bearer " + good[:len(good)-4],
		"no signature":         "Bearer " + parts[0] + "." + parts[1] + ".",
		"header no JSON":       "Bearer " + raw("x") + "." + parts[1] + "." + parts[2],
		"padded":               "Bearer " + parts[0] + "=." + parts[1] + "." + parts[2],
		"huge":                 "Bearer " + strings.Repeat("a", 9<<10) + "." + parts[1] + "." + parts[2],
		"audience":             "Bearer " + s.Sign(with(s, "aud", "https://other.example.com"), "RS256"),
		"audience list":        "Bearer " + s.Sign(with(s, "aud", []string{testAudience, "other"}), "RS256"),
		"no audience":          "Bearer " + s.Sign(with(s, "aud", ""), "RS256"),
		"account":              "Bearer " + s.Sign(with(s, "email", "evil@sigpost-test.iam.gserviceaccount.com"), "RS256"),
		"no account":           "Bearer " + s.Sign(with(s, "email", nil), "RS256"),
		"not verified":         "Bearer " + s.Sign(with(s, "email_verified", false), "RS256"),
		"verified as a word":   "Bearer " + s.Sign(with(s, "email_verified", "true"), "RS256"),
		"issuer":               "Bearer " + s.Sign(with(s, "iss", "https://accounts.google.com.example.com"), "RS256"),
		"no issuer":            "Bearer " + s.Sign(with(s, "iss", nil), "RS256"),
		"expired":              "Bearer " + s.Sign(with(s, "exp", now.Add(-2*time.Minute).Unix()), "RS256"),
		"never expires":        "Bearer " + s.Sign(with(s, "exp", nil), "RS256"),
		"from the future":      "Bearer " + s.Sign(with(s, "iat", now.Add(time.Hour).Unix()), "RS256"),
	} {
		err := c.check(t.Context(), token)
		if !errors.Is(err, errForged) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if strings.Contains(err.Error(), "sigpost-test") || token != "" && strings.Contains(err.Error(), parts[1]) {
			t.Errorf("%s: the error has part of the token in it: %v", name, err)
		}
	}
	if err := c.check(t.Context(), "bearer "+s.Sign(with(s, "exp", now.Add(-30*time.Second).Unix()), "RS256")); err != nil {
		t.Errorf("a clock that is 30 s off: %v", err)
	}
	if n := s.Asked(); n != 1 {
		t.Errorf("the keys were fetched %d times", n)
	}
}

func TestRotatedKeys(t *testing.T) {
	c, s := newTestCaller(t)
	now := time.Now()
	c.certs.now = func() time.Time { return now }
	check := func() error {
		return c.check(t.Context(), "Bearer "+s.Sign(s.Claims(testAudience, testAccount), "RS256"))
	}
	if err := check(); err != nil {
		t.Fatal(err)
	}
	s.Rename("key-2")
	for range 5 { // invented IDs cost nothing
		if err := check(); !errors.Is(err, errForged) {
			t.Errorf("a key that is not known: %v", err)
		}
	}
	if n := s.Asked(); n != 1 {
		t.Errorf("the keys were fetched %d times", n)
	}
	now = now.Add(certsEvery)
	if err := check(); err != nil || s.Asked() != 2 {
		t.Errorf("a new key: %v", err)
	}
	// Without Google the keys last a while longer than they say.
	s.Fail(http.StatusServiceUnavailable)
	now = now.Add(time.Hour + time.Minute)
	if err := check(); err != nil || s.Asked() != 3 {
		t.Errorf("a stale key: %v after %d fetches", err, s.Asked())
	}
	now = now.Add(2 * time.Hour)
	if err := check(); err == nil || errors.Is(err, errForged) || !strings.Contains(err.Error(), "status 503") {
		t.Errorf("without keys: %v", err)
	}
	s.Fail(0)
	now = now.Add(certsEvery)
	if err := check(); err != nil {
		t.Errorf("Google is back: %v", err)
	}
}

func TestCallerOfTheEnvironment(t *testing.T) {
	good := setting{audienceVariable: testAudience, accountVariable: testAccount}
	if c, err := newCaller(good.get); err != nil || c.certs.url != googleCerts {
		t.Error(err)
	}
	for _, c := range []struct{ key, value string }{
		{audienceVariable, ""},
		{accountVariable, ""},
		{accountVariable, "sigpost-push"},
		{certsVariable, "https://evil.example.com/certs"},
		{certsVariable, "http://evil.example.com/certs"},
		{certsVariable, "http://127.0.0.1.evil.example.com/certs"},
		{certsVariable, "http://127.0.0.1@evil.example.com/certs"},
		{certsVariable, "https://127.0.0.1/certs"},
		{certsVariable, "://"},
	} {
		env := setting{audienceVariable: testAudience, accountVariable: testAccount}
		env[c.key] = c.value
		if _, err := newCaller(env.get); err == nil || !strings.Contains(err.Error(), c.key) {
			t.Errorf("%s=%s: %v", c.key, c.value, err)
		}
	}
}

func TestCertsThatAreNone(t *testing.T) {
	for _, body := range []string{``, `[]`, `{}`, `{"keys":[{"kty":"RSA","kid":"a","n":"AQAB","e":"AQAB"}]}`, `{"keys":[{"kty":"EC","kid":"a","n":"","e":""}]}`, `<html>`} {
		if keys, err := parseCerts([]byte(body)); err == nil || len(keys) > 0 {
			t.Errorf("%s: %d keys", body, len(keys))
		}
	}
	for header, want := range map[string]time.Duration{
		"public, max-age=3600, must-revalidate": time.Hour, "max-age=1": minCertsAge, "": minCertsAge, "max-age=x": minCertsAge,
		"Max-Age=99999999999": maxCertsAge, "max-age=-5": minCertsAge,
	} {
		if got := maxAge(http.Header{"Cache-Control": {header}}); got != want {
			t.Errorf("%q: %v", header, got)
		}
	}
	if got := maxAge(http.Header{"Cache-Control": {"max-age=3600"}, "Age": {"1800"}}); got != 30*time.Minute {
		t.Errorf("half an hour old: %v", got)
	}
}

// Somebody who hangs up while the keys are fetched for it must not keep them
// from the subscription.
func TestACallerThatHangsUpDoesNotKeepTheKeysAway(t *testing.T) {
	c, s := newTestCaller(t)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	forged := "Bearer " + base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"RS256","kid":"invented"}`)) + ".e30.AA"
	if err := c.check(gone, forged); err == nil {
		t.Error("forged, and taken")
	}
	if err := c.check(t.Context(), "Bearer "+s.Sign(s.Claims(testAudience, testAccount), "RS256")); err != nil {
		t.Errorf("the subscription is refused: %v", err)
	}
	if n := s.Asked(); n != 1 {
		t.Errorf("the keys were fetched %d times", n)
	}
}
