package slack

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/event/eventtest"
	"github.com/sigpost/sigpost/pkg/match"
	"github.com/sigpost/sigpost/pkg/secret"
	"github.com/sigpost/sigpost/pkg/sink"
	"github.com/sigpost/sigpost/pkg/sink/sinktest"
)

func TestMentions(t *testing.T) {
	mentions := []Mention{
		{To: []string{"U0HOOK0001", "S0CREW0001", "here"}, Filter: match.Filter{Severity: []event.Severity{event.Error}}},
		{To: []string{"W0HOOK0002", "here"}, Filter: match.Filter{Events: []string{"issues.*"}, From: []string{"github"}}},
	}
	for _, c := range []struct {
		e    event.Event
		want string
	}{
		{event.Event{Title: "t", Severity: event.Warning}, ""},
		{event.Event{Title: "t", Severity: event.Error}, "<@U0HOOK0001> <!subteam^S0CREW0001> <!here>"},
		{event.Event{Title: "t", Severity: event.Info, Type: "issues.opened", Source: "github"}, "<@W0HOOK0002> <!here>"},
		{event.Event{Title: "t", Severity: event.Info, Type: "issues.opened", Source: "other"}, ""},
		{event.Event{Title: "t", Severity: event.Error, Type: "issues.opened", Source: "github"}, "<@U0HOOK0001> <!subteam^S0CREW0001> <!here> <@W0HOOK0002>"},
	} {
		for _, format := range []string{FormatBlocks, FormatAttachment} {
			s, err := New(Config{URL: secret.Fixed("https://example.com/x"), Format: format, Mentions: mentions})
			if err != nil {
				t.Fatal(err)
			}
			for _, msg := range []sink.Message{s.Render(&c.e), s.(sink.Reducer).RenderReduced(&c.e)} {
				var m message
				if err := json.Unmarshal(msg.Body, &m); err != nil {
					t.Fatal(err)
				}
				times := 1
				if format == FormatBlocks { // also where it is read
					times = 2
				}
				if got := strings.Count(string(msg.Body), "<"); c.want == "" && got != 0 || c.want != "" && strings.Count(string(msg.Body), c.want) != times {
					t.Errorf("%s: %s", format, msg.Body)
				}
				if !strings.HasSuffix(m.Text, c.want) {
					t.Errorf("text is %q", m.Text)
				}
			}
		}
	}
}

func TestNoMoreMentionsThanAMessageHolds(t *testing.T) {
	var mentions []Mention
	for i := range 30 {
		mentions = append(mentions, Mention{To: []string{"U0HOOK000" + string(rune('A'+i%26)), "here"}})
	}
	if n := strings.Count(mentioned(mentions, &event.Event{}), "<"); n != maxMentions {
		t.Errorf("%d mentions", n)
	}
}

// traps is an event that tries to call somebody wherever it has a text.
func traps(text string) event.Event {
	f := event.Field{Name: text, Value: text, Short: true}
	l := event.Link{Name: text, URL: "https://example.com/<!here>"}
	return event.Event{
		ID: text, Source: text, Key: text, Product: text, Type: text, Title: text, Recovery: text, Action: text, URL: text, Place: l, Actor: l,
		Fields: []event.Field{f, f, {Name: text, Value: text}}, Text: event.Text{Body: text, Format: event.Markdown},
		Lists: []event.List{{Name: text, Items: []event.Item{{Label: text, Text: text, Detail: text, Note: text, Code: true}, {Text: text}}}},
		Gauge: &event.Gauge{Label: text, Value: 5, Max: 10, Image: "https://example.com/g.png"},
	}
}

