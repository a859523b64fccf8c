package bigquery

import (
	"bytes"
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/sigpost/sigpost/pkg/event/eventtest"
	"github.com/sigpost/sigpost/pkg/secret"
)

// expect gets a token that is the n-th.
func expect(t *testing.T, k *tokens, why string, now time.Time, want string) {
	t.Helper()
	if v, err := k.get(t.Context(), secret.Value{}, now); err != nil || v.Reveal() != want {
		t.Errorf("%s: %s, %v, want %s", why, v.Reveal(), err, want)
	}
}

// A token that is given for less than it is renewed before is used nevertheless.
func TestShortLivedTokens(t *testing.T) {
	c := &count{life: 100 * time.Second}
	k, now := newTokens(c), eventtest.Now
	expect(t, k, "at first", now, "token-1")
	expect(t, k, "soon", now.Add(49*time.Second), "token-1")
	expect(t, k, "in its second half", now.Add(51*time.Second), "token-2")
}

func TestTokensWhenTheClockJumps(t *testing.T) {
	c := &count{}
	k, now := newTokens(c), eventtest.Now
	expect(t, k, "at first", now, "token-1")
	expect(t, k, "another delivery's clock", now.Add(-time.Second), "token-1")
	now = now.Add(-24 * time.Hour)
	expect(t, k, "set back by a day", now, "token-2")
	k.drop()
	expect(t, k, "refused at once", now.Add(time.Second), "token-2")
	expect(t, k, "refused, a minute later", now.Add(dropEvery), "token-3")
	expect(t, k, "ahead by a day", now.Add(24*time.Hour), "token-4")
}

// A machine that slept has a clock that says so, and another that doesn't.
func TestTokensKeepTheWallsTime(t *testing.T) {
	k := newTokens(&count{})
	now := time.Now()
	expect(t, k, "at first", now, "token-1")
	if k.asked != now.Round(0) || k.until != now.Round(0).Add(time.Hour-renewBefore) {
		t.Error("times are those of the clock that stands still")
	}
}

func TestRenewable(t *testing.T) {
	c := &count{}
	k, now := newTokens(c), eventtest.Now
	if k.renewable(now) {
		t.Error("nothing was refused")
	}
	expect(t, k, "at first", now, "token-1")
	k.drop()
	if k.renewable(now.Add(dropEvery - time.Second)) {
		t.Error("a token that was just given is replaced")
	}
	if now = now.Add(dropEvery); !k.renewable(now) {
		t.Error("a token that was refused isn't replaced")
	}
	c.fail.Store(true)
	if _, err := k.get(t.Context(), secret.Value{}, now); err == nil || k.renewable(now) {
		t.Error("who was just refused a token asks again")
	}
}

// Whose key is another one doesn't share the failure of a key that is refused.
func TestAFailureIsOfItsKey(t *testing.T) {
	k := newTokens(&count{})
	bad := secret.NewValue("bad")
	if _, err := k.get(t.Context(), bad, eventtest.Now); err == nil {
		t.Fatal("a bad key has a token")
	}
	if k.failed(bad) == nil || k.failed(secret.NewValue("good")) != nil {
		t.Errorf("failed: %v of the bad one, %v of the good one", k.failed(bad), k.failed(secret.NewValue("good")))
	}
}

// leaver is an issuer whose caller leaves.
type leaver struct{ leave context.CancelFunc }

func (l leaver) issue(ctx context.Context, _ secret.Value, _ time.Time) (secret.Value, time.Duration, error) {
	l.leave()
	return secret.Value{}, 0, ctx.Err()
}

// A caller whose time is over says nothing about the token server to the next.
func TestALeaversFailureIsItsOwn(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	k := newTokens(leaver{cancel})
	if _, err := k.get(ctx, secret.Value{}, eventtest.Now); err == nil || k.failed(secret.Value{}) != nil {
		t.Errorf("%v, the next one is told %v", err, k.failed(secret.Value{}))
	}
}

// A server that takes connections and says nothing would keep each for ever: the
// end of a request doesn't end what it began to dial.
func TestConnectionsEnd(t *testing.T) {
	if tr := transport(); tr.DialContext == nil || tr.TLSHandshakeTimeout <= 0 || tr.TLSHandshakeTimeout > askTimeout {
		t.Error("a handshake that isn't answered has no end")
	}
}

// TestNothingIsLoggedOfAnAnswer lets a server say more than it announced, which
// Go's client logs of connections that it keeps.
func TestNothingIsLoggedOfAnAnswer(t *testing.T) {
	var logged bytes.Buffer
	log.SetOutput(&logged)
	defer log.SetOutput(os.Stderr)
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	left := make(chan struct{})
	go func() {
		defer close(left)
		c, err := l.Accept()
		if err != nil {
			return
		}
		_, _ = c.Read(make([]byte, 64<<10))
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}hidden-word")
		_, _ = io.Copy(io.Discard, c) // until the client leaves
		_ = c.Close()
	}()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+l.Addr().String(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if body, _, err := askOnce("a server", req); err != nil || string(body) != "{}" {
		t.Errorf("%s, %v", body, err)
	}
	<-left
	if logged.Len() > 0 {
		t.Errorf("the log has %s", logged.String())
	}
}
