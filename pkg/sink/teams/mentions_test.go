package teams

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/event/eventtest"
	"github.com/sigpost/sigpost/pkg/match"
	"github.com/sigpost/sigpost/pkg/problem"
	"github.com/sigpost/sigpost/pkg/secret"
)

var (
	ada   = Person{"Ada", "ada@acme.example"}
	grace = Person{"Grace Hopper", "00000000-aaaa-bbbb-cccc-000000000000"}
)

func mentioning(t *testing.T, mentions ...Mention) *Sink {
	t.Helper()
	s, err := New(Config{URL: secret.Fixed("https://example.com/x"), Mentions: mentions})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// mentionsOf is whom a message calls: each has its text in the card, and no text
// calls anybody else.
func mentionsOf(t *testing.T, body []byte) (ids []string) {
	t.Helper()
	var m struct {
		Attachments []struct {
			Content struct {
				Body    json.RawMessage
				MSTeams struct{ Entities []entity }
			}
		}
	}
	if err := json.Unmarshal(body, &m); err != nil {
		t.Fatal(err)
	}
	c := m.Attachments[0].Content
	text := string(c.Body)
	if strings.Count(strings.ToLower(text), "<at>") != len(c.MSTeams.Entities) {
		t.Errorf("%d mentions, and the card says %s", len(c.MSTeams.Entities), text)
	}
	for _, e := range c.MSTeams.Entities {
		if e.Type != "mention" || !strings.Contains(text, e.Text) || e.Text != "<at>"+e.Mentioned.Name+"</at>" {
			t.Errorf("%+v has no text in the card", e)
		}
		ids = append(ids, e.Mentioned.ID)
	}
	return ids
}

func TestMentions(t *testing.T) {
	s := mentioning(t,
		Mention{To: []Person{ada}, Filter: match.Filter{Severity: []event.Severity{event.Error}}},
		Mention{To: []Person{ada, grace}, Filter: match.Filter{From: []string{"github"}, Events: []string{"issues.*"}}},
	)
	for _, tt := range []struct {
		e    event.Event
		want []string
	}{
		{event.Event{Title: "t", Severity: event.Warning}, nil},
		{event.Event{Title: "t", Severity: event.Error}, []string{ada.ID}},
		{event.Event{Title: "t", Severity: event.Error, Quiet: true}, []string{ada.ID}},
		{event.Event{Title: "t", Severity: event.Error, Source: "github", Type: "issues.opened"}, []string{ada.ID, grace.ID}},
		{event.Event{Title: "<at>Ada</at>", Severity: event.Info, Text: event.Text{Body: "<at>Ada</at> <AT>Ada</AT>", Format: event.Markdown}}, nil},
	} {
		for _, body := range [][]byte{s.Render(&tt.e).Body, s.RenderReduced(&tt.e).Body} {
			if got := mentionsOf(t, body); !slices.Equal(got, tt.want) {
				t.Errorf("%+v calls %v, want %v", tt.e, got, tt.want)
			}
		}
	}
}

// As many people with as long names as there may be fit, and an event that
// names them calls nobody.
func TestMentionsFit(t *testing.T) {
	var people []Person
	for i := range maxMentions {
		people = append(people, Person{fmt.Sprint(i) + strings.Repeat("ü", maxPerson/2-1), strings.Repeat("a", 63) + fmt.Sprint(i) + "@" + strings.Repeat("b", 48)})
	}
	many, few := mentioning(t, Mention{To: people}), mentioning(t, Mention{To: people, Filter: match.Filter{From: []string{"nobody"}}})
	for _, c := range append(eventtest.Canonical(), eventtest.Hostile()...) {
		for _, e := range []event.Event{c.Event} {
			if n := len(many.Render(&e).Body); n > budgetBytes {
				t.Errorf("%s: %d bytes", c.Name, n)
			}
			if n := len(many.RenderReduced(&e).Body); n > reducedBytes {
				t.Errorf("%s reduced: %d bytes", c.Name, n)
			}
			if got := mentionsOf(t, many.Render(&e).Body); len(got) != maxMentions {
				t.Errorf("%s: calls %d", c.Name, len(got))
			}
			if got := mentionsOf(t, few.Render(&e).Body); len(got) != 0 {
				t.Errorf("%s calls %v", c.Name, got)
			}
		}
	}
}

func TestMentionsRefused(t *testing.T) {
	for _, tt := range []struct {
		m    Mention
		want string
	}{
		{Mention{}, "mentions[0].to"},
		{Mention{To: make([]Person, maxMentions+1)}, "mentions[0].to"},
		{Mention{To: []Person{{"<at>x", ada.ID}}}, "mentions[0].to[0].name"},
		{Mention{To: []Person{{"", ada.ID}}}, "mentions[0].to[0].name"},
		{Mention{To: []Person{{"a\nb", ada.ID}}}, "mentions[0].to[0].name"},
		{Mention{To: []Person{{strings.Repeat("a", maxPerson+1), ada.ID}}}, "mentions[0].to[0].name"},
		{Mention{To: []Person{ada, {"B", "channel"}}}, "mentions[0].to[1].id"},
		{Mention{To: []Person{{"B", "a@b c"}}}, "mentions[0].to[0].id"},
		{Mention{To: []Person{ada}, Filter: match.Filter{Events: []string{"["}}}, "mentions[0].events[0]"},
	} {
		_, err := New(Config{URL: secret.Fixed("https://example.com/x"), Mentions: []Mention{tt.m}})
		if ps := problem.All(err); len(ps) == 0 || ps[0].Key != tt.want {
			t.Errorf("%+v: %v, want %s", tt.m, err, tt.want)
		}
	}
	_, err := New(Config{URL: secret.Fixed("https://example.com/x"), Format: MessageCard, Mentions: []Mention{{To: []Person{ada}}}})
	if ps := problem.All(err); len(ps) != 1 || ps[0].Key != "mentions" {
		t.Errorf("a MessageCard that mentions: %v", err)
	}
}
