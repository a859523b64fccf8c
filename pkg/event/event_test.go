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
