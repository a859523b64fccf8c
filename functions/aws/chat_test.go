package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
)

// chat is a Slack that knows some webhooks.
type chat struct {
	server *httptest.Server

	mu       sync.Mutex
	revoked  map[string]bool
	hang     chan struct{}
	messages []string
	held     int
}

func newChat(t *testing.T) *chat {
	t.Helper()
	c := &chat{revoked: map[string]bool{}}
	c.server = httptest.NewServer(http.HandlerFunc(c.serve))
	t.Cleanup(func() { c.server.CloseClientConnections(); c.server.Close() })
	return c
}

// hook is the URL of a webhook.
func (c *chat) hook(name string) string {
	return c.server.URL + "/services/T0000/B0000/hidden-hook-" + name
}

func (c *chat) revoke(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.revoked["/services/T0000/B0000/hidden-hook-"+name] = true
}

// stall makes requests wait until the function that it returns is called.
func (c *chat) stall() (goOn func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hang = make(chan struct{})
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		close(c.hang)
		c.hang = nil
	}
}

func (c *chat) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.messages)
}

// waiting is how many requests have been made to wait.
func (c *chat) waiting() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.held
}

func (c *chat) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	c.mu.Lock()
	hang, revoked := c.hang, c.revoked[r.URL.Path]
	if hang != nil {
		c.held++
	}
	c.mu.Unlock()
	if hang != nil {
		select {
		case <-hang:
		case <-r.Context().Done():
			return
		}
	}
	if revoked {
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, "no_service")
		return
	}
	c.mu.Lock()
	c.messages = append(c.messages, string(body))
	c.mu.Unlock()
	_, _ = io.WriteString(w, "ok")
}
