package catalog_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/sigpost/sigpost/pkg/catalog"
	"github.com/sigpost/sigpost/pkg/config"
	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/event/eventtest"
	"github.com/sigpost/sigpost/pkg/secret"
	"github.com/sigpost/sigpost/pkg/sink"
)

// everySink is each type of sink in each of its formats and manners.
const everySink = `
sources: { github: { type: github, secrets: [env://WORD] } }
sinks:
  slack: { type: slack, url: "https://hooks.example/slack", mentions: [{ to: [here, U0CALLED01, S0CALLED01], severity: [error] }] }
  slack-attachment: { type: slack, format: attachment, url: "https://hooks.example/slack" }
  slack-thread: { type: slack, token: env://WORD, channel: C0PROPERTY, mentions: [{ to: [channel, U0CALLED01], severity: [error] }] }
  slack-update: { type: slack, token: env://WORD, channel: C0PROPERTY, conversation: update }
  slack-both: { type: slack, token: env://WORD, channel: C0PROPERTY, conversation: both, format: attachment }
  slack-none: { type: slack, token: env://WORD, channel: C0PROPERTY, conversation: none }
  teams: { type: teams, url: "https://hooks.example/teams" }
  teams-mentions: { type: teams, url: "https://hooks.example/teams", mentions: [{ to: [{ name: Ada Called, id: ada@called.example }], severity: [error] }] }
  teams-card: { type: teams, format: message-card, url: "https://hooks.example/teams" }
  discord: { type: discord, url: "https://hooks.example/discord" }
  discord-mentions: { type: discord, url: "https://hooks.example/discord", mentions: [{ to: ["876543210987654321", "&876543210987654322", everyone], severity: [error] }] }
  pagerduty: { type: pagerduty, key: env://KEY }
  pagerduty-all: { type: pagerduty, key: env://KEY, trigger: [error, warning, success, info], critical: [{ severity: [error] }], changes: [{ severity: [success, info] }] }
  bigquery: { type: bigquery, project: acme-data, dataset: sigpost, url: "http://127.0.0.1:9" }
  bigquery-lean: { type: bigquery, project: acme-data, dataset: sigpost, payload: false, url: "http://127.0.0.1:9" }
  generic: { type: generic, url: "https://hooks.example/generic", signing: env://SIGNING }
  generic-binary: { type: generic, format: cloudevents-binary, url: "https://hooks.example/generic" }
  generic-structured: { type: generic, format: cloudevents-structured, url: "https://hooks.example/generic" }
  generic-raw: { type: generic, format: raw, url: "https://hooks.example/generic" }
routes: [ { to: [slack] } ]
`

var words = map[string]string{
	"WORD": "not-a-secret", "KEY": "routingkeyroutingkeyroutingkey32", "SIGNING": "whsec_bm90LWEtc2VjcmV0LW5vdC1hLXNlY3JldA==",
}

func sinks(tb testing.TB) []config.Sink {
	tb.Helper()
	c, err := config.Parse("sinks.yaml", []byte(everySink), secret.NewLocal(func(name string) (string, bool) { v, ok := words[name]; return v, ok }, nil))
	if err != nil {
		tb.Fatal(err)
	}
	return c.Sinks
}

// TestEverySinkIsHeldToItsReceiver keeps a new type of sink from being left out.
func TestEverySinkIsHeldToItsReceiver(t *testing.T) {
	have := map[string]bool{}
	for _, s := range sinks(t) {
		have[s.Type] = true
	}
	for _, s := range catalog.Sinks {
		if !have[s.Type] || receivers[s.Type] == nil {
			t.Errorf("nothing says what the receiver of a sink %s takes: add it to everySink and receivers", s.Type)
		}
	}
}

// rounds is how many events TestAnyEventIsAGoodMessage draws; fuzzing draws more.
const rounds = 40

