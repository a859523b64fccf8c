package relay

import (
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestOversizedBodyWithoutLengthIsRefused(t *testing.T) {
	r := newRoad(t, func(o *Options) { o.ReadTimeout = time.Minute })
	// A reader of unknown length makes the client send chunks.
	body := io.MultiReader(strings.NewReader(strings.Repeat(" ", 1<<20)), strings.NewReader("  "))
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.URL+"/github", body)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("status %d, want 413", resp.StatusCode)
	}
}

func TestSameDeliveryInFlightIsNotDoubled(t *testing.T) {
	r := newRoad(t)
	hold := make(chan struct{})
	r.hold.Store(&hold)
	req := r.sealed(t, "github", "issues.opened")
	first := make(chan int)
	go func() {
		status, _, _ := r.post(t, "/github", req)
		first <- status
	}()
	<-r.held
	if status, body, h := r.post(t, "/github", req); status != 503 || h.Get("Retry-After") == "" {
		t.Errorf("second while the first is on its way: %d %s", status, body)
	}
	close(hold)
	if status := <-first; status != 200 {
		t.Errorf("first: %d", status)
	}
	if n := r.ops.Load(); n != 1 {
		t.Errorf("ops got %d messages, want 1", n)
	}
}

func TestSlowSenderIsAnswered(t *testing.T) {
	r := newRoad(t, func(o *Options) { o.ReadTimeout = 200 * time.Millisecond })
	conn, err := net.Dial("tcp", strings.TrimPrefix(r.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "POST /github HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\nhalf"); err != nil {
		t.Fatal(err)
	}
	if err := conn.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	line := make([]byte, 12)
	if _, err := io.ReadFull(conn, line); err != nil || string(line) != "HTTP/1.1 503" {
		t.Errorf("answer %q, %v", line, err)
	}
	if status, body, _ := r.post(t, "/github", r.sealed(t, "github", "issues.opened")); status != 200 {
		t.Errorf("the process did not go on: %d %s", status, body)
	}
}

func TestPathBeyondTheSourceIsNotFound(t *testing.T) {
	r := newRoad(t)
	for _, c := range []struct {
		name, path string
		want       int
	}{
		{"github", "/github/x", 404},
		{"github", "/github/x/y", 404},
		{"github", "/github//", 404},
		{"array", "/array/x", 404},
		{"terraform", "/terraform/x", 404},
		{"github", "/nowhere/x", 404},
		{"github", "/github", 200},
		{"array", "/array/", 200},
		{"certs", "/certs", 200},
	} {
		status, body, _ := r.post(t, c.path, r.sealed(t, c.name, ""))
		if status != c.want {
			t.Errorf("%s: %d %s, want %d", c.path, status, body, c.want)
		}
	}
	if n := r.ops.Load(); n != 3 {
		t.Errorf("ops got %d messages, want 3", n)
	}
}
