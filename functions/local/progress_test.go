package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestProgressIsForTerminalsOnly(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	t.Setenv("TERM", "xterm")
	if p := newProgress(f, "resend", 2); p.out != nil {
		t.Error("a file is drawn on")
	}
	var b bytes.Buffer
	if p := newProgress(&b, "resend", 2); p.out != nil {
		t.Error("a buffer is drawn on")
	}
	device, err := os.Open(os.DevNull) // a device, as a terminal is
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = device.Close() })
	if p := newProgress(device, "resend", 2); p.out == nil {
		t.Error("a device is not drawn on")
	}
	t.Setenv("TERM", "dumb")
	if p := newProgress(device, "resend", 2); p.out != nil {
		t.Error("a dumb terminal is drawn on")
	}
}

func TestProgressDraws(t *testing.T) {
	var b bytes.Buffer
	p := &progress{out: &b, verb: "resend", total: 200}
	for range 200 {
		p.step()
	}
	p.end()
	text := b.String()
	if n := strings.Count(text, "\r"); n < 3 || n > 100 {
		t.Errorf("drawn %d times", n)
	}
	if !strings.Contains(text, "resend ["+strings.Repeat(" ", 30)+"] 1/200") || !strings.Contains(text, "resend ["+strings.Repeat("=", 30)+"] 200/200") || !strings.HasSuffix(text, "\r\x1b[K") {
		t.Errorf("drawn: %q", text)
	}
}
