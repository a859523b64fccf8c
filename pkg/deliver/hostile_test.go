package deliver_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/sigpost/sigpost/pkg/deliver"
)

// raw serves connections with f, after the request's header was read.
func raw(t *testing.T, f func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = c.Close() }()
				_, _ = c.Read(make([]byte, 4096))
				f(c)
			}()
		}
	}()
	return "http://" + l.Addr().String()
}

func TestSendHostile(t *testing.T) {
	for _, tt := range []struct {
		name, reason string
		serve        func(net.Conn)
	}{
		{"hang", "time-out", func(c net.Conn) { _, _ = c.Read(make([]byte, 1)) }},
		{"reset", "connection reset", func(c net.Conn) {
			if tcp, ok := c.(*net.TCPConn); ok {
				_ = tcp.SetLinger(0)
			}
		}},
		{"close", "connection closed", func(net.Conn) {}},
		{"garbage", "malformed answer", func(c net.Conn) { _, _ = c.Write([]byte(pathSecret + querySecret + "\r\n\r\n")) }},
		{"endless header", "answer header too large", func(c net.Conn) {
			_, err := c.Write([]byte("HTTP/1.1 200 OK\r\n"))
			for i := 0; err == nil; i++ {
				_, err = fmt.Fprintf(c, "X-%d: %s\r\n", i, strings.Repeat("x", 1000))
			}
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(deliver.Config{AttemptTimeout: 300 * time.Millisecond})
			e := fails(t, r.client.Send(t.Context(), r.request(raw(t, tt.serve))))
			if !e.Temporary || e.Attempts != 4 || e.Reason != tt.reason {
				t.Errorf("got %+v, want %s", *e, tt.reason)
			}
		})
	}
}

func TestSendRefusedAndTLS(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone := "http://" + l.Addr().String()
	_ = l.Close()
	strange := httptest.NewTLSServer(nil)
	t.Cleanup(strange.Close)
	plain := serve(t, func(http.ResponseWriter, *http.Request) {})
	for url, reason := range map[string]string{
		gone:        "connection refused",
		strange.URL: "TLS failure",
		strings.Replace(plain, "http:", "https:", 1): "TLS failure",
		"https://nobody.invalid":                     "name not found",
	} {
		r := newRig(deliver.Config{})
		if e := fails(t, r.client.Send(t.Context(), r.request(url))); e.Reason != reason || !e.Temporary {
			t.Errorf("got %+v, want %s", *e, reason)
		}
	}
}

func TestSendBodies(t *testing.T) {
	judge := func(_ int, body []byte) error {
		if len(body) > 64<<10 {
			return errors.New("too much was read")
		}
		return nil
	}
	endless := func(c net.Conn) {
		_, err := c.Write([]byte("HTTP/1.1 200 OK\r\n\r\n"))
		for err == nil {
			_, err = c.Write(make([]byte, 4096))
		}
	}
	broken := func(c net.Conn) { _, _ = c.Write([]byte("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok")) }
	for _, tt := range []struct {
		name  string
		serve func(net.Conn)
		judge func(int, []byte) error
		ok    bool
	}{
		{"endless", endless, nil, true},
		{"endless, judged", endless, judge, true},
		{"broken", broken, nil, true},
		{"broken, judged", broken, judge, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(deliver.Config{})
			q := r.request(raw(t, tt.serve))
			q.Judge = tt.judge
			err := r.client.Send(t.Context(), q)
			if tt.ok && err != nil {
				t.Errorf("got %v", err)
			}
			if !tt.ok {
				if e := fails(t, err); !e.Temporary || e.Attempts != 4 {
					t.Errorf("got %+v", *e)
				}
			}
		})
	}
}

func TestSendCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	r := newRig(deliver.Config{})
	url := raw(t, func(c net.Conn) { cancel(); _, _ = c.Read(make([]byte, 1)) })
	e := fails(t, r.client.Send(ctx, r.request(url)))
	if !e.Temporary || e.Attempts != 1 || !errors.Is(e, context.Canceled) {
		t.Errorf("got %+v", *e)
	}
}
