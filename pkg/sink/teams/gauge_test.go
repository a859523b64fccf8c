package teams

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/event/eventtest"
	"github.com/sigpost/sigpost/pkg/sink/sinktest"
)

const picture = "https://hooks.example.com/gauge/v1.SGVhbHRoIHNjb3Jl.c2lnbmF0dXJl.png"

// pictured are all events, their gauges with a picture.
func pictured() []eventtest.Case {
	cases := append(eventtest.Canonical(), eventtest.Hostile()...)
	for _, c := range cases {
		if c.Event.Gauge != nil {
			c.Event.Gauge.Image = picture
		}
	}
	return cases
}

// fallbackOf is what a card shows instead of its one chart.
func fallbackOf(t *testing.T, body []byte) any {
	t.Helper()
	if err := checkCard(body); err != nil {
		t.Errorf("%v\n%s", err, body)
	}
	var found []any
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			if v["type"] == "Chart.Gauge" {
				found = append(found, v["fallback"])
			}
			for _, x := range v {
				walk(x)
			}
		case []any:
			for _, x := range v {
				walk(x)
			}
		}
	}
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		t.Fatal(err)
	}
	if walk(v); len(found) != 1 {
		t.Fatalf("%d charts in %s", len(found), body)
	}
	return found[0]
}

func TestPictureInPlaceOfGauge(t *testing.T) {
	s := newSink(t, "")
	for _, c := range pictured() {
		if c.Name == "cloudiq_issues" {
			sinktest.Golden(t, filepath.Join("testdata", "picture", c.Name+".json"), s.Render(&c.Event).Body)
		}
		if err := checkCard(s.Render(&c.Event).Body); err != nil {
			t.Errorf("%s: %v", c.Name, err)
		}
		if reduced := s.RenderReduced(&c.Event).Body; bytes.Contains(reduced, []byte(picture)) || checkCard(reduced) != nil {
			t.Errorf("%s: the reduced card has a picture: %s", c.Name, reduced)
		}
	}
}

func TestFallback(t *testing.T) {
	s := newSink(t, "")
	field := []event.Field{{Name: "Model", Value: "PowerMax"}}
	for name, tt := range map[string]struct {
		image  string
		fields []event.Field
		want   string // the types of what is drawn, and its alternative text
	}{
		"picture and words":       {picture, field, "Container Image(Health * score 64 of 100) TextBlock(Health \\* score 64 of 100)"},
		"words":                   {"", field, "TextBlock(Health \\* score 64 of 100)"},
		"words are said already":  {picture, nil, "Image(Health * score 64 of 100)"},
		"nothing is left to say":  {"", nil, "drop"},
		"not encrypted":           {"http://hooks.example.com/gauge/x.png", field, "TextBlock(Health \\* score 64 of 100)"},
		"not an address":          {"javascript:alert(1)", field, "TextBlock(Health \\* score 64 of 100)"},
		"what a card would read":  {"https://hooks.example.com/{{DATE(2026-03-04T09:30:00Z)}}", field, "TextBlock(Health \\* score 64 of 100)"},
		"longer than it may be":   {"https://hooks.example.com/" + strings.Repeat("a", maxPictureBytes), field, "TextBlock(Health \\* score 64 of 100)"},
		"with a space and a mark": {"https://hooks.example.com/a b\"", field, "TextBlock(Health \\* score 64 of 100)"},
	} {
		e := event.Event{Title: "t", Severity: event.Error, Fields: tt.fields, Gauge: &event.Gauge{
			Label: "Health * score", Value: 64, Max: 100, Severity: event.Error, Warning: 71, Success: 95, Image: tt.image,
		}}
		body := s.Render(&e).Body
		if got := outline(fallbackOf(t, body)); got != tt.want {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
		if n := bytes.Count(body, []byte(`64 of 100","weight"`)); n != 1 {
			t.Errorf("%s: the words are said %d times", name, n)
		}
	}
}

// outline is the type of an element with its words, and those in it.
func outline(v any) string {
	o, ok := v.(object)
	if !ok {
		return v.(string)
	}
	out := o["type"].(string)
	for _, k := range []string{"text", "altText"} {
		if words, ok := o[k].(string); ok {
			out += "(" + words + ")"
		}
	}
	items, _ := o["items"].([]any)
	for _, x := range items {
		out += " " + outline(x)
	}
	return out
}
