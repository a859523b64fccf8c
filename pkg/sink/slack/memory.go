package slack

import (
	"bytes"
	"compress/flate"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"

	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/sink"
)

// memory is what a Conversation remembers of a subject.
type memory struct {
	// At is the bot's channel as configured: of another nothing is known.
	At string `json:"at"`
	// Channel and TS are of the subject's first message. TS is "" if there is none.
	Channel string `json:"c,omitempty"`
	TS      string `json:"ts,omitempty"`
	// First is that message, packed; "" if it can't be turned.
	First string `json:"f,omitempty"`
	// Born tells whether it was drawn of a resolved subject, and Resolved whether
	// it shows one now.
	Born     bool `json:"b,omitempty"`
	Resolved bool `json:"r,omitempty"`
	// Newest is the time of the newest event, in milliseconds since 1970.
	Newest int64 `json:"n,omitempty"`
	// Done are the steps of the last events, oldest first.
	Done []deed `json:"d,omitempty"`
}

// deed is what was done of one event.
type deed struct {
	ID    string `json:"i"`
	Steps steps  `json:"s"`
}

// steps is a set of them.
type steps int

const (
	posted  steps = 1 << iota // a message of its own
	replied                   // a reply to the first one
	changed                   // the first one was changed, or needs no change any more
)

const (
	// maxDeeds is how many events' steps are remembered, of some 25 bytes each.
	maxDeeds = 24
	// maxFirst is how much of the memory a packed message may take; the rest
	// takes up to 900 bytes.
	maxFirst = sink.MaxMemory - 1024
	// maxUnpacked is more than any message of this package takes, in bytes.
	maxUnpacked = 256 << 10
)

// recall reads a memory. One that can't be read, or is of another channel, is as
// good as none, and a place in it that Slack can't have told is as good as none.
func recall(text, channel string) memory {
	m := memory{}
	if json.Unmarshal([]byte(text), &m) != nil || m.At != channel {
		return memory{At: channel}
	}
	if m.TS != "" && (!stamp().MatchString(m.TS) || !channelID().MatchString(m.Channel)) {
		m.forget()
	}
	return m
}

// text is m to be kept, in at most sink.MaxMemory bytes.
func (m memory) text() string {
	for {
		b, err := json.Marshal(m)
		if err != nil {
			panic("slack: a memory of strings and numbers did not encode: " + err.Error())
		}
		if len(b) <= sink.MaxMemory || m.First == "" {
			return string(b)
		}
		m.First = ""
	}
}

// deedID is short, whatever the sender's ids are.
func deedID(e *event.Event) string {
	sum := sha256.Sum256([]byte(e.ID + "\n" + e.Round))
	return base64.RawStdEncoding.EncodeToString(sum[:9])
}

// did is what was done of e.
func (m memory) did(e *event.Event) steps {
	id := deedID(e)
	for _, d := range m.Done {
		if d.ID == id {
			return d.Steps
		}
	}
	return 0
}

// note adds steps to what was done of e.
func (m *memory) note(e *event.Event, s steps) {
	id := deedID(e)
	all := make([]deed, 0, len(m.Done)+1)
	for _, d := range m.Done {
		if d.ID == id {
			s |= d.Steps
			continue
		}
		all = append(all, d)
	}
	all = append(all, deed{id, s})
	m.Done = all[max(0, len(all)-maxDeeds):]
	m.Newest = max(m.Newest, e.Time.UnixMilli())
}

// late tells whether a newer event than e was shown.
func (m memory) late(e *event.Event) bool { return e.Time.UnixMilli() < m.Newest }

// forget forgets the first message, but not what was done.
func (m *memory) forget() {
	*m = memory{At: m.At, Newest: m.Newest, Done: m.Done}
}

// pack is the first of the drawings that is small enough, as text; "" if none is.
func pack(drawings ...func() message) string {
	for _, draw := range drawings {
		var b bytes.Buffer
		w, err := flate.NewWriter(&b, flate.BestCompression)
		if err != nil {
			panic("slack: " + err.Error()) // only of an unknown level
		}
		_, _ = w.Write(encode(draw()).Body) // into memory, which takes everything
		_ = w.Close()
		if s := base64.RawStdEncoding.EncodeToString(b.Bytes()); len(s) <= maxFirst {
			return s
		}
	}
	return ""
}

// unpack is a packed message.
func unpack(s string) (m message, ok bool) {
	b, err := base64.RawStdEncoding.DecodeString(s)
	if err != nil {
		return m, false
	}
	b, err = io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(b)), maxUnpacked))
	if err != nil || json.Unmarshal(b, &m) != nil {
		return m, false
	}
	return m, true
}
