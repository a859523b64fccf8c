package wording

import (
	"strings"
	"testing"
	"time"

	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/event/eventtest"
	"github.com/sigpost/sigpost/pkg/markdown"
	"github.com/sigpost/sigpost/pkg/problem"
	"github.com/sigpost/sigpost/pkg/sink"
)

func issue() *event.Event {
	return &event.Event{
		Source: "github", Type: "issues.opened", Title: "Issue #1 opened", URL: "https://example.com/1", Severity: event.Warning,
		Place: event.Link{Name: "acme/api", URL: "https://example.com/api"}, Actor: event.Link{Name: "o*ctocat*"},
		Time:   time.Date(2026, time.March, 2, 9, 30, 0, 0, time.UTC),
		Fields: []event.Field{{Name: "Labels", Value: "bug, p1"}},
		Text:   event.Text{Body: "A **bold** word", Format: event.Markdown},
		Raw:    []byte(`{"issue":{"number":12345678901234567890,"user":{"login":"octo[cat](https://evil.example)"},"locked":true,"labels":[{"name":"bug"}],"body":null}}`),
	}
}

func TestApply(t *testing.T) {
	for _, tt := range []struct{ template, title, text string }{
		{"plain", "plain", "plain"},
		{"{{ .Title }} in {{ .Place.Name }}", "Issue #1 opened in acme/api", "Issue #1 opened in acme/api"},
		{"{{ .Actor.Name }}", "o*ctocat*", "o*ctocat*"},
		{`{{ payload "issue.user.login" .Raw }}`, "octo[cat](https://evil.example)", "octo[cat](https://evil.example)"},
		{`{{ payload "issue.number" .Raw }} {{ payload "issue.locked" .Raw }} {{ payload "issue.labels.0.name" .Raw }}`, "12345678901234567890 true bug", "12345678901234567890 true bug"},
		{`a{{ payload "issue.nothing.x" .Raw }}{{ payload "issue.labels" .Raw }}{{ payload "issue.labels.9" .Raw }}{{ payload "issue.body" .Raw }}`, "a", "a"},
		{`{{ field "labels" .Fields | upper }}`, "BUG, P1", "BUG, P1"},
		{`{{ if eq .Type "issues.opened" }}new{{ else }}old{{ end }}`, "new", "new"},
		{`{{ date "15:04" "Europe/Berlin" .Time }}`, "10:30", "10:30"},
		{`{{ cut 6 .Title }}`, "Issue…", "Issue…"},
		{`{{ or_else "nobody" (field "Assignee" .Fields) }}`, "nobody", "nobody"},
		{"{{ range .Fields }}{{ .Name }}={{ .Value }} {{ end }}", "Labels=bug, p1", "Labels=bug, p1"},
		{"{{ with .Gauge }}{{ .Value }}{{ end }}no gauge", "no gauge", "no gauge"},
		{"{{ $x := .Title }}{{ $x }}", "Issue #1 opened", "Issue #1 opened"},
		{"{{ glyph .Severity }} x{{ .Raw }}", "▲ x", "▲ x"},
	} {
		w, err := New(tt.template, tt.template)
		if err != nil {
			t.Errorf("%s: %v", tt.template, err)
			continue
		}
		e := issue()
		got, err := w.Apply(e)
		if err != nil {
			t.Errorf("%s: %v", tt.template, err)
		}
		if got.Title != tt.title {
			t.Errorf("%s: title %q, want %q", tt.template, got.Title, tt.title)
		}
		if text := drawn(got); text != tt.text {
			t.Errorf("%s: text %q, want %q", tt.template, text, tt.text)
		}
		if e.Title != "Issue #1 opened" || e.Text.Body != "A **bold** word" {
			t.Fatal("Apply changed the event")
		}
	}
}

// drawn is the words that a plain receiver shows.
func drawn(e *event.Event) string {
	return sink.Draw(e.Text, markdown.Plain, markdown.Limit{Text: 1000, Size: 1000})
}

func TestFormatting(t *testing.T) {
	for template, want := range map[string]string{
		"**{{ .Actor.Name }}**":               `**o\*ctocat\***`,
		"{{ .Text }}":                         "A **bold** word",
		"{{ bold .Title }}":                   `**Issue \#1 opened**`,
		"{{ link .Title .URL }}":              `[Issue \#1 opened](<https://example.com/1>)`,
		`{{ link "x" "javascript:alert(1)"}}`: "x",
		"{{ .Place }}":                        `[acme\/api](<https://example.com/api>)`,
		"{{ code .Actor.Name }}":              "`o*ctocat*`",
	} {
		w, err := New("", template)
		if err != nil {
			t.Fatalf("%s: %v", template, err)
		}
		got, err := w.Apply(issue())
		if err != nil || got.Text.Body != want {
			t.Errorf("%s: %q, %v, want %q", template, got.Text.Body, err, want)
		}
	}
}