// Nothing that an event says calls anybody, in any step of a conversation, and
// nothing is refused.
func TestEventsCallNobodyInAnyStep(t *testing.T) {
	var events []event.Event
	for _, c := range append(eventtest.Canonical(), eventtest.Hostile()...) {
		events = append(events, c.Event)
	}
	for _, s := range []string{"<!here>", "<!channel|x>", "<@U0HOOK0001>", "<!subteam^S0CREW0001>", "@here @channel", "&lt;!here&gt;", "<<!here>>", "*<!here|<!here>>*", "`<@W0HOOK0002>`", "](<!here>)"} {
		events = append(events, traps(s))
	}
	configured := []Mention{{To: []string{"S0CREW0001"}, Filter: match.Filter{Severity: []event.Severity{event.Error}}}}
	for _, format := range []string{FormatBlocks, FormatAttachment} {
		for _, mode := range []string{ConversationThread, ConversationUpdate, ConversationBoth} {
			for i := range events {
				first, then := events[i], events[(i*7+3)%len(events)]
				first.Key, then.Key = "k", "k"
				first.ID, then.ID = "1", "2"
				first.State, then.State = event.StateOpen, event.StateResolved
				then.Time = first.Time.Add(1)
				last := first
				last.ID, last.Time = "3", then.Time.Add(1)
				k := newTalk(t, Config{Format: format, Conversation: mode, Mentions: configured})
				for _, e := range []event.Event{first, then, last} {
					if err := k.deliver(&e); err != nil {
						t.Fatalf("%s %s: %v", format, mode, err)
					}
				}
				allowed := slices.ContainsFunc([]event.Event{first, then, last}, func(e event.Event) bool { return e.Severity == event.Error })
				for _, m := range k.api.Messages() {
					for _, who := range callsIn.FindAllString(m.Body, -1) {
						if who != "<!subteam^S0CREW0001>" || !allowed {
							t.Errorf("%s %s: %s is called in %s", format, mode, who, m.Body)
						}
					}
				}
			}
		}
	}
}

func TestBotSuite(t *testing.T) {
	for _, format := range []string{FormatBlocks, FormatAttachment} {
		t.Run(format, func(t *testing.T) {
			s, err := New(Config{
				Token: secret.Fixed(hushToken), Channel: "C0OPS0001", Format: format, Conversation: ConversationNone,
				Mentions: []Mention{{To: []string{"U0HOOK0001", "here"}, Filter: match.Filter{Severity: []event.Severity{event.Error}}}},
			})
			if err != nil {
				t.Fatal(err)
			}
			sinktest.Run(t, sinktest.Suite{Sink: s, Dir: "testdata/bot-" + format, Check: check})
		})
	}
}

// TestStepGoldens keeps what a conversation looks like.
func TestStepGoldens(t *testing.T) {
	for _, format := range []string{FormatBlocks, FormatAttachment} {
		k := newTalk(t, Config{Format: format})
		e := eventtest.Canonical()[0].Event
		e.State, e.Key = event.StateOpen, "k"
		if err := k.deliver(&e); err != nil {
			t.Fatal(err)
		}
		done := closed
		done.Time, done.Key = e.Time.Add(1), "k"
		for _, name := range []string{"turned", "reply"} {
			step := k.bot.Next(&done, k.memory)
			sinktest.Golden(t, "testdata/bot-"+format+"/step-"+name+".json", step.Message.Body)
			memory, err := k.bot.Note(&done, k.memory, step, []byte(`{"ok":true}`), nil)
			if err != nil {
				t.Fatal(err)
			}
			k.memory = memory
		}
	}
}

// Whatever the first message was, it is remembered in what a memory may take.
func TestMemoryIsBounded(t *testing.T) {
	for _, c := range append(eventtest.Canonical(), eventtest.Hostile()...) {
		k := newTalk(t, Config{})
		e := c.Event
		e.Key, e.State = "k", event.StateOpen
		if err := k.deliver(&e); err != nil {
			t.Fatal(err)
		}
		m := recall(k.memory, "#ops")
		if _, ok := unpack(m.First); !ok {
			t.Errorf("%s: the first message can't be turned: %s", c.Name, k.memory)
		}
		for i := range 100 {
			later := happening(i, "commented", event.StateUpdate, event.Info)
			later.ID = strings.Repeat(later.ID, 100)
			later.Time = e.Time
			later.Key = "k"
			if err := k.deliver(&later); err != nil {
				t.Fatal(err)
			}
		}
		if again := recall(k.memory, "#ops"); again.First != m.First || len(again.Done) != maxDeeds {
			t.Errorf("%s: the memory lost what it needs", c.Name)
		}
	}
	for _, s := range []string{"", "null", "x", `{"at":"#other","ts":"1.1"}`, `[]`, `{"at":1}`} {
		if m := recall(s, "#ops"); m.TS != "" || m.At != "#ops" {
			t.Errorf("%q: %+v", s, m)
		}
	}
}
