package inbox

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/sigpost/sigpost/pkg/event"
)

func do(b *Inbox, method, host, path, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Host = host
	w := httptest.NewRecorder()
	b.Handler().ServeHTTP(w, r)
	return w
}

func TestHandlerHost(t *testing.T) {
	for host, want := range map[string]int{
		"localhost": 200, "localhost:8080": 200, "127.0.0.1:8080": 200, "127.3.2.1": 200, "[::1]:8080": 200, "[::1]": 200,
		"evil.example": 403, "evil.example:8080": 403, "127.0.0.1.evil.example": 403, "localhost.evil.example": 403,
		"10.0.0.1": 403, "0.0.0.0:8080": 403, "": 403,
	} {
		for _, path := range []string{"/inbox", "/inbox/messages", "/inbox/app.js"} {
			if got := do(New(), "GET", host, path, "").Code; got != want {
				t.Errorf("GET %s for host %q = %d, want %d", path, host, got, want)
			}
		}
	}
	b := New()
	do(b, "POST", "evil.example", "/inbox/receive/slack/ops", `{"text":"a"}`)
	if n := b.span().Newest; n != 0 {
		t.Errorf("a refused request left %d messages", n)
	}
}

func TestHandlerRefusesOtherSites(t *testing.T) {
	b := New()
	r := httptest.NewRequest("POST", "/inbox/receive/slack/ops", strings.NewReader(`{"text":"a"}`))
	r.Host = "localhost:8080"
	r.Header.Set("Origin", "https://evil.example")
	w := httptest.NewRecorder()
	b.Handler().ServeHTTP(w, r)
	if w.Code != 403 || b.span().Newest != 0 {
		t.Errorf("post from another site = %d with %d messages, want 403 with 0", w.Code, b.span().Newest)
	}
}

func TestHandlerPolicy(t *testing.T) {
	for _, path := range []string{"/inbox", "/inbox/app.js", "/inbox/app.css", "/inbox/messages"} {
		w := do(New(), "GET", "localhost", path, "")
		got := w.Header().Get("Content-Security-Policy")
		want := "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:"
		if w.Code != 200 || !strings.HasPrefix(got, want) || strings.Contains(got, "unsafe") ||
			!strings.HasSuffix(got, "require-trusted-types-for 'script'; trusted-types 'none'") {
			t.Errorf("GET %s = %d with policy %q, want 200 with %q", path, w.Code, got, want)
		}
	}
}

