package slack

import (
	"errors"
	"testing"

	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/sink"
)

// A place that Slack can't have told is no place: a reply to it would be refused
// for as long as the memory lives.
func TestRecallForgetsAPlaceThatIsNone(t *testing.T) {
	for _, text := range []string{
		`{"at":"#ops","ts":"1.2"}`,
		`{"at":"#ops","c":"#ops","ts":"1.2"}`,
		`{"at":"#ops","c":"C0123456789","ts":"yesterday"}`,
		`{"at":"#ops","c":"C0123456789\n","ts":"1.2"}`,
	} {
		if m := recall(text, "#ops"); m.TS != "" || m.Channel != "" {
			t.Errorf("recall(%s) is at %q, %q", text, m.Channel, m.TS)
		}
	}
	if m := recall(`{"at":"#ops","c":"C0123456789","ts":"1.2","d":[{"i":"x","s":1}]}`, "#ops"); m.TS != "1.2" || len(m.Done) != 1 {
		t.Errorf("a good memory was forgotten: %+v", m)
	}
}

// What can't be changed gets a reply, or in a conversation without replies a message
// of its own; never is the event given up.
func TestFrozenFirstMessageLosesNoEvent(t *testing.T) {
	e := &event.Event{ID: "2", Key: "k", State: event.StateResolved}
	for _, code := range []string{"cant_update_message", "edit_window_closed", "is_inactive", "message_not_owned_by_app", "block_mismatch"} {
		for mode, want := range map[string]kind{ConversationBoth: reply, ConversationUpdate: post} {
			c := &Conversation{mode: mode}
			m := memory{Channel: "C0123456789", TS: "1.2"}
			if err := c.refused(e, &m, replace, &sink.AnswerError{Class: sink.Refused, Code: code}); err != nil {
				t.Errorf("%s, %s: given up: %v", mode, code, err)
			}
			if got := c.next(e, m); got != want {
				t.Errorf("%s, %s: next is %d, want %d", mode, code, got, want)
			}
		}
	}
}

// Slack's ok without the place of the message leaves no place to reply to.
func TestPlaceOfTheFirstMessage(t *testing.T) {
	c := &Conversation{mode: ConversationUpdate}
	for _, answer := range []string{`{"ok":true}`, `{"ok":true,"channel":"C0123456789"}`, `{"ok":true,"channel":"C0123456789","ts":"soon"}`, `{"ok":true,"channel":"#ops","ts":"1.2"}`, `<html>`} {
		m := memory{}
		c.first(&event.Event{ID: "1", Key: "k"}, &m, []byte(answer))
		if m.TS != "" || m.Channel != "" {
			t.Errorf("after %s the place is %q, %q", answer, m.Channel, m.TS)
		}
	}
}

// Status 200 of somebody who isn't Slack is no delivery, JSON or not.
func TestBotBelievesNobodyElse(t *testing.T) {
	for _, body := range []string{``, `ok`, `{}`, `{"ok":null}`, `{"message":"hello"}`, `<html>`, `{"ok":"true"}`} {
		err := (&Bot{}).Judge(200, []byte(body))
		if a := (*sink.AnswerError)(nil); !errors.As(err, &a) || a.Class != sink.Retry {
			t.Errorf("Judge(200, %s) = %v, want a retry", body, err)
		}
	}
}
