package relay

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

func TestOversizedBodyWithoutLengthIsRefused(t *testing.T) {
	r := newRoad(t)
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
