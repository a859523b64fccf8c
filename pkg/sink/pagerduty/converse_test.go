package pagerduty

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/match"
	"github.com/sigpost/sigpost/pkg/sink"
)

// pager is PagerDuty: it refuses what isn't valid, opens, acknowledges and
// resolves alerts, and drops what is for an alert that isn't open.
type pager struct {
	t       *testing.T
	open    map[string]string // state by dedup_key
	pages   int               // alerts that were opened
	log     []string          // what it was asked, and what it dropped
	refused error             // what it answers instead
}

func newPager(t *testing.T) *pager {
	t.Helper()
	return &pager{t: t, open: map[string]string{}}
}

func (p *pager) take(m sink.Posting) error {
	if p.refused != nil {
		return p.refused
	}
	e, err := accept(m.Body, strings.HasSuffix(m.URL.Reveal(), "/v2/change/enqueue"))
	if err != nil {
		p.t.Fatalf("%v: %s", err, m.Body)
	}
	if e.Action == nil {
		p.log = append(p.log, "change")
		return nil
	}
	said := *e.Action
	switch _, open := p.open[e.DedupKey]; {
	case said == "trigger" && !open:
		p.pages++
		p.open[e.DedupKey] = "triggered"
	case !open:
		said += " dropped"
	case said == "acknowledge":
		p.open[e.DedupKey] = "acknowledged"
	case said == "resolve":
		delete(p.open, e.DedupKey)
	}
	p.log = append(p.log, said)
	return nil
}

// talk is a sink with what is remembered of each subject.
type talk struct {
	*pager
	sink   *Sink
	memory map[string]string
}

func newTalk(t *testing.T, changes ...func(*Config)) *talk {
	t.Helper()
	return &talk{newPager(t), newSink(t, changes...), map[string]string{}}
}

// deliver is what the relay does with e, as long as there are steps left; it
// breaks off after so many, before or after remembering the last.
func (k *talk) deliver(e event.Event, steps int, forget bool) error {
	k.t.Helper()
	key := e.Source + "\n" + e.Key
	memory := k.memory[key]
	for range steps {
		step := k.sink.Next(&e, memory)
		if step == nil {
			return nil
		}
		p, err := k.sink.Seal(k.t.Context(), &e, step.Message, time.Time{})
		if err != nil {
			k.t.Fatal(err)
		}
		refusal := k.take(p)
		if forget {
			return nil
		}
		if memory, err = k.sink.Note(&e, memory, step, nil, refusal); err != nil {
			return err
		}
		if len(memory) > sink.MaxMemory {
			k.t.Fatalf("memory has %d bytes", len(memory))
		}
		if e.Key != "" {
			k.memory[key] = memory
		}
	}
	return nil
}

const all = 8

var noon = time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)

// at is an event of one subject, seconds after noon.
func at(seconds int, s event.State, v event.Severity) event.Event {
	return event.Event{
		ID: fmt.Sprintf("%s-%s-%d", s, v, seconds), Source: "github", Key: "acme/api/ci", Type: "workflow_run.completed",
		Title: "CI", State: s, Severity: v, Time: noon.Add(time.Duration(seconds) * time.Second),
	}
}

func failed(seconds int) event.Event { return at(seconds, event.StateOpen, event.Error) }
func passed(seconds int) event.Event { return at(seconds, event.StateResolved, event.Success) }

func measured(e event.Event) event.Event {
	e.Gauge = &event.Gauge{Label: "Health", Value: 9}
	return e
}

func typed(e event.Event, name string) event.Event {
	e.Type = name
	return e
}

func timeless(e event.Event) event.Event {
	e.ID, e.Time = "timeless-"+e.ID, time.Time{}
	return e
}

func keyless(e event.Event) event.Event {
	e.Key = ""
	return e
}

func again(e event.Event) event.Event {
	e.ID += "\n2026-03-02T13:00:00Z"
	return e
}

