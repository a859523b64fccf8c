package gcp

import (
	"context"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/sigpost/sigpost/pkg/problem"
)

const (
	// certsVariable names another place for the keys, for tests.
	certsVariable = "SIGPOST_PUSH_CERTS_URL"
	// googleCerts is where Google publishes the keys that it signs identity
	// tokens with: https://cloud.google.com/pubsub/docs/authenticate-push-subscriptions
	googleCerts = "https://www.googleapis.com/oauth2/v3/certs"
)

const (
	// certsTimeout and maxCerts bound a fetch in time and bytes.
	certsTimeout = 5 * time.Second
	maxCerts     = 1 << 20
	// Keys are kept for as long as the answer says, within these bounds, and for
	// certsStale longer while they can't be fetched.
	minCertsAge = 5 * time.Minute
	maxCertsAge = 24 * time.Hour
	certsStale  = time.Hour
	// certsEvery is how often keys are fetched at most, so that tokens with
	// invented key IDs cost nothing.
	certsEvery = 30 * time.Second
	// minKeyBits is the least that an RSA key has.
	minKeyBits = 2048
)

// certs is Google's public keys by their IDs, fetched when they are needed.
type certs struct {
	url    string
	client *http.Client
	now    func() time.Time

	mu      sync.Mutex // held during a fetch: one is enough for all
	keys    map[string]*rsa.PublicKey
	expires time.Time
	asked   time.Time
	failure error // of the last fetch
}

// newCerts is Google's keys, or those of a server on loopback.
func newCerts(env func(string) string) (*certs, error) {
	c := &certs{url: googleCerts, now: time.Now, client: &http.Client{
		Timeout:       certsTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	if other := env(certsVariable); other != "" {
		if !isLoopback(other) {
			return nil, problem.New(certsVariable, "is for tests, and may name loopback only, such as http://127.0.0.1:8080/certs: unset it")
		}
		c.url = other
	}
	return c, nil
}

func isLoopback(text string) bool {
	u, err := url.Parse(text)
	return err == nil && u.Scheme == "http" && net.ParseIP(u.Hostname()).IsLoopback()
}

// errNoKey says that Google has no key of that ID.
var errNoKey = errors.New("it is signed with a key that is not Google's")

// get is the key of an ID. Its error is errNoKey, or why the keys can't be had.
func (c *certs) get(ctx context.Context, id string) (*rsa.PublicKey, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	key := c.keys[id]
	if key != nil && now.Before(c.expires) {
		return key, nil
	}
	if c.asked.IsZero() || now.Sub(c.asked) >= certsEvery || now.Before(c.asked) {
		c.asked = now
		c.failure = c.fetch(context.WithoutCancel(ctx)) // it is for all, whoever hangs up
		key = c.keys[id]
	}
	switch {
	case key != nil && now.Before(c.expires.Add(certsStale)):
		return key, nil
	case c.failure != nil:
		return nil, c.failure
	}
	return nil, errNoKey
}

// fetch replaces the keys.
func (c *certs) fetch(ctx context.Context) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url, nil)
	if err != nil {
		return err
	}
	resp, err := c.client.Do(req)
	if err != nil {
		return fmt.Errorf("Google's keys can't be fetched: %w", brief(err)) //nolint:staticcheck // a name
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxCerts))
	if err != nil || resp.StatusCode != http.StatusOK {
		return fmt.Errorf("Google's keys can't be fetched: status %d", resp.StatusCode) //nolint:staticcheck // a name
	}
	keys, err := parseCerts(body)
	if err != nil {
		return err
	}
	c.keys, c.expires = keys, c.now().Add(maxAge(resp.Header))
	return nil
}

// parseCerts reads a JSON Web Key Set, and leaves out what is no RSA key for
// signatures. https://www.rfc-editor.org/rfc/rfc7517#section-5
func parseCerts(body []byte) (map[string]*rsa.PublicKey, error) {
	var set struct {
		Keys []struct{ Kty, Alg, Use, Kid, N, E string }
	}
	if err := json.Unmarshal(body, &set); err != nil {
		return nil, errors.New("Google's keys can't be read: they are not a JSON Web Key Set") //nolint:staticcheck // a name
	}
	keys := map[string]*rsa.PublicKey{}
	for _, k := range set.Keys {
		n, errN := base64.RawURLEncoding.DecodeString(k.N)
		e, errE := base64.RawURLEncoding.DecodeString(k.E)
		if errors.Join(errN, errE) != nil || k.Kty != "RSA" || k.Kid == "" || k.Use != "" && k.Use != "sig" || len(e) == 0 || len(e) > 4 {
			continue
		}
		key := &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(new(big.Int).SetBytes(e).Int64())}
		if key.N.BitLen() >= minKeyBits {
			keys[k.Kid] = key
		}
	}
	if len(keys) == 0 {
		return nil, errors.New("Google's keys can't be read: there is no RSA key among them") //nolint:staticcheck // a name
	}
	return keys, nil
}

// maxAge is how long an answer may be kept.
func maxAge(h http.Header) time.Duration {
	var age time.Duration
	for d := range strings.SplitSeq(h.Get("Cache-Control"), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(d), "=")
		if s, err := strconv.Atoi(value); err == nil && strings.EqualFold(name, "max-age") {
			age = time.Duration(min(max(s, 0), int(maxCertsAge/time.Second))) * time.Second
		}
	}
	if s, err := strconv.Atoi(h.Get("Age")); err == nil && s > 0 {
		age -= time.Duration(min(s, int(maxCertsAge/time.Second))) * time.Second
	}
	return max(age, minCertsAge)
}
