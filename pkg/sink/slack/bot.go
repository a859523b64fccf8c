package slack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sigpost/sigpost/pkg/address"
	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/problem"
	"github.com/sigpost/sigpost/pkg/secret"
	"github.com/sigpost/sigpost/pkg/sink"
)

// The values of Config.Conversation: what becomes of later events of a subject.
// An empty one is ConversationThread.
const (
	ConversationThread = "thread" // a reply to the first message, which turns green when the subject is resolved
	ConversationUpdate = "update" // the first message is changed to show the newest
	ConversationBoth   = "both"   // a reply, and the first message shows the newest
	ConversationNone   = "none"   // a message of its own
)

var conversations = []string{"", ConversationThread, ConversationUpdate, ConversationBoth, ConversationNone}

const defaultAPI = "https://slack.com/api/"

// Bot draws for a bot user in one channel. Each event is a message of its own.
type Bot struct {
	drawer
	token   secret.Handle
	channel string
	api     string
}

var (
	_ sink.Sink      = (*Bot)(nil)
	_ sink.Judge     = (*Bot)(nil)
	_ sink.Reducer   = (*Bot)(nil)
	_ sink.Sealer    = (*Bot)(nil)
	_ sink.Channeler = (*Bot)(nil)
)

func newBot(c Config, d drawer) (*Bot, error) {
	var errs []error
	if !c.URL.IsZero() {
		errs = append(errs, problem.New("url", "stands beside token: a sink is an incoming webhook (url) or a bot (token and channel), so remove one"))
	}
	switch {
	case c.Token.IsZero():
		errs = append(errs, problem.New("token", "is missing: name the bot's token, e.g. secret://slack-bot"))
	case c.Token.Literal():
		errs = append(errs, problem.New("token", "holds a secret in plain text: write secret://NAME, env://NAME or file://PATH instead, and make a new token if this file was shared"))
	}
	if c.Channel == "" {
		errs = append(errs, problem.New("channel", `is missing: write the channel's ID (C…, G… or D…) or its name in quotes, e.g. "#ops"`))
	} else if err := checkChannel(c.Channel); err != nil {
		errs = append(errs, problem.New("channel", "%v", err))
	}
	if !slices.Contains(conversations, c.Conversation) {
		errs = append(errs, problem.New("conversation", "is unknown: use %s", strings.Join(conversations[1:], ", ")))
	}
	if c.API == "" {
		c.API = defaultAPI
	}
	if u, err := address.Parse(c.API); err != nil {
		errs = append(errs, problem.New("api", "%v", err))
	} else if u.RawQuery != "" || u.Fragment != "" {
		errs = append(errs, problem.New("api", "is not the address of an API: write it like "+defaultAPI))
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return &Bot{drawer: d, token: c.Token, channel: c.Channel, api: strings.TrimSuffix(c.API, "/") + "/"}, nil
}

var (
	channelID = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[CGD][A-Z0-9]{6,20}$`) })
	// A name is in any script, without upper case, spaces and most punctuation:
	// https://slack.com/help/articles/201402297-Create-a-channel.
	channelName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^#[\p{Ll}\p{Lo}\p{M}\p{N}_-]{1,80}$`) })
)

// stamp is the ts of a message.
var stamp = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[0-9]{1,20}\.[0-9]{1,10}$`) })

var errChannel = errors.New(`is no channel: write its ID (C…, G… or D…) or its name in quotes, e.g. "#ops"`)

func checkChannel(name string) error {
	if channelID().MatchString(name) || channelName().MatchString(name) {
		return nil
	}
	return errChannel
}

// Channel is the same bot in another channel.
func (b *Bot) Channel(name string) (sink.Sink, error) {
	if err := checkChannel(name); err != nil {
		return nil, err
	}
	other := *b
	other.channel = name
	return &other, nil
}

// The methods of the API, which are the kinds of a bot's messages.
const (
	methodPost   = "chat.postMessage"
	methodUpdate = "chat.update"
)

// encode completes a message: where it is posted, and by which method.
func (b *Bot) encode(m message, method string) sink.Message {
	if m.Channel == "" {
		m.Channel = b.channel
	}
	if method == methodUpdate { // without it Slack would look for names in the text
		m.Parse, m.UnfurlLinks, m.UnfurlMedia = "none", nil, nil
	}
	out := encode(m)
	out.Kind = method
	return out
}

// Render draws e in the configured format, for the bot's channel.
func (b *Bot) Render(e *event.Event) sink.Message { return b.encode(b.post(e, full), methodPost) }

// RenderReduced draws e with a quarter of the text and without images.
func (b *Bot) RenderReduced(e *event.Event) sink.Message {
	return b.encode(b.post(e, reduced), methodPost)
}

// Endpoint is where the bot posts, with its token.
func (b *Bot) Endpoint(ctx context.Context) (sink.Endpoint, error) {
	return b.endpoint(ctx, methodPost)
}

func (b *Bot) endpoint(ctx context.Context, method string) (sink.Endpoint, error) {
	token, err := b.token.Value(ctx)
	if err != nil {
		return sink.Endpoint{}, fmt.Errorf("token: %w", err)
	}
	return sink.Endpoint{
		URL:    secret.NewValue(b.api + method),
		Header: map[string]secret.Value{"Authorization": secret.NewValue("Bearer " + strings.TrimSpace(token.Reveal()))},
	}, nil
}

// Seal addresses m to the method that its Kind names.
func (b *Bot) Seal(ctx context.Context, _ *event.Event, m sink.Message, _ time.Time) (sink.Posting, error) {
	method := methodPost
	if m.Kind == methodUpdate {
		method = methodUpdate
	}
	ep, err := b.endpoint(ctx, method)
	return sink.Posting{Message: m, Endpoint: ep}, err
}

// Judge reads the answer: a refusal comes with status 200. An answer with that
// status that doesn't say ok is not Slack's, and the message may not have arrived.
func (b *Bot) Judge(status int, body []byte) error {
	if status < 200 || status >= 300 {
		return (*Webhook)(nil).Judge(status, body)
	}
	var answer struct {
		OK *bool `json:"ok"`
	}
	if json.Unmarshal(body, &answer) != nil || answer.OK == nil {
		return &sink.AnswerError{Class: sink.Retry, Code: "an answer that is not Slack's"}
	}
	return (*Webhook)(nil).Judge(status, body)
}