func TestWhatPagerDutyIsTold(t *testing.T) {
	closed := at(20, event.StateResolved, event.Info)
	for _, c := range []struct {
		name   string
		events []event.Event
		want   string
	}{
		{"failure", []event.Event{failed(1)}, "trigger"},
		{"warning", []event.Event{at(1, event.StateOpen, event.Warning)}, "trigger"},
		{"alert without a life", []event.Event{at(1, event.StateNone, event.Error)}, "trigger"},
		{"alert without a subject", []event.Event{keyless(failed(1)), keyless(passed(2))}, "trigger, change"},
		{"failure, recovery", []event.Event{failed(1), passed(2)}, "trigger, resolve, change"},
		{"success only", []event.Event{passed(1), passed(2), passed(3)}, "resolve dropped, change, change, change"},
		{"opened, closed", []event.Event{at(1, event.StateOpen, event.Info), closed}, "resolve dropped"},
		{"comment", []event.Event{at(1, event.StateUpdate, event.Info)}, ""},
		{"worse, and worse again", []event.Event{failed(1), at(2, event.StateUpdate, event.Error)}, "trigger, trigger"},
		{"somebody took it", []event.Event{failed(1), typed(at(2, event.StateUpdate, event.Info), "issues.assigned")}, "trigger, acknowledge"},
		{"somebody took what is over", []event.Event{failed(1), closed, typed(at(30, event.StateUpdate, event.Info), "issues.assigned")}, "trigger, resolve"},
		{"health is back", []event.Event{measured(failed(1)), measured(passed(2))}, "trigger, resolve"},
		{"release", []event.Event{keyless(at(1, event.StateNone, event.Success))}, "change"},
		{"release with a name", []event.Event{at(1, event.StateNone, event.Success)}, "change"},
		{"approved", []event.Event{at(1, event.StateUpdate, event.Success)}, ""},
		{"push", []event.Event{at(1, event.StateNone, event.Info)}, ""},
		{"success without a subject", []event.Event{keyless(passed(1))}, "change"},
		{"fails, passes, fails, passes", []event.Event{failed(1), passed(2), failed(3), passed(4)}, "trigger, resolve, change, trigger, resolve, change"},
		{"late failure", []event.Event{passed(2), failed(1)}, "resolve dropped, change"},
		{"late failure after recovery", []event.Event{failed(1), passed(5), failed(4)}, "trigger, resolve, change"},
		{"late failure after two successes", []event.Event{passed(2), passed(9), failed(5)}, "resolve dropped, change, change"},
		{"late failure after a second closing", []event.Event{closed, at(40, event.StateResolved, event.Info), failed(30)}, "resolve dropped, resolve dropped"},
		{"late closing while it fails anew", []event.Event{failed(1), failed(30), closed}, "trigger, trigger"},
		{"older failure while it fails", []event.Event{failed(3), failed(2)}, "trigger"},
		{"the same second, in order", []event.Event{measured(failed(1)), measured(passed(1))}, "trigger, resolve"},
		{"the same second, out of order", []event.Event{measured(passed(1)), measured(failed(1))}, "resolve dropped"},
		{"closed twice", []event.Event{failed(1), closed, closed, at(20, event.StateResolved, event.Warning)}, "trigger, resolve"},
		{"closed twice, later", []event.Event{failed(1), closed, at(21, event.StateResolved, event.Info)}, "trigger, resolve, resolve dropped"},
		{"no times", []event.Event{timeless(measured(failed(1))), timeless(measured(passed(1))), timeless(measured(failed(2)))}, "trigger, resolve, trigger"},
		{"some times", []event.Event{failed(5), timeless(measured(passed(1))), failed(3), failed(6)}, "trigger, resolve, trigger"},
		{"assigned late", []event.Event{failed(5), typed(at(2, event.StateUpdate, event.Info), "issues.assigned"), measured(passed(6))}, "trigger, resolve"},
		{"assigning doesn't outdate a closing", []event.Event{failed(5), typed(at(9, event.StateUpdate, event.Info), "issues.assigned"), measured(passed(6))}, "trigger, acknowledge, resolve"},
		{"sent again on purpose", []event.Event{failed(1), again(failed(1)), passed(2), again(passed(2)), again(failed(1))}, "trigger, trigger, resolve, change, change"},
		{"delivered again", []event.Event{failed(1), failed(1), passed(2), passed(2), failed(1)}, "trigger, resolve, change"},
	} {
		k := newTalk(t)
		for _, e := range c.events {
			if err := k.deliver(e, all, false); err != nil {
				t.Fatal(err)
			}
		}
		if got := strings.Join(k.log, ", "); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestWhatIsToldIsConfigurable(t *testing.T) {
	for _, c := range []struct {
		change func(*Config)
		event  event.Event
		want   string
	}{
		{func(c *Config) { c.Trigger = []event.Severity{event.Error} }, at(1, event.StateOpen, event.Warning), ""},
		{func(c *Config) { c.Trigger = []event.Severity{} }, failed(1), ""},
		{func(c *Config) { c.Trigger = []event.Severity{event.Info} }, at(1, event.StateOpen, event.Info), "trigger"},
		{func(c *Config) { c.Changes = []match.Filter{{Events: []string{"push"}}} }, typed(at(1, event.StateNone, event.Info), "push"), "change"},
		{func(c *Config) { c.Changes = []match.Filter{{Events: []string{"push"}}} }, typed(failed(1), "push"), "trigger"},
		{func(c *Config) { c.Changes = []match.Filter{} }, at(1, event.StateNone, event.Success), ""},
		{func(c *Config) { c.Acknowledge = []match.Filter{} }, typed(at(1, event.StateUpdate, event.Info), "issues.assigned"), ""},
		{func(c *Config) { c.Acknowledge = []match.Filter{{From: []string{"github"}}} }, at(1, event.StateUpdate, event.Info), "acknowledge dropped"},
	} {
		k := newTalk(t, c.change)
		if err := k.deliver(c.event, all, false); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(k.log, ", "); got != c.want {
			t.Errorf("%v: %q, want %q", c.event, got, c.want)
		}
	}
}

func TestABrokenOffDeliveryGoesOn(t *testing.T) {
	k := newTalk(t)
	for _, d := range []struct {
		event  event.Event
		steps  int
		forget bool
	}{
		{failed(1), all, false},
		{passed(2), 1, false}, // resolved; the change event is left
		{passed(2), 1, true},  // the change event is sent, and that is forgotten
		{passed(2), all, false},
		{passed(2), all, false},
	} {
		if err := k.deliver(d.event, d.steps, d.forget); err != nil {
			t.Fatal(err)
		}
	}
	if got := strings.Join(k.log, ", "); got != "trigger, resolve, change, change" {
		t.Error(got)
	}
}

func TestARefusalIsNotRemembered(t *testing.T) {
	k := newTalk(t)
	k.refused = errors.New("refused")
	if err := k.deliver(failed(1), all, false); !errors.Is(err, k.refused) || len(k.memory) > 0 {
		t.Errorf("%v, %v", err, k.memory)
	}
	k.refused = nil
	if err := k.deliver(failed(1), all, false); err != nil || k.pages != 1 {
		t.Errorf("%v, %d pages", err, k.pages)
	}
}

func TestLostMemoryCostsNoPageAndNoResolution(t *testing.T) {
	k := newTalk(t)
	for _, garbled := range []string{"", "{", `{"at":"x"}`, "null", `[]`} {
		k.memory = map[string]string{"github\nacme/api/ci": garbled}
		if err := k.deliver(failed(1), all, false); err != nil || len(k.open) != 1 {
			t.Fatalf("%q: %v, open %v", garbled, err, k.open)
		}
		k.memory = map[string]string{"github\nacme/api/ci": garbled}
		if err := k.deliver(passed(2), all, false); err != nil || len(k.open) != 0 {
			t.Fatalf("%q: %v, open %v", garbled, err, k.open)
		}
	}
}