func TestReceive(t *testing.T) {
	for _, c := range []struct {
		kind, body string
		status     int
		answer     string
	}{
		{"slack", `{"text":"a"}`, 200, "ok"},
		{"slack", `{"blocks":[{"type":"divider"}]}`, 200, "ok"},
		{"slack", `{"attachments":[{"text":"a"}]}`, 200, "ok"},
		{"discord", `{"content":"a"}`, 200, `{"id":"1"}`},
		{"discord", `{"embeds":[{"title":"a"}]}`, 200, `{"id":"1"}`},
		{"discord", `{"embeds":[]}`, 400, `{"message":"Invalid Form Body","code":50035}` + "\n"},
		{"discord", `{"content":"a","embeds":{}}`, 400, `{"message":"Invalid Form Body","code":50035}` + "\n"},
		{"slack", `{}`, 400, "invalid_payload\n"},
		{"slack", `{"text":1}`, 400, "invalid_payload\n"},
		{"slack", `{"text":"a","blocks":"b"}`, 400, "invalid_payload\n"},
		{"slack", `no`, 400, "invalid_payload\n"},
		{"teams", `{"type":"message","attachments":[{"contentType":"application/vnd.microsoft.card.adaptive","content":{"type":"AdaptiveCard"}}]}`, 202, ""},
		{"teams", `{"@type":"MessageCard","text":"a"}`, 202, ""},
		{"teams", `{"text":"a"}`, 400, "TriggerInputSchemaMismatch\n"},
		{"teams", `{"type":"message","attachments":[]}`, 400, "TriggerInputSchemaMismatch\n"},
		{"bigquery", `{"rows":[{"insertId":"a","json":{}}]}`, 200, `{"kind":"bigquery#tableDataInsertAllResponse"}`},
		{
			"bigquery", `{"rows":[{"json":{"payload":"` + strings.Repeat("x", 9_000_000) + `"}}]}`,
			200, `{"kind":"bigquery#tableDataInsertAllResponse"}`,
		},
		{"bigquery", `{"rows":[]}`, 400, bigqueryRefusal},
		{"bigquery", `{"rows":[{"insertId":"a"}]}`, 400, bigqueryRefusal},
		{"pagerduty", `{"routing_key":"routingkeyroutingkeyroutingkey32","event_action":"trigger","payload":{"summary":"a"}}`, 202, `{"status":"success","message":"Event processed"}`},
		{"pagerduty", `{"routing_key":"routingkeyroutingkeyroutingkey32","event_action":"resolve","dedup_key":"a"}`, 202, `{"status":"success","message":"Event processed"}`},
		{"pagerduty", `{"routing_key":"routingkeyroutingkeyroutingkey32","payload":{"summary":"a"}}`, 202, `{"status":"success","message":"Event processed"}`},
		{"pagerduty", `{"event_action":"trigger","payload":{"summary":"a"}}`, 400, `{"status":"invalid event","message":"Event object is invalid","errors":[]}` + "\n"},
		{"pagerduty", `{"routing_key":"routingkeyroutingkeyroutingkey32","event_action":"trigger"}`, 400, `{"status":"invalid event","message":"Event object is invalid","errors":[]}` + "\n"},
		{"pagerduty", `{"routing_key":"routingkeyroutingkeyroutingkey32","event_action":"page","payload":{"summary":"a"}}`, 400, `{"status":"invalid event","message":"Event object is invalid","errors":[]}` + "\n"},
		{"generic", `{"a":1}`, 200, "{}"},
		{"generic", `null`, 400, "invalid_payload\n"},
		{"generic", `{"a":"` + strings.Repeat("x", maxBody) + `"}`, 413, "payload too large\n"},
		{"other", `{"a":1}`, 404, "404 page not found\n"},
	} {
		b := New()
		path := "/inbox/receive/" + c.kind + "/ops"
		if c.kind == "pagerduty" {
			path += "/v2/enqueue"
		}
		w := do(b, "POST", "localhost", path, c.body)
		if w.Code != c.status || w.Body.String() != c.answer {
			t.Errorf("%s %.60s = %d %q, want %d %q", c.kind, c.body, w.Code, w.Body, c.status, c.answer)
		}
		if b.span().Newest != 0 {
			t.Errorf("%s %.60s: a posted message is shown, though only the relay says what was sent", c.kind, c.body)
		}
	}
}

// The stand-in for any receiver takes a form as GitHub posts it, too.
func TestGenericTakesWhatIsNoJSON(t *testing.T) {
	r := httptest.NewRequest("POST", "/inbox/receive/generic/archive", strings.NewReader("payload=%7B%7D"))
	r.Host = "localhost"
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	New().Handler().ServeHTTP(w, r)
	if w.Code != 200 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestMessages(t *testing.T) {
	b := New()
	raw := []byte("not for the page")
	for i := range Keep + 5 {
		b.Add(Message{
			Sink: fmt.Sprint(i), Type: "slack", Status: "delivered", Body: []byte(`{"text":"a"}`),
			Event: event.Event{Title: "t", Raw: raw},
		})
	}
	hostile := "</script><script>alert(1)</script>\xff"
	b.Add(Message{Sink: "last", Type: "generic", Status: "failed: refused", Body: []byte(hostile)})
	w := do(b, "GET", "localhost", "/inbox/messages", "")
	var got []struct {
		ID    int64
		Sink  string
		Body  any
		Event map[string]any
	}
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Fatalf("list: %v", err)
	}
	if len(got) != Keep || got[0].Sink != "last" || got[1].Sink != fmt.Sprint(Keep+4) {
		t.Fatalf("list has %d messages, first %q, want %d, newest first", len(got), got[0].Sink, Keep)
	}
	if want := strings.ReplaceAll(hostile, "\xff", "\uFFFD"); got[0].Body != want {
		t.Errorf("body that is not JSON = %q, want the string %q", got[0].Body, want)
	}
	if ct := w.Header().Get("Content-Type"); ct != "application/json" || strings.Contains(w.Body.String(), "<script>") {
		t.Errorf("content type %q, or markup left in the list", ct)
	}
	if _, ok := got[1].Event["raw"]; ok || string(raw) != "not for the page" {
		t.Errorf("the event kept its raw body, or the caller's was changed")
	}
	w = do(b, "GET", "localhost", fmt.Sprintf("/inbox/messages?after=%d", b.span().Newest-1), "")
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || len(got) != 1 {
		t.Errorf("messages after the last but one: %d, %v, want 1", len(got), err)
	}
}

