package teams

import (
	"strconv"
	"strings"
	"time"

	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/sink"
)

// envelopeOf is the Adaptive Card of e in the message that Workflows takes.
// https://learn.microsoft.com/connectors/teams/#microsoft-teams-webhook
func envelopeOf(e *event.Event, p plan) any {
	_, entities := call(p.people)
	return envelope{Type: "message", Attachments: []attachment{{
		ContentType: "application/vnd.microsoft.card.adaptive",
		Content: card{
			Type:         "AdaptiveCard",
			Schema:       "http://adaptivecards.io/schemas/adaptive-card.json",
			Version:      "1.5",
			FallbackText: notice(e),
			MSTeams:      msteams{Width: "Full", Entities: entities},
			Body:         body(e, p),
		},
	}}}
}

func body(e *event.Event, p plan) []element {
	top := []element{headline(e)}
	if e.Quiet {
		els := []element{container{Type: "Container", Style: style(e), Bleed: true, Items: top}}
		return append(append(els, calling(p)...), footer(e, p))
	}
	if t := quietLine(e, p); t != "" {
		top = append(top, textBlock{Type: "TextBlock", Text: t, IsSubtle: true, Spacing: "None", Wrap: true})
	}
	els := []element{container{Type: "Container", Style: style(e), Bleed: true, Items: top}}
	els = append(append(els, calling(p)...), middle(e, p)...)
	for i, l := range e.Lists {
		if i == p.lists {
			break
		}
		els = append(els, listBlocks(l, p)...)
	}
	if t := excerpt(e, p); t != "" {
		els = append(els, textBlock{Type: "TextBlock", Text: t, Wrap: true})
	}
	els = append(els, footer(e, p))
	if u := webURL(e.URL); u != "" {
		els = append(els, actionSet{Type: "ActionSet", Actions: []openURL{{Type: "Action.OpenUrl", Title: verb(e), URL: u}}})
	}
	return els
}

// calling is the line that calls people, if there are any to call.
func calling(p plan) []element {
	line, _ := call(p.people)
	if line == "" {
		return nil
	}
	return []element{textBlock{Type: "TextBlock", Text: line, Wrap: true}}
}

// title is the headline's words, never empty.
func title(e *event.Event) string {
	for _, s := range []string{e.Title, e.Type, e.Product} {
		if s = sink.Cut(sink.Line(bounded(s, maxTitle)), maxTitle); s != "" {
			return s
		}
	}
	return "Event"
}

// notice is the headline with the place, for where no card can be drawn. It is
// shown as it stands or read as Markdown, so it isn't escaped but has no links.
// https://adaptivecards.io/explorer/AdaptiveCard.html (fallbackText)
func notice(e *event.Event) string {
	short := event.Event{Title: title(e), Place: event.Link{Name: sink.Cut(sink.Line(bounded(e.Place.Name, maxName)), maxName)}}
	return noLinks.Replace(inert(short.Summary()))
}

// noLinks parts what would be a Markdown link or image.
var noLinks = strings.NewReplacer("](", "]"+zeroWidth+"(", "][", "]"+zeroWidth+"[")

func verb(e *event.Event) string {
	if s := plain(e.Action, maxAction); s != "" {
		return s
	}
	return "Open"
}

func headline(e *event.Event) textBlock {
	return textBlock{
		Type: "TextBlock", Text: e.Severity.Glyph() + " " + link(escape(title(e)), e.URL),
		Size: "Medium", Weight: "Bolder", Wrap: true,
	}
}

// style is the container style that has the severity's colour.
func style(e *event.Event) string {
	if e.Muted {
		return "emphasis"
	}
	switch e.Severity {
	case event.Error:
		return "attention"
	case event.Warning:
		return "warning"
	case event.Success:
		return "good"
	case event.Info:
	}
	return "accent"
}

