package slack

import (
	"encoding/json"
	"errors"
	"slices"

	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/sink"
)

// Conversation is a Bot that makes one conversation of the events of a subject:
// the first one is a message, and later ones reply to it, change it, or both.
type Conversation struct {
	Bot
	mode string
}

var (
	_ sink.Converser   = (*Conversation)(nil)
	_ sink.StepReducer = (*Conversation)(nil)
	_ sink.Channeler   = (*Conversation)(nil)
)

// Channel is the same in another channel.
func (c *Conversation) Channel(name string) (sink.Sink, error) {
	if err := checkChannel(name); err != nil {
		return nil, err
	}
	other := *c
	other.channel = name
	return &other, nil
}

// replies and replaces tell what later events do.
func (c *Conversation) replies() bool { return c.mode != ConversationUpdate }

func (c *Conversation) replaces() bool {
	return c.mode == ConversationUpdate || c.mode == ConversationBoth
}

// The kinds of step, as they differ by what they do.
type kind int

const (
	nothing kind = iota
	post         // a message of its own, the subject's first
	reply        // to the first
	replace      // the first by what e shows
	turn         // the first to resolved or open
)

// next is what is to be done next of e. What comes late doesn't undo what is
// newer: it is a reply.
func (c *Conversation) next(e *event.Event, m memory) kind {
	done := m.did(e)
	switch {
	case done&(posted|replied) != 0:
		return nothing
	case m.TS == "":
		return post
	case done&changed == 0 && !m.late(e):
		if c.replaces() {
			return replace
		}
		if m.First != "" && turns(e, m) {
			return turn
		}
	}
	if c.replies() || done&changed == 0 {
		return reply
	}
	return nothing
}

// turns tells whether the first message shows another state than e.
func turns(e *event.Event, m memory) bool {
	return e.State == event.StateResolved && !m.Resolved || e.State == event.StateOpen && m.Resolved
}

// Next is the next request for e: see sink.Converser.
func (c *Conversation) Next(e *event.Event, text string) *sink.Step {
	m := recall(text, c.channel)
	switch c.next(e, m) {
	case nothing:
	case post:
		return &sink.Step{Message: c.Render(e)}
	case reply:
		return &sink.Step{Message: c.encode(c.reply(e, m, compact), methodPost)}
	case replace:
		msg := c.draw(settled(e), full)
		c.showMention(&msg, mentioned(c.mentions, e))
		msg.Channel, msg.TS = m.Channel, m.TS
		return &sink.Step{Message: c.encode(msg, methodUpdate)}
	case turn:
		msg, ok := unpack(m.First)
		if !ok {
			msg = c.draw(settled(e), full)
		} else if (e.State == event.StateResolved) != m.Born {
			c.turn(&msg, e)
		}
		msg.Channel, msg.TS = m.Channel, m.TS
		return &sink.Step{Message: c.encode(msg, methodUpdate)}
	}
	return nil
}

// reply is e below the first message. What goes wrong, or wrong again, is shown in
// the channel too, where nobody looks at old threads.
func (c *Conversation) reply(e *event.Event, m memory, s size) message {
	msg := c.post(e, s)
	msg.Channel, msg.ThreadTS = m.Channel, m.TS
	msg.Broadcast = e.Severity == event.Error && e.State == event.StateOpen
	return msg
}

// ReduceStep is m with less in it, and in the same place.
func (c *Conversation) ReduceStep(e *event.Event, m sink.Message) sink.Message {
	var was message
	if json.Unmarshal(m.Body, &was) != nil {
		return sink.Message{}
	}
	if m.Kind == methodUpdate {
		if !was.withoutImages() && !c.replaces() {
			return sink.Message{}
		}
		if c.replaces() {
			less := c.draw(settled(e), reduced)
			c.showMention(&less, mentioned(c.mentions, e))
			less.Channel, less.TS = was.Channel, was.TS
			was = less
		}
		return c.encode(was, methodUpdate)
	}
	s := reduced
	s.reply = was.ThreadTS != ""
	less := c.post(e, s)
	less.Channel, less.ThreadTS, less.Broadcast = was.Channel, was.ThreadTS, was.Broadcast
	return c.encode(less, methodPost)
}

// Note remembers what became of a step: see sink.Converser.
func (c *Conversation) Note(e *event.Event, text string, _ *sink.Step, answer []byte, refusal error) (string, error) {
	m := recall(text, c.channel)
	did := c.next(e, m)
	if refusal != nil {
		if err := c.refused(e, &m, did, refusal); err != nil {
			return "", err
		}
		return m.text(), nil
	}
	switch did {
	case nothing:
	case post:
		c.first(e, &m, answer)
		m.note(e, posted)
	case reply:
		m.note(e, replied)
	case replace, turn:
		m.note(e, changed)
		if e.State != event.StateUpdate {
			m.Resolved = e.State == event.StateResolved
		}
	}
	return m.text(), nil
}

// first remembers the message that was posted of e, if Slack said where it is.
func (c *Conversation) first(e *event.Event, m *memory, body []byte) {
	var answer struct {
		Channel string `json:"channel"`
		TS      string `json:"ts"`
	}
	if json.Unmarshal(body, &answer) != nil || !channelID().MatchString(answer.Channel) || !stamp().MatchString(answer.TS) {
		return
	}
	m.Channel, m.TS = answer.Channel, answer.TS
	m.Born = e.State == event.StateResolved
	m.Resolved = m.Born
	if c.replaces() || e.Key == "" {
		return
	}
	who := mentioned(c.mentions, e)
	shown := func(e *event.Event, s size) func() message {
		return func() message {
			msg := c.draw(e, s)
			c.showMention(&msg, who)
			return msg
		}
	}
	short := *e
	short.Quiet = true
	m.First = pack(shown(e, full), shown(e, reduced), shown(&short, reduced))
}

// Slack's words for a first message that is gone, or takes no replies, and for one
// that can't be changed any more.
var (
	lost   = []string{"message_not_found", "thread_not_found", "cannot_reply_to_message", "restricted_action_thread_locked", "restricted_action_non_threadable_channel"}
	frozen = []string{"cant_update_message", "edit_window_closed", "is_inactive", "message_not_owned_by_app", "block_mismatch"}
)

// refused remembers what a refusal says about the first message; its error is the
// refusal of what can't be posted at all.
func (c *Conversation) refused(e *event.Event, m *memory, did kind, refusal error) error {
	var a *sink.AnswerError
	code := ""
	if errors.As(refusal, &a) {
		code = a.Code
	}
	switch {
	case did == post || did == nothing:
		return refusal
	case slices.Contains(lost, code):
		m.forget()
	case did == reply:
		return refusal
	case did == turn:
		m.note(e, changed) // the reply says it all the same
	case !slices.Contains(frozen, code):
		return refusal
	case c.replies():
		m.note(e, changed)
	default: // what can't be changed can't show it
		m.forget()
	}
	return nil
}