// Whatever a sender writes, a template's text shows it and nothing of it acts.
func TestNoValueFormats(t *testing.T) {
	w, err := New("{{ .Title }}", "{{ .Title }}\n\n{{ .Actor.Name }} {{ code .Key }} {{ .Place }}")
	if err != nil {
		t.Fatal(err)
	}
	hostile := "# head\n<b>x</b> ![i](https://evil.example/i) [l](https://evil.example) `c` **b** https://evil.example @all <!channel> | \\ &amp; ~~s~~\n    code\n- [x] t"
	e := issue()
	e.Title, e.Actor.Name, e.Key, e.Place.Name = hostile, hostile, hostile, hostile
	got, err := w.Apply(e)
	if err != nil {
		t.Fatal(err)
	}
	text := sink.Draw(got.Text, markdown.Plain, markdown.Limit{Text: 10_000, Size: 10_000})
	for _, want := range []string{"# head", "<b>x</b>", "![i](https://evil.example/i)", "**b**", "~~s~~", "- [x] t", "&amp;"} {
		if strings.Count(text, want) < 3 {
			t.Errorf("%q is not shown as it is in %q", want, text)
		}
	}
}

func TestHostileEvents(t *testing.T) {
	w, err := New("{{ .Title }} {{ .Type }}", "{{ .Text }}{{ range .Lists }}{{ range .Items }}{{ .Text }}{{ end }}{{ end }}{{ date \"2006\" \"UTC\" .Time }}{{ payload \"a.b\" .Raw }}")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range append(eventtest.Canonical(), eventtest.Hostile()...) {
		got, err := w.Apply(&c.Event)
		if got == nil || got.ID != c.Event.ID {
			t.Errorf("%s: the event is lost", c.Name)
		}
		if err != nil && len(err.Error()) > 500 {
			t.Errorf("%s: a long error, which may quote the event: %.200s", c.Name, err)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	for template, want := range map[string]string{
		"{{ .Titel }}":                          "Titel",
		"{{ nothing }}":                         "nothing",
		"{{ .Title":                             "unclosed",
		"{{ .Place.Nme }}":                      "Nme",
		"{{ cut .Title }}":                      "cut",
		"{{ _print .Title":                      "unclosed",
		`{{ date "a" "Nowhere/X" .Time }}`:      "time zone",
		strings.Repeat("x", MaxTemplateBytes+1): "longer",
	} {
		_, err := New("", template)
		ps := problem.All(err)
		if len(ps) != 1 || ps[0].Key != "text" || !strings.Contains(ps[0].Text, want) {
			t.Errorf("%.40s: %v, want %q", template, err, want)
		}
	}
	if w, err := New("", ""); w != nil || err != nil {
		t.Errorf("no templates: %v, %v", w, err)
	}
}

func TestErrorsKeepTheEvent(t *testing.T) {
	w, err := New("{{ index .Fields 1 }}", "{{ .Title }}")
	if err != nil {
		t.Fatal(err)
	}
	e := issue()
	e.Fields = []event.Field{{Name: "hidden", Value: "hidden-word"}}
	got, err := w.Apply(e)
	if err == nil || got.Title != e.Title || !strings.HasPrefix(got.Text.Body, "Issue") {
		t.Errorf("%v, %q, %q", err, got.Title, got.Text.Body)
	}
	if err != nil && strings.Contains(err.Error(), "hidden-word") {
		t.Errorf("the error quotes the event: %v", err)
	}
	long, err := New("", `{{ range .Fields }}{{ $a := .Value }}{{ range $.Fields }}{{ $a }}{{ end }}{{ end }}`)
	if err != nil {
		t.Fatal(err)
	}
	e.Fields = make([]event.Field, 1000)
	for i := range e.Fields {
		e.Fields[i].Value = "0123456789"
	}
	if got, err := long.Apply(e); err == nil || got.Text != e.Text {
		t.Errorf("a text without end was taken: %v", err)
	}
}

func TestOver(t *testing.T) {
	title, err := New("T", "")
	if err != nil {
		t.Fatal(err)
	}
	both, err := New("t", "x")
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range []*Wording{title.Over(both), (*Wording)(nil).Over(title.Over(both)), title.Over(both).Over(nil)} {
		got, err := w.Apply(issue())
		if err != nil || got.Title != "T" || got.Text.Body != "x" {
			t.Errorf("%q %q %v", got.Title, got.Text.Body, err)
		}
	}
	if got, err := (*Wording)(nil).Apply(issue()); err != nil || got.Title != "Issue #1 opened" {
		t.Errorf("nil changed the event: %v", err)
	}
}

// Some formats repeat the sender's own notice, which has words of its own.
func TestWordsReachTheOriginal(t *testing.T) {
	e := issue()
	e.Original = &event.Original{Title: "theirs", Text: "their text", Fields: []event.Field{{Name: "n", Value: "v"}}}
	for _, tt := range []struct{ title, text, want string }{{"mine", "", "mine"}, {"", "mine", ""}, {"mine", "mine", ""}, {" ", "", "theirs"}} {
		w, err := New(tt.title, tt.text)
		if err != nil {
			t.Fatal(err)
		}
		got, err := w.Apply(e)
		if err != nil {
			t.Fatal(err)
		}
		if o := got.Original; (o == nil) != (tt.want == "") || o != nil && (o.Title != tt.want || o.Text != "their text" || len(o.Fields) != 1) {
			t.Errorf("%q and %q: the notice is %+v", tt.title, tt.text, o)
		}
		if e.Original.Title != "theirs" {
			t.Fatal("Apply changed the event")
		}
	}
	failing, err := New("{{ index .Fields 1 }}", "{{ index .Fields 1 }}")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := failing.Apply(e); err == nil || got.Original != e.Original {
		t.Errorf("a template that failed changed the notice: %v", err)
	}
}
