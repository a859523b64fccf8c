package slack

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/sigpost/sigpost/pkg/deliver"
	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/secret"
	"github.com/sigpost/sigpost/pkg/sink"
	"github.com/sigpost/sigpost/pkg/sink/slack/slacktest"
)

const hushToken = "xoxb-hush-hush"

// talk is a bot, the API it talks to, and what is remembered.
type talk struct {
	t      *testing.T
	api    *slacktest.API
	bot    *Conversation
	memory string
	client *deliver.Client
	// kill ends a delivery after so many requests, as if the process had died
	// once the answer was noted.
	kill int
}

func newTalk(t *testing.T, c Config) *talk {
	t.Helper()
	api := &slacktest.API{Token: hushToken, Channels: map[string]string{"#ops": "C0OPS0001"}, Check: check}
	server := httptest.NewServer(api)
	t.Cleanup(server.Close)
	c.Token, c.API = secret.Fixed(hushToken), server.URL+"/api/"
	if c.Channel == "" {
		c.Channel = "#ops"
	}
	s, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	bot, ok := s.(*Conversation)
	if !ok {
		t.Fatalf("%T makes no conversation", s)
	}
	t.Cleanup(func() {
		for _, w := range api.Wrong() {
			t.Errorf("the API: %s", w)
		}
	})
	return &talk{t: t, api: api, bot: bot, client: deliver.New(deliver.Config{Sleep: func(context.Context, time.Duration) error { return nil }})}
}

var errKilled = errors.New("killed")

// deliver does what the relay does.
func (k *talk) deliver(e *event.Event) error {
	k.t.Helper()
	for n := 1; n < 9; n++ {
		step := k.bot.Next(e, k.memory)
		if step == nil {
			return nil
		}
		p, err := k.bot.Seal(k.t.Context(), e, step.Message, time.Now())
		if err != nil {
			k.t.Fatal(err)
		}
		var answer []byte
		err = k.client.Send(k.t.Context(), deliver.Request{
			URL: p.URL, Header: p.Header, ContentType: p.ContentType, Body: p.Body,
			Judge: func(status int, body []byte) error {
				answer = body
				return k.bot.Judge(status, body)
			},
			Reduce: func() *deliver.Content {
				less := k.bot.ReduceStep(e, step.Message)
				if less.Body == nil {
					return nil
				}
				return &deliver.Content{URL: p.URL, Header: p.Header, ContentType: less.ContentType, Body: less.Body}
			},
		})
		if strings.Contains(fmt.Sprint(err), "hush") || strings.Contains(string(p.Body), "hush") {
			k.t.Errorf("the token shows in %v, %s", err, p.Body)
		}
		var de *deliver.Error
		if errors.As(err, &de) && de.Temporary {
			return err
		}
		memory, err := k.bot.Note(e, k.memory, step, answer, err)
		if err != nil {
			return err
		}
		if len(memory) > sink.MaxMemory {
			k.t.Errorf("%d bytes to remember", len(memory))
		}
		k.memory = memory
		if n == k.kill {
			return errKilled
		}
	}
	k.t.Fatal("no end")
	return nil
}

// must delivers and wants the channel to look like that: a message a line, each
// with its place in a thread, its glyph, how often it was changed and its headline.
func (k *talk) must(e event.Event, want string) {
	k.t.Helper()
	if err := k.deliver(&e); err != nil {
		k.t.Fatal(err)
	}
	k.shows(want)
}

func (k *talk) shows(want string) {
	k.t.Helper()
	want = strings.TrimSpace(strings.ReplaceAll(want, "\t", ""))
	if got := k.look(); got != want {
		k.t.Errorf("shows\n%s\nwant\n%s", got, want)
	}
}

var hues = map[string]string{
	event.Error.Color(): "red", event.Warning.Color(): "orange", event.Success.Color(): "green", event.Info.Color(): "blue", event.MutedColor: "grey",
}

