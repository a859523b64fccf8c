package slack

import (
	"strings"
	"testing"

	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/secret"
)

// eight is an event of eight facts, and one without a value.
func eight() *event.Event {
	e := &event.Event{Title: "t", Severity: event.Info}
	for _, v := range []string{"v1", "v2", "v3", " ", "v4", "v5", "v6", "v7", "v8"} {
		e.Fields = append(e.Fields, event.Field{Name: "n", Value: v, Short: true})
	}
	return e
}

func TestBlocksShowSixFacts(t *testing.T) {
	for facts, want := range map[int]string{6: "", 8: "and 1 more field\"", 9: "and 2 more fields\""} {
		s, err := New(Config{URL: secret.Fixed("https://example.com/hook")})
		if err != nil {
			t.Fatal(err)
		}
		e := eight()
		e.Fields = e.Fields[:facts]
		body := string(s.Render(e).Body)
		if got := strings.Count(body, "*n*"); got != min(facts-1, 6) {
			t.Errorf("%d facts, one of them empty: %d are shown", facts, got)
		}
		if want != "" && !strings.Contains(body, want) || want == "" && strings.Contains(body, " more ") {
			t.Errorf("%d facts: want %q in %s", facts, want, body)
		}
	}
}

func TestAttachmentShowsAllFacts(t *testing.T) {
	s, err := New(Config{URL: secret.Fixed("https://example.com/hook"), Format: "attachment"})
	if err != nil {
		t.Fatal(err)
	}
	if body := string(s.Render(eight()).Body); strings.Count(body, `"title":"n"`) != 8 {
		t.Errorf("not eight facts: %s", body)
	}
}
