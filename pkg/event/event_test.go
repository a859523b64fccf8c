package event

import "testing"

func TestColorsAreTheReferenceTable(t *testing.T) {
	want := map[Severity]string{Error: "#EF4444", Warning: "#F97316", Success: "#22C55E", Info: "#3B82F6"}
	for s, c := range want {
		if got := s.Color(); got != c {
			t.Errorf("%s: color %s, want %s", s, got, c)
		}
	}
	if got := (&Event{Severity: Error, Muted: true}).Color(); got != MutedColor {
		t.Errorf("muted event has color %s", got)
	}
}

func TestGlyphAndWordTellSeveritiesApart(t *testing.T) {
	glyphs, words := map[string]bool{}, map[string]bool{}
	for _, s := range Severities {
		glyphs[s.Glyph()], words[s.Word()] = true, true
	}
	if len(glyphs) != 4 || len(words) != 4 {
		t.Errorf("glyphs %v and words %v are not distinct", glyphs, words)
	}
}

func TestSeverityRefusesUnknownNames(t *testing.T) {
	var s Severity
	for _, bad := range []string{"", "ERROR", "critical", "\xff"} {
		if err := s.UnmarshalText([]byte(bad)); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
	if err := s.UnmarshalText([]byte("warning")); err != nil || s != Warning {
		t.Errorf("warning: %v, %v", s, err)
	}
}

func TestSummaryStandsAlone(t *testing.T) {
	for _, c := range []struct{ title, place, want string }{
		{"Issue #1 opened", "acme/api", "Issue #1 opened · acme/api"},
		{"POWERMAX-7 health 94", "POWERMAX-7", "POWERMAX-7 health 94"},
		{"Something", "", "Something"},
	} {
		e := Event{Title: c.title, Place: Link{Name: c.place}}
		if got := e.Summary(); got != c.want {
			t.Errorf("Summary() = %q, want %q", got, c.want)
		}
	}
}

func TestWhereAndWhoAreNotSaidTwice(t *testing.T) {
	place, actor := Link{Name: "acme/api", URL: "https://github.com/acme/api"}, Link{Name: "hubot"}
	merged := []Field{{Name: "Author", Value: "octocat"}, {Name: "Merged by", Value: "hubot"}}
	for _, c := range []struct {
		name       string
		event      Event
		where, who Link
	}{
		{"both", Event{Title: "Issue opened", Place: place, Actor: actor}, place, actor},
		{"named place that leads elsewhere", Event{Title: "Run in acme/api", URL: "https://example.com", Place: place}, place, Link{}},
		{"place is the subject", Event{Title: "Repository acme/api created", URL: place.URL, Place: place}, Link{}, Link{}},
		{"named place without a page", Event{Title: "acme/api is full", Place: Link{Name: "acme/api"}}, Link{}, Link{}},
		{"actor is the place", Event{Title: "Sponsored", Place: place, Actor: place}, place, Link{}},
		{"actor has a part", Event{Title: "Merged", Place: place, Actor: actor, Fields: merged}, place, Link{}},
		{"actor has a part that is not drawn", Event{Title: "Merged", Place: place, Actor: actor, Fields: merged, Quiet: true}, place, actor},
		{"actor is the author", Event{Title: "Closed", Place: place, Actor: Link{Name: "octocat"}, Fields: merged}, place, Link{Name: "octocat"}},
	} {
		if where, who := c.event.Where(), c.event.Who(); where != c.where || who != c.who {
			t.Errorf("%s: %v, %v", c.name, where, who)
		}
	}
}