func (k *talk) look() string {
	var lines []string
	for _, m := range k.api.Messages() {
		var hue, indent string
		for color, name := range hues {
			if strings.Contains(m.Body, `"color":"`+color+`"`) {
				hue = name
			}
		}
		if m.Thread != "" {
			indent = "> "
		}
		text := ""
		for _, w := range []string{"opened", "commented", "closed", "reopened", "failed"} {
			if strings.Contains(m.Body, "Issue "+w) {
				text += " " + w
			}
		}
		if strings.Contains(m.Body, `"reply_broadcast":true`) {
			text += " broadcast"
		}
		if m.Gone {
			text += " gone"
		}
		lines = append(lines, fmt.Sprintf("%s%s%s %d", indent, hue, text, m.Edits))
	}
	return strings.Join(lines, "\n")
}

var began = time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC)

// happening is the n-th event of an issue, which is n minutes after the first.
func happening(n int, verb string, s event.State, sev event.Severity) event.Event {
	return event.Event{
		ID: fmt.Sprintf("id-%d", n), Source: "github", Key: "acme/api#1", Type: "issues." + verb, State: s, Severity: sev,
		Title: "Issue " + verb, URL: "https://example.com/1", Product: "GitHub", Time: began.Add(time.Duration(n) * time.Minute),
		Actor: event.Link{Name: "hubot"}, Place: event.Link{Name: "acme/api"}, Text: event.Text{Body: "what is said"},
	}
}

var (
	opened    = happening(1, "opened", event.StateOpen, event.Info)
	commented = happening(2, "commented", event.StateUpdate, event.Info)
	closed    = happening(3, "closed", event.StateResolved, event.Success)
	reopened  = happening(4, "reopened", event.StateOpen, event.Warning)
	failed    = happening(5, "failed", event.StateOpen, event.Error)
)

func TestThread(t *testing.T) {
	for _, format := range []string{FormatBlocks, FormatAttachment} {
		t.Run(format, func(t *testing.T) {
			k := newTalk(t, Config{Format: format})
			k.must(opened, "blue opened 0")
			first := k.api.Messages()[0].Body
			k.must(commented, "blue opened 0\n> blue commented 0")
			k.must(closed, "green opened closed 1\n> blue commented 0\n> green closed 0")
			green := k.api.Messages()[0].Body
			if !strings.Contains(green, "✓") || strings.Contains(green, "ℹ") || !strings.Contains(green, "hubot") || !strings.Contains(green, "what is said") {
				t.Errorf("the first message is now %s", green)
			}
			k.must(reopened, "blue opened 2\n> blue commented 0\n> green closed 0\n> orange reopened 0")
			if again := k.api.Messages()[0].Body; !strings.Contains(again, "ℹ") || strings.Contains(again, "closed") || len(again) > len(first)+100 {
				t.Errorf("the first message is now %s", again)
			}
			k.must(failed, "blue opened 2\n> blue commented 0\n> green closed 0\n> orange reopened 0\n> red failed broadcast 0")
		})
	}
}

func TestUpdate(t *testing.T) {
	k := newTalk(t, Config{Conversation: ConversationUpdate})
	k.must(opened, "blue opened 0")
	k.must(commented, "blue commented 1")
	k.must(closed, "green closed 2")
	k.must(reopened, "orange reopened 3")
}

func TestBoth(t *testing.T) {
	k := newTalk(t, Config{Conversation: ConversationBoth})
	k.must(opened, "blue opened 0")
	k.must(commented, "blue commented 1\n> blue commented 0")
	k.must(closed, "green closed 2\n> blue commented 0\n> green closed 0")
}

func TestResolvedIsGreenWhateverItsSeverityButGreyIfMuted(t *testing.T) {
	merged, unplanned := closed, closed
	merged.Severity = event.Info
	unplanned.Severity, unplanned.Muted = event.Info, true
	for _, mode := range []string{ConversationThread, ConversationUpdate, ConversationBoth} {
		for hue, e := range map[string]event.Event{"green": merged, "grey": unplanned} {
			k := newTalk(t, Config{Conversation: mode})
			k.must(opened, "blue opened 0")
			if err := k.deliver(&e); err != nil || !strings.HasPrefix(k.look(), hue) {
				t.Errorf("%s: %v, %s", mode, err, k.look())
			}
		}
	}
}