// Whatever an event holds, every message of every sink is one that its receiver
// takes, and the same each time.
func TestAnyEventIsAGoodMessage(t *testing.T) {
	all := sinks(t)
	n := uint64(rounds)
	if testing.Short() {
		n /= 5
	}
	for seed := range n {
		hold(t, all, func() event.Event { return eventtest.Random(rand.New(rand.NewPCG(seed, 1))) }, seed) //nolint:gosec // repeatable on purpose
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func FuzzAnyEventIsAGoodMessage(f *testing.F) {
	all := sinks(f)
	f.Add(uint64(1), []byte("some choices"))
	f.Fuzz(func(t *testing.T, seed uint64, choices []byte) {
		hold(t, all, func() event.Event {
			return eventtest.Random(rand.New(&tape{bytes.NewReader(choices), rand.NewPCG(seed, 2)})) //nolint:gosec // repeatable on purpose
		}, seed)
	})
}

// tape is chance that a fuzzer chooses, as far as it does.
type tape struct {
	choices *bytes.Reader
	rest    *rand.PCG
}

func (t *tape) Uint64() uint64 {
	var b [8]byte
	if n, _ := t.choices.Read(b[:]); n > 0 {
		return binary.BigEndian.Uint64(b[:])
	}
	return t.rest.Uint64()
}

// hold draws an event, made anew by each call of one, for all sinks.
func hold(t *testing.T, all []config.Sink, one func() event.Event, seed uint64) {
	t.Helper()
	for _, s := range all {
		e, twin := one(), one()
		h := holder{t: t, sink: s, e: &e, seed: seed}
		got, again := h.messages(&e), h.messages(&twin)
		if len(got) == 0 {
			h.fail("nothing was drawn")
		}
		if !reflect.DeepEqual(got, again) {
			h.fail("the same event gave two messages")
		}
		if before := one(); !reflect.DeepEqual(e, before) {
			h.fail("the event was changed")
		}
		for _, m := range got {
			if h.check(m); t.Failed() {
				return
			}
		}
	}
}

// holder holds a sink to its receiver.
type holder struct {
	t    *testing.T
	sink config.Sink
	e    *event.Event
	seed uint64
}

func (h holder) fail(format string, args ...any) {
	h.t.Helper()
	h.t.Errorf("%s: %s", h.sink.Name, fmt.Sprintf(format, args...))
}

// memories are what a sink may find that it remembers: nothing, its own, or what
// somebody else left there.
var memories = []string{
	"", "{}", "null", "[]", `"x"`, "\xff", `{"ts":"1.000001","channel":"C0PROPERTY"}`, `{"state":"open","at":1}`,
	`{"state":"resolved","at":9223372036854775807,"done":[]}`, strings.Repeat("[", 100),
}

// messages are all that a sink makes of e: whole and reduced, and the steps of
// conversations that begin with any memory and meet any answer.
func (h holder) messages(e *event.Event) (all []sink.Message) {
	s := h.sink.Sink
	all = append(all, s.Render(e))
	if r, ok := s.(sink.Reducer); ok {
		all = append(all, r.RenderReduced(e))
	}
	c, ok := s.(sink.Converser)
	if !ok {
		return all
	}
	r := rand.New(rand.NewPCG(h.seed, 3)) //nolint:gosec // repeatable on purpose
	for _, memory := range []string{"", memories[r.IntN(len(memories))], memories[r.IntN(len(memories))]} {
		all = append(all, h.talk(e, c, memory, r.IntN(6))...)
	}
	return all
}

// answers are what the receivers of conversations say, when they take a step.
var answers = map[string]string{
	"slack":     `{"ok":true,"channel":"C0PROPERTY","ts":"1700000000.000100"}`,
	"pagerduty": `{"status":"success","message":"Event processed","dedup_key":"x"}`,
}

// talk takes the steps of one delivery, of which one is refused.
func (h holder) talk(e *event.Event, c sink.Converser, memory string, refused int) (all []sink.Message) {
	const most = 8 // steps, as the relay has it
	for n := range most {
		step := c.Next(e, memory)
		if step == nil {
			return all
		}
		all = append(all, step.Message)
		if r, ok := c.(sink.StepReducer); ok {
			if m := r.ReduceStep(e, step.Message); m.Body != nil {
				all = append(all, m)
			}
		}
		var refusal error
		if n == refused {
			refusal = &sink.AnswerError{Class: sink.Refused, Code: "message_not_found"}
		}
		next, err := c.Note(e, memory, step, []byte(answers[h.sink.Type]), refusal)
		if err != nil {
			return all
		}
		if memory = next; len(memory) > sink.MaxMemory || !utf8.ValidString(memory) {
			h.fail("it wants to remember %d bytes: %.100q", len(memory), memory)
		}
	}
	h.fail("the conversation has no end")
	return all
}

// check holds one message to what all receivers want, and to what its own does.
func (h holder) check(m sink.Message) {
	if m.Body == nil && h.e.Raw != nil {
		h.fail("an empty message")
		return
	}
	p := sink.Posting{Message: m}
	if s, ok := h.sink.Sink.(sink.Sealer); ok {
		var err error
		var unsendable *sink.UnsendableError
		if p, err = s.Seal(h.t.Context(), h.e, m, eventtest.Now); errors.As(err, &unsendable) {
			return // in part, which raw bodies are not sent
		} else if err != nil {
			h.fail("it can't be sealed: %v", err)
			return
		}
	}
	for name, v := range p.Header {
		if strings.ContainsFunc(name+v.Reveal(), func(r rune) bool { return r < ' ' && r != '\t' || r >= 0x7f }) {
			h.fail("header %s is %.200q", name, v.Reveal())
		}
	}
	if h.sink.Name == "generic-raw" {
		if !bytes.Equal(p.Body, h.e.Raw) {
			h.fail("the body is another")
		}
		return
	}
	body, err := content(p.Message)
	if err != nil {
		h.fail("%v", err)
		return
	}
	if !utf8.Valid(body) {
		h.fail("not UTF-8: %.200q", body)
	}
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		h.fail("no JSON: %v: %.200q", err, body)
		return
	}
	if err := clean(v, ""); err != nil {
		h.fail("%v", err)
	}
	if err := receivers[h.sink.Type](h.e, p, body, v); err != nil {
		h.fail("the receiver would refuse or misread it: %v\n%.1500s", err, body)
	}
}

// clean says where a text has characters that no reader sees, or that turn the
// order of others. A payload is data.
func clean(v any, path string) error {
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			if k == "payload" && strings.HasSuffix(path, ".json") {
				continue
			}
			if err := errors.Join(clean(k, path), clean(x, path+"."+k)); err != nil {
				return err
			}
		}
	case []any:
		for _, x := range v {
			if err := clean(x, path); err != nil {
				return err
			}
		}
	case string:
		for _, r := range v {
			if r != '\n' && r != '\t' && r < ' ' || r >= 0x7f && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
				return fmt.Errorf("%s has %U: %.200q", path, r, v)
			}
		}
	}
	return nil
}
