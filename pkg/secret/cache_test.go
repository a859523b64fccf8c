package secret_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sigpost/sigpost/pkg/secret"
	"github.com/sigpost/sigpost/pkg/secret/secrettest"
)

func TestMemoryPassesTheSuite(t *testing.T) {
	secrettest.Run(t, func(*testing.T) secrettest.Fixture {
		m := &secrettest.Memory{}
		return secrettest.Fixture{Manager: m, Put: m.Put, Deny: m.Deny, Down: m.Down}
	})
}

// cacheKit is a Cache, what stands behind it, and its clock.
type cacheKit struct {
	*secret.Cache
	*secrettest.Memory
	t   *testing.T
	now time.Time
	log bytes.Buffer
}

func newCacheKit(t *testing.T) *cacheKit {
	t.Helper()
	k := &cacheKit{t: t, Memory: &secrettest.Memory{}, now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	k.Now = func() time.Time { return k.now }
	k.Cache = secret.NewCache(k.Memory, secret.NewLocal(func(string) (string, bool) { return "from env", true }, nil), secret.CacheConfig{
		Now: k.Now, Jitter: func(d time.Duration) time.Duration { return d },
		Log: slog.New(slog.NewTextHandler(&k.log, nil)),
	})
	t.Cleanup(func() {
		if strings.Contains(k.log.String(), "value") {
			t.Errorf("a value is in the log: %s", &k.log)
		}
	})
	return k
}

func (k *cacheKit) ref(text string) secret.Ref {
	k.t.Helper()
	ref, err := secret.ParseRef(text)
	if err != nil {
		k.t.Fatal(err)
	}
	return ref
}

// want checks what Get gives, and how many fetches there have been by then.
func (k *cacheKit) want(text, value string, fetches int) {
	k.t.Helper()
	got, err := k.Get(k.t.Context(), k.ref(text))
	if err != nil || got.Reveal() != value {
		k.t.Errorf("%s is %q, %v, want %q", text, got.Reveal(), err, value)
	}
	if n := k.Fetches(); n != fetches {
		k.t.Errorf("%d fetches, want %d", n, fetches)
	}
}

func (k *cacheKit) fails(kind error, fetches int) {
	k.t.Helper()
	_, err := k.Get(k.t.Context(), k.ref("secret://a"))
	if err == nil || kind != nil && !errors.Is(err, kind) {
		k.t.Errorf("secret://a: %v, want %v", err, kind)
	}
	if n := k.Fetches(); n != fetches {
		k.t.Errorf("%d fetches, want %d", n, fetches)
	}
}

func TestCacheFetchesOnceUntilItIsOld(t *testing.T) {
	k := newCacheKit(t)
	k.Put("a", `{"k":"value 1"}`)
	k.want("secret://a?key=k", "value 1", 1)
	k.want("secret://a", `{"k":"value 1"}`, 1)
	k.Put("a", `{"k":"value 2"}`)
	k.now = k.now.Add(5*time.Minute - 1)
	k.want("secret://a?key=k", "value 1", 1)
	k.now = k.now.Add(1)
	k.want("secret://a?key=k", "value 2", 2)
	k.want("secret://a?version=1&key=k", "value 1", 3)
	k.want("env://X", "from env", 3)
	k.Put("b", "value\r\n")
	k.want("secret://b", "value", 4)
}

func TestCacheBridgesAManagerThatIsDownForABoundedTime(t *testing.T) {
	k := newCacheKit(t)
	k.Put("a", "value")
	k.want("secret://a", "value", 1)
	k.Down(true)
	k.now = k.now.Add(5 * time.Minute)
	k.want("secret://a", "value", 2)
	k.want("secret://a", "value", 2) // not asked again at once
	k.now = k.now.Add(10 * time.Second)
	k.want("secret://a", "value", 3)
	if !strings.Contains(k.log.String(), "secret://a") {
		t.Errorf("the log says nothing of it: %s", &k.log)
	}
	k.now = k.now.Add(54*time.Minute + 50*time.Second)
	k.fails(nil, 4)
	k.Down(false)
	k.now = k.now.Add(10 * time.Second)
	k.want("secret://a", "value", 5)
}

func TestCacheDoesNotBridgeADefiniteAnswer(t *testing.T) {
	k := newCacheKit(t)
	k.fails(secret.ErrNotFound, 1)
	k.fails(secret.ErrNotFound, 1)
	k.Put("a", "value")
	k.now = k.now.Add(10 * time.Second)
	k.want("secret://a", "value", 2)
}

func TestCacheHasNothingToBridgeWith(t *testing.T) {
	k := newCacheKit(t)
	k.Put("a", "value")
	k.Down(true)
	k.fails(nil, 1)
	k.fails(nil, 1)
	k.Down(false)
	k.now = k.now.Add(time.Second)
	k.want("secret://a", "value", 2)
}

func TestRefreshFindsARotationOnceAMinute(t *testing.T) {
	k := newCacheKit(t)
	a := []secret.Ref{k.ref("secret://a")}
	k.Put("a", "value 1")
	k.want("secret://a", "value 1", 1)
	k.now = k.now.Add(time.Second)
	if k.Refresh(t.Context(), a, k.now) {
		t.Error("a refresh found a change where there is none")
	}
	k.Put("a", "value 2")
	k.now = k.now.Add(59 * time.Second)
	for range 100 {
		if k.Refresh(t.Context(), a, k.now) {
			t.Error("a second refresh within a minute")
		}
	}
	k.want("secret://a", "value 1", 3)
	k.now = k.now.Add(time.Second)
	before := k.now
	if !k.Refresh(t.Context(), a, k.now) {
		t.Error("a refresh did not find the new version")
	}
	k.want("secret://a", "value 2", 5)
	k.now = k.now.Add(time.Second)
	if !k.Refresh(t.Context(), a, before) {
		t.Error("who began before the refresh is not told of it")
	}
	if k.Refresh(t.Context(), a, k.now) {
		t.Error("who began after the refresh is told of it")
	}
	k.want("secret://a", "value 2", 5)
}

func TestThePreviousVersionCountsForADay(t *testing.T) {
	k := newCacheKit(t)
	a := k.ref("secret://a")
	var h secret.Handle
	if err := h.UnmarshalText([]byte("secret://a")); err != nil {
		t.Fatal(err)
	}
	h.Bind(k.Cache)
	values := func() string {
		t.Helper()
		vs, err := secret.Values(t.Context(), []secret.Handle{h})
		if err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, v := range vs {
			all = append(all, v.Reveal())
		}
		return strings.Join(all, ",")
	}
	k.Put("a", "value 1")
	k.now = k.now.Add(48 * time.Hour)
	k.Put("a", "value 2")
	if got := values(); got != "value 2" {
		t.Errorf("before anything was refused: %s", got)
	}
	if !secret.Refresh(t.Context(), []secret.Handle{h}, k.now) {
		t.Error("the version before was not found")
	}
	if got := values(); got != "value 2,value 1" {
		t.Errorf("after a refusal: %s", got)
	}
	k.now = k.now.Add(24*time.Hour - 1)
	if got := values(); got != "value 2,value 1" {
		t.Errorf("within a day: %s", got)
	}
	k.now = k.now.Add(1)
	if got := values(); got != "value 2" {
		t.Errorf("after a day: %s", got)
	}
	if _, ok := k.Previous(t.Context(), k.ref("secret://a?version=2")); ok {
		t.Error("a pinned version has one before it")
	}
	k.Put("a", "")
	k.now = k.now.Add(time.Hour)
	if k.Refresh(t.Context(), []secret.Ref{a}, k.now); t.Failed() {
		return
	}
	if _, err := secret.Values(t.Context(), []secret.Handle{h}); !errors.Is(err, secret.ErrEmpty) {
		t.Errorf("an empty current version: %v, want ErrEmpty", err)
	}
}

// gate is a Manager that answers when it is told to.
type gate struct {
	mu   sync.Mutex
	n    int
	come chan struct{}
	open chan struct{}
}

func (g *gate) Fetch(ctx context.Context, name, _ string) (secret.Version, error) {
	g.mu.Lock()
	g.n++
	g.mu.Unlock()
	g.come <- struct{}{}
	select {
	case <-g.open:
		return secret.Version{Value: secret.NewValue("value of " + name)}, nil
	case <-ctx.Done():
		return secret.Version{}, fmt.Errorf("secret %s: %w", name, ctx.Err())
	}
}

func TestManyWaitForOneFlight(t *testing.T) {
	g := &gate{come: make(chan struct{}, 100), open: make(chan struct{})}
	c := secret.NewCache(g, nil, secret.CacheConfig{})
	ref, _ := secret.ParseRef("secret://a")
	gone, leave := context.WithCancel(t.Context())
	left := make(chan error)
	go func() {
		_, err := c.Get(gone, ref)
		left <- err
	}()
	<-g.come
	leave()
	if err := <-left; !errors.Is(err, context.Canceled) {
		t.Errorf("who left got %v", err)
	}
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			if v, err := c.Get(t.Context(), ref); err != nil || v.Reveal() != "value of a" {
				t.Errorf("got %v", err)
			}
		})
	}
	close(g.open)
	wg.Wait()
	if g.n != 1 {
		t.Errorf("%d fetches, want 1", g.n)
	}
}

func TestAFetchIsBounded(t *testing.T) {
	g := &gate{come: make(chan struct{}, 1), open: make(chan struct{})}
	c := secret.NewCache(g, nil, secret.CacheConfig{FetchTimeout: time.Millisecond})
	ref, _ := secret.ParseRef("secret://a")
	if _, err := c.Get(t.Context(), ref); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

type panicking struct{}

func (panicking) Fetch(context.Context, string, string) (secret.Version, error) { panic("value") }

func TestAPanicOfTheManagerIsAnError(t *testing.T) {
	c := secret.NewCache(panicking{}, nil, secret.CacheConfig{})
	ref, _ := secret.ParseRef("secret://a")
	if _, err := c.Get(t.Context(), ref); err == nil || strings.Contains(err.Error(), "value") {
		t.Errorf("got %v", err)
	}
}
