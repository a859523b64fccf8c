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
