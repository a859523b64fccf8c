package bigquery

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/sigpost/sigpost/pkg/secret"
)

// scope is what the tokens are for: to insert rows and nothing else.
// https://developers.google.com/identity/protocols/oauth2/scopes#bigquery
const scope = "https://www.googleapis.com/auth/bigquery.insertdata"

const (
	// renewBefore is how long before its end a token is no longer used: longer
	// than a delivery takes, and shorter than the metadata server keeps one.
	renewBefore = 3 * time.Minute
	// maxLife bounds what is believed of a token's life.
	maxLife = time.Hour
	// dropEvery is how often a token that was refused is replaced at most.
	dropEvery = time.Minute
	// askTimeout bounds one request for a token.
	askTimeout = 10 * time.Second
	// maxTokenAnswer is how much of an answer is read, in bytes.
	maxTokenAnswer = 64 << 10
)

// issuer is where access tokens come from. key is the sink's credentials, if it
// has some. The error carries no secret.
type issuer interface {
	issue(ctx context.Context, key secret.Value, now time.Time) (token secret.Value, life time.Duration, err error)
}

// tokens keeps an access token for as long as it is good. Who comes while one
// is being asked for waits for it, and shares what comes of it.
type tokens struct {
	from issuer
	turn chan struct{} // holds one: who takes it may ask

	mu      sync.Mutex
	token   secret.Value
	key     string // the credentials that token was given for
	asked   time.Time
	until   time.Time
	dropped bool   // it was refused
	tries   int    // how often was asked
	tried   string // with which credentials last
	err     error  // what came of it
}

func newTokens(from issuer) *tokens {
	return &tokens{from: from, turn: make(chan struct{}, 1)}
}

func (t *tokens) get(ctx context.Context, key secret.Value, now time.Time) (secret.Value, error) {
	now = now.Round(0) // the clock on the wall: the other stands still while a machine sleeps
	v, ok, tries := t.kept(key, now)
	if ok {
		return v, nil
	}
	select {
	case t.turn <- struct{}{}:
		defer func() { <-t.turn }()
	case <-ctx.Done():
		return secret.Value{}, fmt.Errorf("no access token in time: %w", ctx.Err())
	}
	v, ok, after := t.kept(key, now)
	if ok { // who had the turn before asked for it
		return v, nil
	}
	if err := t.failed(key); after != tries && err != nil {
		return secret.Value{}, err
	}
	ask, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	v, life, err := t.from.issue(ask, key, now)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.tries++
	t.tried = key.Reveal()
	if err != nil {
		if t.err = err; ctx.Err() != nil { // this caller's own time is over
			t.err = nil
		}
		return secret.Value{}, err
	}
	life = min(life, maxLife)
	t.err, t.dropped = nil, false
	// One that is short-lived is used for half of its life, and not for none.
	t.token, t.key, t.asked, t.until = v, key.Reveal(), now, now.Add(max(life-renewBefore, life/2))
	return v, nil
}

// kept is the token, if there is a good one, and how often was asked for one.
func (t *tokens) kept(key secret.Value, now time.Time) (v secret.Value, ok bool, tries int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.token, t.key == key.Reveal() && t.good(now), t.tries
}

// good tells whether the token can be used. Callers hold mu.
func (t *tokens) good(now time.Time) bool {
	age := now.Round(0).Sub(t.asked)
	switch {
	case t.token.Empty(), !now.Before(t.until):
		return false
	case t.dropped, age < 0: // it was refused, or the clock was set back
		return age.Abs() < dropEvery
	}
	return true
}

// failed is what the last request for a token came to, if it was made with key.
func (t *tokens) failed(key secret.Value) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.tried != key.Reveal() {
		return nil
	}
	return t.err
}

// drop forgets the token, once its minute is over.
func (t *tokens) drop() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.dropped = true
}

// renewable tells whether the next one gets another token.
func (t *tokens) renewable(now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.dropped && t.err == nil && !t.good(now)
}
