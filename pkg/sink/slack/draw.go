package slack

import (
	"bytes"
	"encoding/json"

	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/sink"
)

// drawer draws events as its sink is configured.
type drawer struct {
	attachment bool
	mentions   []Mention
}

// size is how much of an event is drawn.
type size struct {
	total, excerpt int
	images         bool
	reply          bool // below a message that says the rest
}

var (
	full    = size{total: totalLimit, excerpt: excerptLimit, images: true}
	reduced = size{total: totalLimit / 4, excerpt: excerptLimit / 4}
	compact = size{total: totalLimit / 4, excerpt: excerptLimit / 2, reply: true}
)

// draw is e without mentions.
func (d drawer) draw(e *event.Event, s size) message {
	if s.reply {
		e = shortened(e)
	}
	if d.attachment {
		return drawAttachment(e, s.excerpt)
	}
	return drawBlocks(e, s)
}

// post is e with those whom it concerns.
func (d drawer) post(e *event.Event, s size) message {
	m := d.draw(e, s)
	d.mention(&m, e)
	return m
}

// mention calls those whom e concerns: in the text, which notifications show, and
// below the headline.
func (d drawer) mention(m *message, e *event.Event) {
	who := mentioned(d.mentions, e)
	if who == "" {
		return
	}
	d.showMention(m, who)
	if m.Text != "" {
		m.Text += " "
	}
	m.Text += who
}

// showMention puts the line into the message that a reader sees.
func (d drawer) showMention(m *message, who string) {
	if !d.attachment && who != "" {
		m.Blocks = append(m.Blocks, section(who))
	}
}

// replyFacts is how many facts, lists and items of one a reply shows.
const replyFacts = 3

// shortened is e without what the message above says already.
func shortened(e *event.Event) *event.Event {
	s := *e
	s.Place, s.Original = event.Link{}, nil
	s.Fields = s.Fields[:min(len(s.Fields), replyFacts)]
	s.Lists = s.Lists[:min(len(s.Lists), replyFacts)]
	return &s
}

// usualBytes is more than most messages take.
const usualBytes = 2 << 10

const contentType = "application/json; charset=utf-8"

func encode(m message) sink.Message {
	var b bytes.Buffer
	b.Grow(usualBytes)
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(m); err != nil {
		panic("slack: a message of strings and numbers did not encode: " + err.Error())
	}
	return sink.Message{ContentType: contentType, Body: bytes.TrimSuffix(b.Bytes(), []byte("\n"))}
}
