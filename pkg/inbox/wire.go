package inbox

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/sigpost/sigpost/pkg/event"
)

// wire is a message as the page reads it, but for its id. Body is what was posted: JSON as it
// is, anything else as a string. Large stands for a body that isn't kept.
type wire struct {
	Sink   string          `json:"sink"`
	Type   string          `json:"type"`
	Status string          `json:"status"`
	Time   time.Time       `json:"time"`
	Body   json.RawMessage `json:"body,omitempty"`
	Large  string          `json:"large,omitempty"`
	Event  json.RawMessage `json:"event,omitempty"`
}

func wireOf(m Message) wire {
	w := wire{Sink: cut(m.Sink), Type: cut(m.Type), Status: cut(m.Status), Time: writable(m.Time)}
	w.Body, w.Large = bodyOf(unpacked(m.ContentType, m.Body))
	w.Event = eventOf(m.Event)
	return w
}

// cut is s without what is over lineBytes.
func cut(s string) string {
	if len(s) > lineBytes {
		s = s[:lineBytes]
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

// writable is t, or no time if JSON has no form for it.
func writable(t time.Time) time.Time {
	if _, err := t.MarshalJSON(); err != nil {
		return time.Time{}
	}
	return t
}

// bodyOf is a body as JSON, or the sentence that stands for it.
func bodyOf(body []byte) (text json.RawMessage, large string) {
	if len(body) > PartBytes {
		return nil, tooLarge("This message", len(body))
	}
	valid := strings.ToValidUTF8(string(body), "\uFFFD")
	var v any = valid
	if json.Valid([]byte(valid)) {
		v = json.RawMessage(valid)
	}
	text, err := json.Marshal(v)
	if err != nil || len(text) > PartBytes { // escapes made it larger
		return nil, tooLarge("This message", len(body))
	}
	return text, ""
}

// eventOf is an event as JSON without its raw body, nil of no event, and the
// sentence that stands for a large one.
func eventOf(e event.Event) json.RawMessage {
	if e.Title == "" && e.Type == "" && e.Source == "" {
		return nil
	}
	e.Raw, e.Time = nil, writable(e.Time)
	text, err := json.Marshal(e)
	if err == nil && len(text) <= PartBytes {
		return text
	}
	size := len(text)
	text, err = json.Marshal(struct {
		Source  string `json:"source"`
		Product string `json:"product"`
		Type    string `json:"type"`
		Title   string `json:"title"`
		Note    string `json:"note"`
	}{cut(e.Source), cut(e.Product), cut(e.Type), cut(e.Title), tooLarge("This event", size)})
	if err != nil {
		return nil
	}
	return text
}

func tooLarge(what string, size int) string {
	return fmt.Sprintf("%s has %d bytes and isn’t kept: the inbox keeps up to %d of one.", what, size, PartBytes)
}
