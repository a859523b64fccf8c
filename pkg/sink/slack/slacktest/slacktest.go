// Package slacktest is a stand-in for Slack's Web API: chat.postMessage and
// chat.update, strict about what it takes, with messages and threads that can be
// looked at. The words are those of
// https://docs.slack.dev/reference/methods/chat.postMessage and
// https://docs.slack.dev/reference/methods/chat.update.
package slacktest

import (
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"sync"
)

// API is the stand-in. Set its fields before the first request.
type API struct {
	// Token is the only one that is good.
	Token string
	// Channels are the ids by the names that they go by.
	Channels map[string]string
	// Check says what is wrong with a body, which is then refused. May be nil.
	Check func(body []byte) error
	// Answer, if it returns a status, answers instead. N is from 1. May be nil.
	Answer func(method string, n int) (status int, body string, header http.Header)

	mu       sync.Mutex
	n        int
	wrong    []string
	messages []*Message
}

// Message is one of a channel, as it looks now.
type Message struct {
	Channel, TS, Thread string
	Body                string // as posted or changed last
	Edits               int
	Frozen, Gone        bool // it can't be changed, or was deleted
}

// body is what the methods take.
type body struct {
	Channel     string            `json:"channel"`
	TS          string            `json:"ts"`
	Thread      string            `json:"thread_ts"`
	Broadcast   bool              `json:"reply_broadcast"`
	Parse       string            `json:"parse"`
	Text        string            `json:"text"`
	Blocks      []json.RawMessage `json:"blocks"`
	Attachments []json.RawMessage `json:"attachments"`
	UnfurlLinks *bool             `json:"unfurl_links"`
	UnfurlMedia *bool             `json:"unfurl_media"`
}

// Messages are all there are, in the order of posting.
func (a *API) Messages() []Message {
	a.mu.Lock()
	defer a.mu.Unlock()
	var all []Message
	for _, m := range a.messages {
		all = append(all, *m)
	}
	return all
}

// Change changes the n-th message, from 0.
func (a *API) Change(n int, change func(*Message)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	change(a.messages[n])
}

// Calls is how many requests there were.
func (a *API) Calls() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.n
}

// Wrong is what was wrong with requests as such, whatever they were answered.
func (a *API) Wrong() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]string(nil), a.wrong...)
}

// ServeHTTP answers /api/chat.postMessage and /api/chat.update.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	raw, err := io.ReadAll(r.Body)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.n++
	method := strings.TrimPrefix(r.URL.Path, "/api/")
	if err != nil || r.Method != http.MethodPost || r.URL.RawQuery != "" {
		a.wrong = append(a.wrong, fmt.Sprintf("%s %s: %v", r.Method, method, err))
	}
	if a.Answer != nil {
		if status, text, h := a.Answer(method, a.n); status != 0 {
			for k := range h {
				w.Header().Set(k, h.Get(k))
			}
			w.WriteHeader(status)
			_, _ = io.WriteString(w, text)
			return
		}
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	answer := map[string]any{"ok": true}
	if word := a.do(method, r.Header, raw, answer); word != "" {
		answer = map[string]any{"ok": false, "error": word}
	}
	_ = json.NewEncoder(w).Encode(answer)
}

// do is the refusal's word; what it answers otherwise is put into answer.
func (a *API) do(method string, h http.Header, raw []byte, answer map[string]any) string {
	if token, ok := strings.CutPrefix(h.Get("Authorization"), "Bearer "); !ok {
		return "not_authed"
	} else if token != a.Token {
		return "invalid_auth"
	}
	kind, params, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil || kind != "application/json" {
		return "invalid_post_type"
	}
	if params["charset"] != "utf-8" {
		return "invalid_charset"
	}
	dec := json.NewDecoder(strings.NewReader(string(raw)))
	dec.DisallowUnknownFields()
	var b body
	if err := dec.Decode(&b); err != nil {
		a.wrong = append(a.wrong, err.Error())
		return "invalid_arguments"
	}
	if a.Check != nil {
		if err := a.Check(raw); err != nil {
			a.wrong = append(a.wrong, err.Error())
			return "invalid_blocks"
		}
	}
	if b.Text == "" && len(b.Blocks)+len(b.Attachments) == 0 {
		return "no_text"
	}
	switch method {
	case "chat.postMessage":
		return a.post(b, raw, answer)
	case "chat.update":
		return a.update(b, raw, answer)
	}
	return "unknown_method"
}

func (a *API) find(channel, ts string) *Message {
	for _, m := range a.messages {
		if m.Channel == channel && m.TS == ts && !m.Gone {
			return m
		}
	}
	return nil
}

func (a *API) post(b body, raw []byte, answer map[string]any) string {
	if id, ok := a.Channels[b.Channel]; ok {
		b.Channel = id
	} else if !a.known(b.Channel) {
		return "channel_not_found"
	}
	if b.TS != "" || b.Parse != "" || b.Broadcast && b.Thread == "" {
		a.wrong = append(a.wrong, "a post with what only a change or a reply has")
		return "invalid_arguments"
	}
	if b.Thread != "" {
		first := a.find(b.Channel, b.Thread)
		if first == nil {
			return "thread_not_found"
		}
		if first.Thread != "" {
			a.wrong = append(a.wrong, "a reply to a reply")
			return "cannot_reply_to_message"
		}
	}
	m := &Message{Channel: b.Channel, TS: fmt.Sprintf("1700000000.%06d", len(a.messages)+1), Thread: b.Thread, Body: string(raw)}
	a.messages = append(a.messages, m)
	answer["channel"], answer["ts"] = m.Channel, m.TS
	return ""
}

func (a *API) known(id string) bool {
	for _, known := range a.Channels {
		if id == known {
			return true
		}
	}
	return false
}

func (a *API) update(b body, raw []byte, answer map[string]any) string {
	if !a.known(b.Channel) { // a name won't do
		return "channel_not_found"
	}
	if b.Thread != "" || b.Broadcast || b.Parse != "none" || b.UnfurlLinks != nil || b.UnfurlMedia != nil || b.Attachments == nil {
		a.wrong = append(a.wrong, "a change with what only a post has, or without parse and attachments")
		return "invalid_arguments"
	}
	m := a.find(b.Channel, b.TS)
	switch {
	case m == nil:
		return "message_not_found"
	case m.Frozen:
		return "edit_window_closed"
	}
	m.Body = string(raw)
	m.Edits++
	answer["channel"], answer["ts"] = m.Channel, m.TS
	return ""
}
