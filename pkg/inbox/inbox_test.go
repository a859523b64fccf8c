package inbox

import (
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/sigpost/sigpost/pkg/event"
)

// morning is the time of the messages of these tests.
var morning = time.Date(2026, time.March, 4, 9, 30, 0, 0, time.UTC)

// numbered is a small message that can be told from others.
func numbered(n int) Message {
	return Message{
		Sink: "ops", Type: "slack", Status: "delivered", Time: morning,
		Body:  fmt.Appendf(nil, `{"text":"message %d"}`, n),
		Event: event.Event{Source: "github", Type: "issues.opened", Title: fmt.Sprintf("Title %d", n)},
	}
}

// held is the bytes that an Inbox has, counted one by one.
func held(b *Inbox) (n, bytes int) {
	for _, e := range b.entries {
		bytes += len(e.json)
	}
	return len(b.entries), bytes
}

func sized(n int) Message {
	return Message{Sink: "ops", Type: "generic", Status: "delivered", Body: []byte(`"` + strings.Repeat("x", n-2) + `"`)}
}

// TestKeepBytes adds messages of all sizes to an inbox with a small cap, and
// never finds more than what is promised, nor less than would have fitted.
func TestKeepBytes(t *testing.T) {
	const largest = 20_000
	b := New()
	if b.limit != KeepBytes {
		t.Fatalf("the cap is %d bytes", b.limit)
	}
	b.limit = 100_000
	few := false
	for i := range 600 {
		m := sized(2 + i*7919%(largest/2)) // sizes spread evenly
		if i >= 300 {
			m = numbered(i) // then small ones, which the other cap stops
		} else if i%3 == 0 {
			m.Event = event.Event{Title: "t", Text: event.Text{Body: strings.Repeat("y", i*104729%(largest/2))}}
		}
		b.Add(m)
		n, bytes := held(b)
		if n > Keep || bytes > b.limit || bytes != b.bytes || n == 0 {
			t.Fatalf("after %d: %d messages with %d bytes, counted as %d", i+1, n, bytes, b.bytes)
		}
		if first, last := b.entries[0].id, b.entries[n-1].id; last != int64(i+1) || first != int64(i+2-n) {
			t.Fatalf("after %d: %d messages from %d to %d: not the oldest went", i+1, n, first, last)
		}
		if n < i+1 && n < Keep && bytes < b.limit-largest-1000 {
			t.Fatalf("after %d: only %d messages with %d bytes, though one more would fit", i+1, n, bytes)
		}
		few = few || n < min(i+1, Keep)
	}
	if n, _ := held(b); !few || n != Keep {
		t.Errorf("%d messages at the end: one of the caps was never met", n)
	}
}

// TestKeepBytesIsMemory sees the memory of dropped messages come back.
func TestKeepBytesIsMemory(t *testing.T) {
	b := New()
	for range 100 {
		b.keep(make([]byte, 2<<20))
	}
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	if limit := uint64(KeepBytes + 16<<20); m.HeapAlloc > limit {
		t.Errorf("%d bytes in use after 200 MiB of messages, want at most %d", m.HeapAlloc, limit)
	}
	if n, bytes := held(b); n != 16 || bytes != KeepBytes {
		t.Errorf("%d messages with %d bytes, want 16 with %d", n, bytes, KeepBytes)
	}
}

// TestTooLarge adds a message larger than all that is kept: it is there, without
// what made it large, and the others stay.
func TestTooLarge(t *testing.T) {
	b := New()
	b.Add(numbered(1))
	huge := numbered(2)
	huge.Body = sized(KeepBytes + 1).Body
	huge.Event.Text.Body = strings.Repeat("z", PartBytes+1)
	huge.Sink = strings.Repeat("s", 1<<20)
	huge.Status = strings.Repeat("é", 1<<20)
	b.Add(huge)
	escaped := numbered(3)
	escaped.Body = []byte(strings.Repeat("\x01", PartBytes/2)) // six times as long in JSON
	b.Add(escaped)
	if n, bytes := held(b); n != 3 || bytes > 64<<10 {
		t.Fatalf("%d messages with %d bytes, want 3 small ones", n, bytes)
	}
	list := b.after(0)
	var got struct {
		Large string
		Body  any
		Event struct{ Title, Type, Note string }
	}
	if err := json.Unmarshal(list[1].json, &got); err != nil {
		t.Fatal(err)
	}
	if want := fmt.Sprint(KeepBytes + 1); !strings.Contains(got.Large, want) || got.Body != nil ||
		got.Event.Title != "Title 2" || !strings.Contains(got.Event.Note, "bytes and isn’t kept") {
		t.Errorf("huge message kept as %.300s", list[1].json)
	}
	if !strings.Contains(string(list[0].json), `"large":"This message has 1048576 bytes`) {
		t.Errorf("message that grows kept as %.300s", list[0].json)
	}
}

// TestAddKeepsNothingOfTheCallers changes what was added, and times that JSON
// can't write.
func TestAddKeepsNothingOfTheCallers(t *testing.T) {
	b := New()
	m := numbered(1)
	m.Event.Fields = []event.Field{{Name: "a", Value: "b"}}
	b.Add(m)
	copy(m.Body, "XXXXXXXXXXX")
	m.Event.Fields[0].Value = "changed"
	if got := string(b.after(0)[0].json); strings.Contains(got, "XXX") || strings.Contains(got, "changed") {
		t.Errorf("the inbox shares what it was given: %s", got)
	}
	m = numbered(2)
	m.Time = time.Date(12000, 1, 1, 0, 0, 0, 0, time.UTC)
	m.Event.Time = m.Time
	b.Add(m)
	if got := string(b.after(1)[0].json); !strings.Contains(got, "Title 2") || !strings.Contains(got, `"time":"0001-`) {
		t.Errorf("a message of a far year is kept as %s", got)
	}
}

// A message that comes with a file is shown with it; a broken form as it is.
func TestMultipart(t *testing.T) {
	form := strings.ReplaceAll(`--b
Content-Disposition: form-data; name="payload_json"
Content-Type: application/json

{"content":"x"}
--b
Content-Disposition: form-data; name="files[0]"; filename="gauge.png"
Content-Type: image/png

PNG
--b
Content-Disposition: form-data; name="files[1]"; filename="a.html"
Content-Type: text/html

<script>
--b--
`, "\n", "\r\n")
	for _, tt := range []struct{ kind, body, want string }{
		{"multipart/form-data; boundary=b", form, `{"content":"x","sigpost:files":{"gauge.png":"data:image/png;base64,UE5H"}}`},
		{"multipart/form-data; boundary=b", form[:90], form[:90]},
		{"multipart/form-data", form, form},
		{"application/json", `{"a":1}`, `{"a":1}`},
		{"", form, form},
	} {
		if got := string(unpacked(tt.kind, []byte(tt.body))); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.kind, got, tt.want)
		}
	}
}