// What comes late doesn't undo what is newer, and what is repeated does nothing.
func TestLateAndRepeated(t *testing.T) {
	for mode, want := range map[string]string{
		ConversationThread: "green closed 0\n> blue opened 0\n> blue commented 0",
		ConversationUpdate: "green closed 0\n> blue opened 0\n> blue commented 0",
		ConversationBoth:   "green closed 0\n> blue opened 0\n> blue commented 0",
	} {
		k := newTalk(t, Config{Conversation: mode})
		for _, e := range []event.Event{closed, opened, commented, closed, opened, commented, opened} {
			if err := k.deliver(&e); err != nil {
				t.Fatal(err)
			}
		}
		t.Log(mode)
		k.shows(want)
	}
	k := newTalk(t, Config{})
	k.must(closed, "green closed 0")
	k.must(reopened, "orange closed reopened 1\n> orange reopened 0") // it began resolved
	again := closed
	again.ID, again.Time = "id-9", reopened.Time.Add(time.Hour)
	k.must(again, "green closed 2\n> orange reopened 0\n> green closed 0")
}

// A delivery that broke off after any step goes on where it was.
func TestKilledBetweenSteps(t *testing.T) {
	for _, mode := range []string{ConversationThread, ConversationUpdate, ConversationBoth} {
		whole, broken := newTalk(t, Config{Conversation: mode}), newTalk(t, Config{Conversation: mode})
		broken.kill = 1
		for _, e := range []event.Event{opened, commented, closed, reopened, closed} {
			if err := whole.deliver(&e); err != nil {
				t.Fatal(err)
			}
			for errors.Is(broken.deliver(&e), errKilled) { // until it gets through
			}
		}
		if whole.look() != broken.look() || whole.api.Calls() != broken.api.Calls() || whole.memory != broken.memory {
			t.Errorf("%s: %d calls\n%s\nwithout the kills: %d calls\n%s", mode, broken.api.Calls(), broken.look(), whole.api.Calls(), whole.look())
		}
	}
}

// Two deliveries of one subject whose steps alternate: neither repeats its own.
func TestInterleaved(t *testing.T) {
	k := newTalk(t, Config{})
	k.must(opened, "blue opened 0")
	k.kill = 1
	if err := k.deliver(&closed); !errors.Is(err, errKilled) { // turned, not replied
		t.Fatal(err)
	}
	k.kill = 0
	k.must(commented, "green opened closed 1\n> blue commented 0")
	k.must(closed, "green opened closed 1\n> blue commented 0\n> green closed 0")
	k.must(commented, "green opened closed 1\n> blue commented 0\n> green closed 0")
}

func TestFirstMessageIsGone(t *testing.T) {
	for mode, want := range map[string]string{
		ConversationThread: "blue opened gone 0\ngreen closed 0\n> orange reopened 0",
		ConversationUpdate: "blue opened gone 0\norange reopened 1",
		ConversationBoth:   "blue opened gone 0\norange reopened 1\n> orange reopened 0",
	} {
		k := newTalk(t, Config{Conversation: mode})
		k.must(opened, "blue opened 0")
		k.api.Change(0, func(m *slacktest.Message) { m.Gone = true })
		for _, e := range []event.Event{closed, reopened} {
			if err := k.deliver(&e); err != nil {
				t.Fatal(err)
			}
		}
		t.Log(mode)
		if mode == ConversationThread { // the new first message was born resolved, and is open now
			want = "blue opened gone 0\norange closed reopened 1\n> orange reopened 0"
		}
		k.shows(want)
	}
}

