package teams

import (
	"strings"
	"testing"

	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/secret"
)

func render(t *testing.T, format string, e *event.Event) string {
	t.Helper()
	s, err := New(Config{URL: secret.Fixed("https://example.com/hook"), Format: format})
	if err != nil {
		t.Fatal(err)
	}
	return string(s.Render(e).Body)
}

func TestCardShowsSixFacts(t *testing.T) {
	var fields []event.Field
	for _, v := range []string{"v1", "v2", "v3", " ", "v4", "v5", "v6", "v7", "v8"} {
		fields = append(fields, event.Field{Name: "n", Value: v})
	}
	for facts, want := range map[int]string{6: "", 8: "and 1 more field\"", 9: "and 2 more fields\""} {
		body := render(t, "", &event.Event{Title: "t", Severity: event.Info, Fields: fields[:facts]})
		if got := strings.Count(body, `"title":"n"`); got != min(facts-1, 6) {
			t.Errorf("%d facts, one of them empty: %d are shown", facts, got)
		}
		if want != "" && !strings.Contains(body, want) || want == "" && strings.Contains(body, " more ") {
			t.Errorf("%d facts: want %q in %s", facts, want, body)
		}
	}
	if body := render(t, "message-card", &event.Event{Title: "t", Fields: fields}); strings.Count(body, `"name":"n"`) != 8 {
		t.Errorf("the older shape has not all eight facts: %s", body)
	}
}

// Where no card can be drawn, the fallback may be read as Markdown.
func TestFallbackTextHasNoLinks(t *testing.T) {
	for _, trap := range []string{"[pay here](https://evil.example)", "[pay][here]", "![x](https://evil.example/x.png)"} {
		body := render(t, "", &event.Event{Title: trap, Place: event.Link{Name: trap}})
		_, fallback, _ := strings.Cut(body, `"fallbackText":`)
		fallback, _, _ = strings.Cut(fallback, `,"msteams"`)
		if strings.Contains(fallback, "](") || strings.Contains(fallback, "][") || !strings.Contains(fallback, "here") && !strings.Contains(fallback, "x.png") {
			t.Errorf("fallback is %s", fallback)
		}
	}
}
