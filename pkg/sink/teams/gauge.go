package teams

import (
	"fmt"
	"strings"

	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/sink"
)

// How facts and gauge share the card's width: by weight, so that neither is
// squeezed on a phone.
const (
	factShare  = 2
	gaugeShare = 1
)

// middle is the facts, with the gauge on their right if there is one. The gauge
// has no targetWidth: Microsoft's renderers for phones hold that of an element
// they don't know against its fallback too, and would show neither.
// https://github.com/microsoft/Teams-AdaptiveCards-Mobile (CardRendererRegistration.java)
func middle(e *event.Event, p plan) []element {
	var left []element
	if f, more := facts(e.Fields, p); len(f) > 0 {
		left = append(left, factSet{Type: "FactSet", Facts: f})
		if more > 0 {
			left = append(left, moreFacts(more))
		}
	}
	g := e.Gauge
	if g == nil {
		return left
	}
	words := textBlock{Type: "TextBlock", Text: gaugeWords(line(g.Label, maxName), g), Weight: "Bolder", Wrap: true}
	segments := segmentsOf(g)
	if !p.gauge || len(segments) == 0 {
		return append(left, words)
	}
	instead := []element{words}
	if len(left) == 0 {
		left, instead = instead, nil
	}
	chart := gauge{
		Type: "Chart.Gauge", Title: plain(g.Label, maxName), Value: min(max(g.Value, g.Min), g.Max),
		Min: g.Min, Max: g.Max, ValueFormat: "fraction", SubLabel: g.Severity.Word(), Segments: segments,
		Fallback: fallback(g, instead),
	}
	return []element{columnSet{Type: "ColumnSet", Columns: []column{
		{Type: "Column", Width: factShare, Items: left},
		{Type: "Column", Width: gaugeShare, Items: []element{chart}},
	}}}
}

// fallback is what is drawn where charts aren't known, as in Teams on a phone: the
// gauge's picture, if one is served, above the words that are not said elsewhere.
// https://github.com/microsoft/Teams-AdaptiveCards-Mobile/issues/314
func fallback(g *event.Gauge, words []element) element {
	if u := pictureURL(g.Image); u != "" {
		alt := gaugeWords(plain(g.Label, maxName), g)
		words = append([]element{image{Type: "Image", URL: u, AltText: alt, Size: "Stretch"}}, words...)
	}
	switch len(words) {
	case 0:
		return "drop"
	case 1:
		return words[0]
	}
	return container{Type: "Container", Items: words}
}

// pictureURL is the address of a picture as Teams fetches it, encrypted, or
// nothing: what a card reads as a date or a template stands in no address.
func pictureURL(u string) string {
	if !strings.HasPrefix(u, "https://") || strings.ContainsAny(u, "{}") {
		return ""
	}
	return sink.WebURL(u, maxPictureBytes)
}

func gaugeWords(label string, g *event.Gauge) string {
	return strings.TrimSpace(fmt.Sprintf("%s %d of %d", label, g.Value, g.Max))
}

// segmentsOf is the zones of the scale from bad to good, without the empty ones.
func segmentsOf(g *event.Gauge) []segment {
	if g.Max <= g.Min {
		return nil
	}
	warning := min(max(g.Warning, g.Min), g.Max)
	success := min(max(g.Success, warning), g.Max)
	var kept []segment
	for _, s := range []segment{
		{Legend: "Poor", Size: warning - g.Min, Color: "attention"},
		{Legend: "Fair", Size: success - warning, Color: "warning"},
		{Legend: "Good", Size: g.Max - success, Color: "good"},
	} {
		if s.Size > 0 {
			kept = append(kept, s)
		}
	}
	return kept
}