func TestFirstMessageIsGoneForAReply(t *testing.T) {
	k := newTalk(t, Config{})
	k.must(opened, "blue opened 0")
	k.api.Change(0, func(m *slacktest.Message) { m.Gone = true })
	k.must(commented, "blue opened gone 0\nblue commented 0")
	k.must(closed, "blue opened gone 0\ngreen commented closed 1\n> green closed 0")
}

func TestFirstMessageCannotBeChanged(t *testing.T) {
	for mode, want := range map[string]string{
		ConversationThread: "blue opened 0\n> green closed 0",
		ConversationUpdate: "blue opened 0\ngreen closed 0",
		ConversationBoth:   "blue opened 0\n> green closed 0",
	} {
		k := newTalk(t, Config{Conversation: mode})
		k.must(opened, "blue opened 0")
		k.api.Change(0, func(m *slacktest.Message) { m.Frozen = true })
		t.Log(mode)
		k.must(closed, want)
		k.must(closed, want)
	}
}

func TestWithoutAKey(t *testing.T) {
	k := newTalk(t, Config{})
	for n := range 2 {
		e := happening(n, "opened", event.StateOpen, event.Info)
		e.Key = ""
		k.memory = ""
		if err := k.deliver(&e); err != nil {
			t.Fatal(err)
		}
	}
	k.shows("blue opened 0\nblue opened 0")
}

func TestAnotherChannelIsAnotherConversation(t *testing.T) {
	k := newTalk(t, Config{})
	k.api.Channels["C0DEV0001"] = "C0DEV0001"
	k.must(opened, "blue opened 0")
	other, err := k.bot.Channel("C0DEV0001")
	if err != nil {
		t.Fatal(err)
	}
	k.bot, _ = other.(*Conversation)
	k.must(commented, "blue opened 0\nblue commented 0")
	if m := k.api.Messages()[1]; m.Channel != "C0DEV0001" || m.Thread != "" {
		t.Errorf("%+v", m)
	}
	if _, err := k.bot.Channel("ops"); err == nil {
		t.Error("no such channel")
	}
}

// Each answer that Slack documents, to each step.
func TestAnswers(t *testing.T) {
	for _, c := range []struct {
		status    int
		body      string
		temporary bool
	}{
		{200, `{"ok":false,"error":"ratelimited"}`, true},
		{200, `{"ok":false,"error":"fatal_error"}`, true},
		{429, `{"ok":false,"error":"ratelimited"}`, true},
		{503, `upstream connect error`, true},
		{200, `<html>sign in</html>`, true},
		{200, `ok`, true},
		{200, ``, true},
		{200, `{"ok":false,"error":"channel_not_found"}`, false},
		{200, `{"ok":false,"error":"token_revoked"}`, false},
		{200, `{"ok":false,"error":"` + hushToken + `"}`, false},
		{200, `{"ok":false}`, false},
	} {
		for from := 1; from <= 3; from++ { // the post, the turn, the reply
			k := newTalk(t, Config{})
			down := true
			k.api.Answer = func(_ string, n int) (int, string, http.Header) {
				if down && n >= from {
					return c.status, c.body, nil
				}
				return 0, "", nil
			}
			err := k.deliver(&opened)
			if err == nil {
				err = k.deliver(&closed)
			}
			var de *deliver.Error
			if !errors.As(err, &de) || de.Temporary != c.temporary {
				t.Errorf("%q to request %d: %v", c.body, from, err)
			}
			var denied interface{ Unauthorized() bool }
			if wrong := strings.Contains(c.body, "token_revoked"); errors.As(err, &denied) && denied.Unauthorized() != wrong {
				t.Errorf("%q: refused credentials: %v", c.body, !wrong)
			}
			down = false
			k.must(opened, map[int]string{1: "blue opened 0", 2: "blue opened 0", 3: "green opened closed 1"}[from])
			want := "green opened closed 1\n> green closed 0"
			if from == 2 && !c.temporary { // refused for good, the turn is skipped
				want = "blue opened 0\n> green closed 0"
			}
			k.must(closed, want)
		}
	}
}

