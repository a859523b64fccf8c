package teams

import (
	"strings"

	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/sink"
)

// maxNotice is the characters of a MessageCard's text at most.
const maxNotice = 4_000

// legacyCard is a MessageCard as the CertifyClouds webhook reference has it.
// https://learn.microsoft.com/outlook/actionable-messages/message-card-reference
type legacyCard struct {
	Type       string         `json:"@type"`
	Context    string         `json:"@context"`
	Summary    string         `json:"summary"`
	ThemeColor string         `json:"themeColor"`
	Title      string         `json:"title"`
	Text       string         `json:"text"`
	Sections   []section      `json:"sections,omitempty"`
	Action     []legacyAction `json:"potentialAction,omitempty"`
}

type section struct {
	Facts []legacyFact `json:"facts"`
}

type legacyFact struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type legacyAction struct {
	Type    string   `json:"@type"`
	Name    string   `json:"name"`
	Targets []target `json:"targets"`
}

type target struct {
	OS  string `json:"os"`
	URI string `json:"uri"`
}

// messageCard is e as a MessageCard: of an event with an Original the sender's
// own words, with no key but the reference's.
func messageCard(e *event.Event, p plan) any {
	c := legacyCard{
		Type: "MessageCard", Context: "https://schema.org/extensions",
		Summary: notice(e), ThemeColor: strings.TrimPrefix(e.Color(), "#"),
	}
	if o := e.Original; o != nil {
		c.Title = plain(o.Title, maxTitle)
		if c.Title == "" {
			c.Title = inert(title(e))
		}
		c.Summary = c.Title
		c.Text = light(o.Text, min(maxNotice, p.text*3+maxTitle))
		c.Sections = sections(o.Fields, p)
		return c
	}
	c.Title = inert(title(e))
	c.Text = legacyText(e, p)
	if e.Quiet {
		return c
	}
	c.Sections = sections(e.Fields, p)
	if u := webURL(e.URL); u != "" {
		c.Action = []legacyAction{{Type: "OpenUri", Name: verb(e), Targets: []target{{OS: "default", URI: u}}}}
	}
	return c
}

func sections(fields []event.Field, p plan) []section {
	var kept []legacyFact
	for _, f := range fields {
		name, value := light(sink.Line(bounded(f.Name, maxName)), maxName), light(sink.Line(bounded(f.Value, p.value)), p.value)
		if name == "" || value == "" {
			continue
		}
		if len(kept) == max(p.facts, 1) {
			break
		}
		kept = append(kept, legacyFact{Name: name, Value: value})
	}
	if len(kept) == 0 {
		return nil
	}
	return []section{{Facts: kept}}
}

// legacyText is the quiet line, the lists and the excerpt as paragraphs.
func legacyText(e *event.Event, p plan) string {
	parts := []string{e.Severity.Glyph() + " " + quietLine(e, p)}
	if e.Quiet {
		return parts[0]
	}
	if e.Gauge != nil {
		parts = append(parts, gaugeWords(line(e.Gauge.Label, maxName), e.Gauge))
	}
	for i, l := range e.Lists {
		if i == p.lists {
			break
		}
		for _, el := range listBlocks(l, p) {
			if t, ok := el.(textBlock); ok {
				parts = append(parts, t.Text)
			}
		}
	}
	if t := sink.Excerpt(e.Text, p.text); t != "" {
		parts = append(parts, escape(t))
	}
	return strings.Join(parts, "\n\n")
}