// quietLine is severity, place and actor.
func quietLine(e *event.Event, p plan) string {
	return joined(e.Severity.Word(), named(e.Where(), p), named(e.Who(), p))
}

func named(l event.Link, p plan) string {
	name := line(l.Name, maxName)
	if p.links {
		return link(name, l.URL)
	}
	return name
}

// facts is the fields that are shown, and how many others have something to show.
func facts(fields []event.Field, p plan) (kept []fact, more int) {
	for _, f := range fields {
		if len(kept) == min(p.facts, sink.MaxFacts) {
			if strings.TrimSpace(f.Name) != "" && strings.TrimSpace(f.Value) != "" {
				more++
			}
			continue
		}
		name, value := line(f.Name, maxName), line(f.Value, p.value)
		if name == "" || value == "" {
			continue
		}
		if p.links {
			value = link(value, f.URL)
		}
		kept = append(kept, fact{Title: name, Value: value})
	}
	return kept, more
}

func moreFacts(n int) textBlock {
	words := "and " + strconv.Itoa(n) + " more field"
	if n > 1 {
		words += "s"
	}
	return textBlock{Type: "TextBlock", Text: words, IsSubtle: true, Spacing: "Small", Wrap: true}
}

// listBlocks is a list's heading, its items, and how many more there are.
func listBlocks(l event.List, p plan) []element {
	var els []element
	items, more := sink.Shown(l)
	for _, it := range items {
		if t := itemText(it, p); t != "" {
			els = append(els, textBlock{Type: "TextBlock", Text: t, IsSubtle: it.Done, Spacing: "Small", Wrap: true})
		}
	}
	if more > 0 {
		els = append(els, textBlock{Type: "TextBlock", Text: "and " + strconv.Itoa(more) + " more", IsSubtle: true, Spacing: "Small", Wrap: true})
	}
	heading := line(l.Name, maxName)
	if heading == "" && len(items) > 0 && items[0].Done {
		heading = "Resolved"
	}
	if heading == "" || len(els) == 0 {
		return els
	}
	return append([]element{textBlock{Type: "TextBlock", Text: heading, Weight: "Bolder", Wrap: true}}, els...)
}

func itemText(it event.Item, p plan) string {
	label := line(it.Label, maxName)
	text := line(it.Text, p.value)
	if p.links {
		if label != "" {
			label = link(label, it.URL)
		} else {
			text = link(text, it.URL)
		}
	}
	t := itemLine(label, text, line(it.Note, maxName), it.Code)
	if it.Done && t != "" {
		t = event.Success.Glyph() + " " + t
	}
	if d := line(it.Detail, p.value); d != "" {
		t = strings.TrimPrefix(t+"\n\n**Resolution:** "+d, "\n\n")
	}
	return t
}

// itemLine is "label: text — note", without the colon after an identifier.
func itemLine(label, text, note string, code bool) string {
	sep := ": "
	if code {
		sep = " "
	}
	parts := []string{label, text}
	if label == "" || text == "" {
		sep = ""
	}
	t := strings.Join(parts, sep)
	if t == "" || note == "" {
		return t + note
	}
	return t + " — " + note
}

// footer is product and time, the time in the reader's zone; of a quiet event
// also what the quiet line would have said.
// https://learn.microsoft.com/adaptive-cards/authoring-cards/text-features#datetime-function-rules
func footer(e *event.Event, p plan) textBlock {
	product := line(e.Product, maxName)
	if product == "" {
		product = "sigpost"
	}
	t := product
	if e.Quiet {
		t = joined(quietLine(e, p), product)
	}
	if at := e.Time.UTC(); !at.IsZero() && at.Year() > 0 && at.Year() <= 9999 {
		stamp := at.Format(time.RFC3339)
		t = joined(t, "{{DATE("+stamp+",SHORT)}} {{TIME("+stamp+")}}")
	}
	return textBlock{Type: "TextBlock", Text: t, Size: "Small", IsSubtle: true, Wrap: true}
}