func TestRetryAfterInTheHeaderIsObeyed(t *testing.T) {
	k := newTalk(t, Config{})
	var slept time.Duration
	k.client = deliver.New(deliver.Config{Sleep: func(_ context.Context, d time.Duration) error { slept = max(slept, d); return nil }})
	k.api.Answer = func(_ string, n int) (int, string, http.Header) {
		if n == 1 {
			return 429, `{"ok":false,"error":"ratelimited"}`, http.Header{"Retry-After": {"30"}}
		}
		return 0, "", nil
	}
	k.must(opened, "blue opened 0")
	if slept < 30*time.Second {
		t.Errorf("slept %v", slept)
	}
}

// A refused image, or too long a message, is sent once more with less, and stays a
// post, a reply or a change.
func TestReducedStepsStayWhatTheyAre(t *testing.T) {
	for _, mode := range []string{ConversationThread, ConversationUpdate, ConversationBoth} {
		for _, body := range []string{`{"ok":false,"error":"invalid_blocks","response_metadata":{"messages":["downloading image failed"]}}`, `{"ok":false,"error":"msg_blocks_too_long"}`} {
			plainly, k := newTalk(t, Config{Conversation: mode}), newTalk(t, Config{Conversation: mode})
			picky := map[int]bool{}
			k.api.Answer = func(_ string, n int) (int, string, http.Header) {
				if picky[n] = !picky[n-1]; picky[n] { // every other one
					return 200, body, nil
				}
				return 0, "", nil
			}
			for _, e := range []event.Event{opened, commented, closed} {
				e.Gauge = &event.Gauge{Label: "Health score", Value: 62, Max: 100, Image: "https://example.com/gauge.png"}
				if err := plainly.deliver(&e); err != nil {
					t.Fatal(err)
				}
				if err := k.deliver(&e); err != nil {
					t.Fatal(err)
				}
			}
			if !strings.Contains(plainly.api.Messages()[0].Body, `"alt_text":"Health score: 62, on a scale from 0 to 100"`) {
				t.Errorf("no image in %s", plainly.api.Messages()[0].Body)
			}
			for _, m := range k.api.Messages() {
				if strings.Contains(m.Body, "image") || !strings.Contains(m.Body, "62") {
					t.Errorf("%s: %s", mode, m.Body)
				}
			}
			if k.look() != plainly.look() {
				t.Errorf("%s: shows\n%s\nwant\n%s", mode, k.look(), plainly.look())
			}
		}
	}
}

// A reply stays short when it is reduced.
func TestReducedReplyIsAReply(t *testing.T) {
	k := newTalk(t, Config{})
	k.must(opened, "blue opened 0")
	step := k.bot.Next(&commented, k.memory)
	less := k.bot.ReduceStep(&commented, step.Message)
	if s := string(less.Body); strings.Contains(s, "acme/api") || strings.Contains(s, "button") || less.Kind != step.Message.Kind {
		t.Errorf("%s %s", less.Kind, s)
	}
}

// An accepted post whose place can't be read is a message without a thread.
func TestAcceptedWithoutAPlace(t *testing.T) {
	for _, body := range []string{`{"ok":true}`, `{"ok":true,"channel":"#ops","ts":"1700000000.000001"}`, `{"ok":true,"channel":"C0OPS0001","ts":"now"}`, `{"ok":true,"channel":["C0OPS0001"],"ts":1.2}`} {
		k := newTalk(t, Config{})
		k.api.Answer = func(_ string, n int) (int, string, http.Header) {
			if n == 1 {
				return 200, body, nil
			}
			return 0, "", nil
		}
		for _, e := range []event.Event{opened, opened, closed} {
			if err := k.deliver(&e); err != nil {
				t.Fatal(err)
			}
		}
		k.shows("green closed 0")
		if n := k.api.Calls(); n != 2 {
			t.Errorf("%s: %d requests", body, n)
		}
	}
}
