package gcp

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
)

// chat is a Slack that knows its webhooks.
type chat struct {
	server *httptest.Server

	mu       sync.Mutex
	revoked  map[string]bool
	hang     chan struct{}
	hanging  int // requests that came while it did
	status   int // answered to everything if it is not 0
	messages []string
}

func newChat(t *testing.T) *chat {
	t.Helper()
	c := &chat{revoked: map[string]bool{}}
	c.server = httptest.NewServer(c)
	t.Cleanup(func() { c.server.CloseClientConnections(); c.server.Close() })
	return c
}

func hookPath(name string) string { return "/services/T0000/B0000/hidden-hook-" + name }

// hook is the URL of a webhook.
func (c *chat) hook(name string) string { return c.server.URL + hookPath(name) }

func (c *chat) revoke(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.revoked[hookPath(name)] = true
}

// stall makes requests wait until the function that it returns is called.
func (c *chat) stall() (goOn func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	hang := make(chan struct{})
	c.hang = hang
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		close(hang)
		c.hang = nil
	}
}

// stalled is how many requests came while they had to wait.
func (c *chat) stalled() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.hanging
}

// fail answers everything with a status, or, with 0, no more.
func (c *chat) fail(status int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.status = status
}

func (c *chat) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.messages)
}

func (c *chat) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	c.mu.Lock()
	hang, revoked, status := c.hang, c.revoked[r.URL.Path], c.status
	if hang != nil {
		c.hanging++
	}
	c.mu.Unlock()
	if hang != nil {
		select {
		case <-hang:
		case <-r.Context().Done():
			return
		}
	}
	if status != 0 {
		http.Error(w, "no", status)
		return
	}
	if revoked {
		http.Error(w, "no_service", http.StatusNotFound)
		return
	}
	c.mu.Lock()
	c.messages = append(c.messages, string(body))
	c.mu.Unlock()
	_, _ = io.WriteString(w, "ok")
}
