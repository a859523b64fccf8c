package slack

import (
	"strings"
	"testing"

	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/secret"
)

// Discord takes the attachment format and draws Markdown links in it.
func TestAttachmentHasNoMarkdownLinks(t *testing.T) {
	s, err := New(Config{URL: secret.Fixed("https://example.com/hook"), Format: "attachment"})
	if err != nil {
		t.Fatal(err)
	}
	const trap = "[click](https://evil.example)"
	for _, e := range []event.Event{
		{Title: trap, Text: event.Text{Body: trap}, Fields: []event.Field{{Name: trap, Value: trap}}, Place: event.Link{Name: trap}},
		{Title: trap, Original: &event.Original{Title: trap, Text: trap, Fields: []event.Field{{Name: trap, Value: trap}}}},
		{Title: trap, Lists: []event.List{{Name: trap, Items: []event.Item{{Label: trap, Text: trap, Note: trap, Detail: trap}}}}},
	} {
		if body := string(s.Render(&e).Body); strings.Contains(body, "](") {
			t.Errorf("a Markdown link came through: %s", body)
		}
	}
	e := event.Event{Title: "t", URL: "https://example.com/a](b"}
	if body := string(s.Render(&e).Body); !strings.Contains(body, `"title_link":"https://example.com/a](b"`) {
		t.Errorf("the link was changed: %s", body)
	}
}

func TestWhatPartsLinksCounts(t *testing.T) {
	for _, s := range []string{escaped(strings.Repeat("](", 400), nameLimit), safe(strings.Repeat("](", 400), nameLimit)} {
		if n := length(s); n > nameLimit || n < nameLimit/2 {
			t.Errorf("%d characters: %q", n, s)
		}
	}
}
