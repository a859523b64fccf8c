package relay

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sigpost/sigpost/pkg/config"
	"github.com/sigpost/sigpost/pkg/deliver"
	"github.com/sigpost/sigpost/pkg/queue"
	"github.com/sigpost/sigpost/pkg/secret"
	"github.com/sigpost/sigpost/pkg/sink/slack/slacktest"
	"github.com/sigpost/sigpost/pkg/source"
	"github.com/sigpost/sigpost/pkg/state"
)

const botConfig = `
sources:
  github: { type: github, secrets: [secret://github] }
sinks:
  ops: { type: slack, token: secret://bot, channel: "#ops", api: "https://slack.example/api/", rate: none }
routes:
  - { to: [ops] }
  - { events: ["issues.*"], to: [ops], channel: C0DEV0001 }
`

// botRoad is a relay with a Slack bot, in queue mode or without a queue.
type botRoad struct {
	t     *testing.T
	relay *Relay
	api   *slacktest.API
	queue *queue.Memory
	state *state.Memory
	cfg   *config.Config
	now   time.Time
	log   bytes.Buffer
	lock  sync.Mutex
	shown bytes.Buffer // what the inbox gets
	token string
}

func newBotRoad(t *testing.T, queued bool) *botRoad {
	t.Helper()
	b := &botRoad{t: t, now: time.Now().Add(1000 * time.Hour), token: hidden + "-bot"}
	b.api = &slacktest.API{Token: b.token, Channels: map[string]string{"#ops": "C0OPS0001", "C0DEV0001": "C0DEV0001"}}
	cfg, err := config.Parse("test.yaml", []byte(botConfig), secret.NewCache(b, nil, secret.CacheConfig{Now: b.clock}))
	if err != nil {
		t.Fatal(err)
	}
	b.cfg, b.state = cfg, state.NewMemory(b.clock)
	if queued {
		b.queue = queue.NewMemory(b.clock, nil, nil, nil)
	}
	b.start()
	t.Cleanup(func() {
		if all := b.log.String() + b.shown.String(); strings.Contains(all, hidden) {
			t.Errorf("a secret is in the log or in what is shown: %s", all)
		}
		for _, w := range b.api.Wrong() {
			t.Errorf("the API: %s", w)
		}
	})
	return b
}

// Fetch implements secret.Manager.
func (b *botRoad) Fetch(_ context.Context, name, version string) (secret.Version, error) {
	if version != "" {
		return secret.Version{}, secret.ErrNotFound
	}
	if name == "bot" {
		return secret.Version{Value: secret.NewValue(b.token), ID: b.token}, nil
	}
	return secret.Version{Value: secret.NewValue(hidden + "-key"), ID: "1"}, nil
}

func (b *botRoad) clock() time.Time { return b.now }

// start is another process with the same state and queue.
func (b *botRoad) start() {
	b.t.Helper()
	transport := roundTrip(func(req *http.Request) (*http.Response, error) {
		w := httptest.NewRecorder()
		b.api.ServeHTTP(w, req)
		return w.Result(), nil
	})
	opt := Options{
		State: b.state, Now: b.clock, Log: slog.New(slog.NewJSONHandler(&b.log, nil)),
		Client: deliver.New(deliver.Config{Transport: transport, Now: b.clock}),
		Observe: func(d Delivery) {
			b.lock.Lock()
			defer b.lock.Unlock()
			fmt.Fprintf(&b.shown, "%s %v\n", d.Body, d.Err)
		},
	}
	if b.queue != nil {
		opt.Queue = b.queue
	}
	var err error
	if b.relay, err = New(b.cfg, opt); err != nil {
		b.t.Fatal(err)
	}
}

// send posts a sample as a delivery of its own, and works off what is queued.
func (b *botRoad) send(sample, id string, want int) {
	b.t.Helper()
	req, err := source.Sample("github", sample)
	if err != nil {
		b.t.Fatal(err)
	}
	if err := b.cfg.Sources[0].Source.(source.Sealer).Seal(b.t.Context(), req); err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("X-GitHub-Delivery", id)
	out := httptest.NewRequest(http.MethodPost, "/github", bytes.NewReader(req.Body))
	out.Header = req.Header
	w := httptest.NewRecorder()
	b.relay.ServeHTTP(w, out)
	if w.Code != want {
		b.t.Fatalf("%s: %d %s", sample, w.Code, w.Body)
	}
	b.work()
}