// TestEvents reads the stream with a real client, and waits on nothing else.
func TestEvents(t *testing.T) {
	b := New()
	done := make(chan struct{})
	h := b.Handler()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(done)
		h.ServeHTTP(w, r)
	}))
	defer srv.Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, "GET", srv.URL+"/inbox/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := srv.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if ct := res.Header.Get("Content-Type"); ct != "text/event-stream" {
		t.Fatalf("content type = %q", ct)
	}
	lines := bufio.NewScanner(res.Body)
	until := func(want string) {
		for lines.Scan() {
			if lines.Text() == want {
				return
			}
		}
		t.Fatalf("the stream ended before %q: %v", want, lines.Err())
	}
	data := func(oldest, newest int) string {
		return fmt.Sprintf(`data: {"server":%q,"oldest":%d,"newest":%d}`, b.server, oldest, newest)
	}
	until("retry: 500")
	until(data(0, 0))
	b.Add(Message{Type: "slack"})
	until(data(1, 1))
	for range 1000 { // nobody reads meanwhile, and Add doesn't mind
		b.Add(Message{Type: "slack"})
	}
	until(data(1002-Keep, 1001))
	if New().server == b.server {
		t.Error("two servers can't be told apart")
	}
	cancel()
	io.Copy(io.Discard, res.Body)
	<-done
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.readers) != 0 {
		t.Errorf("%d readers left after the client went", len(b.readers))
	}
}

// A bot's stand-in says where the message is, and of a change that it is there still.
func TestReceiveFromABot(t *testing.T) {
	b := New()
	var at []string
	for _, call := range [][2]string{{"chat.postMessage", `{"channel":"#ops","text":"a"}`}, {"chat.postMessage", `{"channel":"#ops","text":"b"}`}, {"chat.update", `{"channel":"C0INBOX01","ts":"1.2","text":"a"}`}} {
		w := do(b, "POST", "127.0.0.1", "/inbox/receive/slack/"+call[0], call[1])
		var answer struct {
			OK          bool
			Channel, TS string
		}
		if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || !answer.OK || answer.Channel != "C0INBOX01" {
			t.Fatalf("%v: %s", err, w.Body)
		}
		at = append(at, answer.TS)
	}
	if !regexp.MustCompile(`^\d{10}\.\d{6}$`).MatchString(at[0]) || at[2] != "1.2" {
		t.Errorf("at %v", at)
	}
	if w := do(b, "POST", "127.0.0.1", "/inbox/receive/slack/chat.postMessage", `{"channel":"#ops"}`); w.Code != 400 {
		t.Errorf("an empty message: %d", w.Code)
	}
}

const bigqueryRefusal = `{"error":{"code":400,"message":"No rows present in the request.","errors":[{"message":"No rows present in the request.","domain":"global","reason":"invalid"}],"status":"INVALID_ARGUMENT"}}` + "\n"
