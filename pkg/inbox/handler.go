package inbox

import (
	"embed"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

//go:embed assets
var assets embed.FS

// policy lets the page run its own script and style and nothing else.
// Text of a message can't become markup: the page has no way to parse any.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; " +
	"img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; " +
	"require-trusted-types-for 'script'; trusted-types 'none'"

// styles are how a page looks, and drawings what draws a message: article(m) is
// a message with all that belongs to it.
var (
	styles   = []string{"page.css", "slack.css", "teams.css", "discord.css"}
	drawings = []string{
		"dom.js", "mrkdwn.js", "slack.js", "cardtext.js", "teams.js", "messagecard.js", "gauge.js",
		"discord.js", "pagerduty.js", "bigquery.js", "generic.js", "article.js",
	}
)

// maxBody is the largest message that the stand-in receiver takes: a request of
// BigQuery's, https://cloud.google.com/bigquery/quotas#streaming_inserts.
const maxBody = 10_000_000

// Handler serves the page and the stand-in receivers under /inbox. A request
// whose Host is not loopback is refused: a name that someone else's DNS points
// at this machine gets nothing.
func (b *Inbox) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /inbox", asset("text/html; charset=utf-8", "page.html"))
	mux.HandleFunc("GET /inbox/app.css", asset("text/css; charset=utf-8", styles...))
	mux.HandleFunc("GET /inbox/app.js", asset("text/javascript; charset=utf-8", append(slices.Clone(drawings), "page.js", "keys.js")...))
	mux.HandleFunc("GET /inbox/messages", b.serveMessages)
	mux.HandleFunc("GET /inbox/events", b.serveEvents)
	mux.HandleFunc("POST /inbox/receive/{type}/{sink}", b.receive)
	mux.HandleFunc("POST /inbox/receive/{type}/{sink}/{path...}", b.receive) // of an API
	cross := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		if !loopback(r.Host) || cross.Check(r) != nil {
			http.Error(w, "forbidden", http.StatusForbidden)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// loopback tells whether a Host header names this machine.
func loopback(host string) bool {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}

// asset serves embedded files, joined. A missing one is a mistake of the
// program, found by the first test.
func asset(contentType string, names ...string) http.HandlerFunc {
	body := joined(names...)
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.Write(body)
	}
}

// joined is embedded files, one after the other.
func joined(names ...string) (body []byte) {
	for _, name := range names {
		part, err := assets.ReadFile("assets/" + name)
		if err != nil {
			panic(err)
		}
		body = append(body, part...)
	}
	return body
}

// serveMessages lists the messages, newest first; with ?after=ID the newer ones.
func (b *Inbox) serveMessages(w http.ResponseWriter, r *http.Request) {
	after, err := strconv.ParseInt(r.FormValue("after"), 10, 64)
	if err != nil {
		after = 0
	}
	w.Header().Set("Content-Type", "application/json")
	text := []byte{'['}
	for i, e := range b.after(after) {
		if i > 0 {
			text = append(text, ',')
		}
		text = e.appendTo(text)
	}
	w.Write(append(text, ']', '\n'))
}

// reconnect is how long a page waits before it opens a broken stream again.
const reconnect = 500 * time.Millisecond

// serveEvents sends the span of messages at once and whenever there are newer
// ones, until the client goes.
func (b *Inbox) serveEvents(w http.ResponseWriter, r *http.Request) {
	more, end := b.subscribe()
	defer end()
	rc := http.NewResponseController(w)
	rc.SetWriteDeadline(time.Time{}) // the stream outlives any server-wide limit
	w.Header().Set("Content-Type", "text/event-stream")
	fmt.Fprintf(w, "retry: %d\n\n", reconnect.Milliseconds())
	for {
		data, err := json.Marshal(b.span())
		if err != nil {
			return
		}
		if _, err := fmt.Fprintf(w, "data: %s\n\n", data); err != nil {
			return
		}
		if rc.Flush() != nil {
			return
		}
		select {
		case <-more:
		case <-r.Context().Done():
			return
		}
	}
}

// receive stands in for a receiver: it takes what that would take, answers as
// that would answer, and keeps the message.
func (b *Inbox) receive(w http.ResponseWriter, r *http.Request) {
	kind := r.PathValue("type")
	answer, known := answers[kind]
	if !known {
		http.NotFound(w, r)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		http.Error(w, "payload too large", http.StatusRequestEntityTooLarge)
		return
	}
	var payload map[string]json.RawMessage
	said := r.Header.Get("Content-Type")
	raw := kind == "generic" && said != "" && !strings.Contains(said, "json")
	if !raw && (json.Unmarshal(unpacked(said, body), &payload) != nil || !answer.takes(payload)) {
		http.Error(w, answer.refusal, http.StatusBadRequest)
		return
	}
	if text, ok := slackBot(kind, r.PathValue("sink"), payload, time.Now()); ok {
		answer.contentType, answer.body = "application/json; charset=utf-8", text
	}
	w.Header().Set("Content-Type", answer.contentType)
	w.WriteHeader(answer.status)
	io.WriteString(w, answer.body)
}
