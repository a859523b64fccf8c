package deliver

import (
	"bytes"
	"io"
	"log"
	"net"
	"os"
	"strings"
	"testing"

	"github.com/sigpost/sigpost/pkg/secret"
)

// TestNothingIsLoggedOfAnAnswer lets a receiver say more than it announced.
func TestNothingIsLoggedOfAnAnswer(t *testing.T) {
	var logged bytes.Buffer
	log.SetOutput(&logged)
	defer log.SetOutput(os.Stderr)
	QuietLog()
	QuietLog() // twice is once
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
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokhidden-word")
		_, _ = io.Copy(io.Discard, c) // until the client leaves
		_ = c.Close()
	}()
	if err := New(Config{}).Send(t.Context(), Request{URL: secret.NewValue("http://" + l.Addr().String())}); err != nil {
		t.Error(err)
	}
	<-left
	log.Print("another line")
	got := logged.String()
	if strings.Contains(got, "hidden-word") || strings.Count(got, string(unasked)) != 1 || !strings.Contains(got, "another line\n") {
		t.Errorf("the log has %q", got)
	}
}