func (b *botRoad) work() {
	b.t.Helper()
	for b.queue != nil {
		l, _, ok := b.queue.Take()
		if !ok {
			return
		}
		if err := b.queue.Settle(l, b.relay.Work(b.t.Context(), l.Message)); err != nil {
			b.t.Fatal(err)
		}
	}
}

// want compares the messages of one channel: colour, > for replies, edits.
func (b *botRoad) want(channel, want string) {
	b.t.Helper()
	var got []string
	for _, m := range b.api.Messages() {
		if m.Channel != channel {
			continue
		}
		s := fmt.Sprint(m.Edits)
		if strings.Contains(m.Body, "#22C55E") {
			s = "green " + s
		}
		if m.Thread != "" {
			s = "> " + s
		}
		got = append(got, s)
	}
	if text := strings.Join(got, ", "); text != want {
		b.t.Errorf("%s shows %s, want %s", channel, text, want)
	}
}

// The life of an issue is one conversation in each channel, whichever mode, and
// across processes.
func TestSlackConversation(t *testing.T) {
	for _, queued := range []bool{true, false} {
		b := newBotRoad(t, queued)
		b.send("issues.opened", "d1", 200)
		b.start()
		b.send("issue_comment.created", "d2", 200)
		b.send("issues.closed-completed", "d3", 200)
		b.send("issues.closed-completed", "d3", 200) // a duplicate
		b.want("C0OPS0001", "green 1, > 0, > green 0")
		b.want("C0DEV0001", "green 1, > green 0")
		b.now = b.now.Add(time.Hour)
		b.send("issue_comment.created", "d2", 200) // somebody asked for it again: late now, but wanted
		b.want("C0OPS0001", "green 1, > 0, > green 0, > 0")
		b.now = b.now.Add(conversationMemory + time.Hour)
		b.send("issues.reopened", "d4", 200)
		b.want("C0OPS0001", "green 1, > 0, > green 0, > 0, 0")
	}
}

// Whatever request fails at whatever step, each message arrives once.
func TestSlackConversationSurvivesFailures(t *testing.T) {
	for _, queued := range []bool{true, false} {
		for fail := 1; fail <= 9; fail++ {
			b := newBotRoad(t, queued)
			broken := true
			b.api.Answer = func(_ string, n int) (int, string, http.Header) {
				if n == fail && broken {
					broken = false
					return 200, `{"ok":false,"error":"ratelimited"}`, http.Header{"Retry-After": {"3"}}
				}
				return 0, "", nil
			}
			for i, sample := range []string{"issues.opened", "issue_comment.created", "issues.closed-completed"} {
				id := fmt.Sprintf("d%d", i)
				if queued {
					b.send(sample, id, 200)
					for range 3 {
						b.now = b.now.Add(time.Minute)
						b.start()
						b.work()
					}
					continue
				}
				before := broken
				want := 200
				if before && failsWithin(b, sample, fail) {
					want = 503
				}
				b.send(sample, id, want)
				if want == 503 {
					b.start()
					b.send(sample, id, 200)
				}
			}
			b.want("C0OPS0001", "green 1, > 0, > green 0")
			b.want("C0DEV0001", "green 1, > green 0")
		}
	}
}

// failsWithin tells whether request number fail is one of a sample's: opened and
// closed go to two channels, and closed takes two requests in each.
func failsWithin(b *botRoad, sample string, fail int) bool {
	n := map[string]int{"issues.opened": 2, "issue_comment.created": 1, "issues.closed-completed": 4}[sample]
	return fail > b.api.Calls() && fail <= b.api.Calls()+n
}

// A token that was changed is looked up anew when the old one is refused.
func TestSlackTokenIsRotated(t *testing.T) {
	b := newBotRoad(t, false)
	b.send("issue_comment.created", "d1", 200)
	b.token = hidden + "-bot-2"
	b.api.Token = b.token
	b.now = b.now.Add(2 * time.Minute)
	b.send("issue_comment.created", "d2", 200)
	b.want("C0OPS0001", "0, > 0")
}

// A step that is sent again with less in it is still a reply, or a change.
func TestSlackReducedStepsStayWhatTheyAre(t *testing.T) {
	b := newBotRoad(t, false)
	refused := false
	b.api.Answer = func(_ string, _ int) (int, string, http.Header) {
		if refused = !refused; refused { // every other one
			return 200, `{"ok":false,"error":"msg_blocks_too_long"}`, nil
		}
		return 0, "", nil
	}
	b.send("issue_comment.created", "d1", 200) // to one channel, so that requests don't alternate
	b.send("issue_comment.created", "d2", 200)
	b.want("C0OPS0001", "0, > 0")
}
