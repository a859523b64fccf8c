package wording

import (
	"strings"
	"testing"
	"time"

	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/problem"
)

// endless are templates that would run for hours or take all memory.
var endless = map[string]string{
	"{{ range 1000000000000 }}{{ end }}":                                                           "goes round",
	"{{ range 1000000000000 }}{{ continue }}{{ end }}":                                             "goes round",
	"{{ range 1000000000000 }}{{ $x := 1 }}{{ end }}":                                              "goes round",
	"{{ range 100000 }}{{ range 100000 }}{{ range 100000 }}{{ end }}{{ end }}{{ end }}":            "goes round",
	doubling("{{ define \"%\" }}{{ template \"#\" }}{{ template \"#\" }}{{ end }}"):                "goes round",
	`{{ $x := "0123456789" }}{{ range 60 }}{{ $x = print $x $x }}{{ end }}`:                        "64 KiB",
	`{{ $x := "0123456789" }}{{ range 60 }}{{ $x = replace "0" $x $x }}{{ end }}`:                  "64 KiB",
	`{{ $x := "0123456789" }}{{ range 60 }}{{ $x = replace "" $x $x }}{{ end }}`:                   "64 KiB",
	`{{ $x := "<" }}{{ range 60 }}{{ $x = html $x $x }}{{ end }}`:                                  "64 KiB",
	`{{ $x := "<" }}{{ range 60 }}{{ $x = js $x $x }}{{ end }}`:                                    "64 KiB",
	`{{ $x := "<" }}{{ range 60 }}{{ $x = urlquery $x $x }}{{ end }}`:                              "64 KiB",
	`{{ $x := "<" }}{{ range 60 }}{{ $x = println $x $x }}{{ end }}`:                               "64 KiB",
	`{{ $x := "<" }}{{ range 60 }}{{ $x = printf "%s%s" $x $x }}{{ end }}`:                         "64 KiB",
	`{{ $x := printf "%999999d" 1 }}`:                                                              "digits",
	`{{ $x := printf "%*d" 999999 1 }}`:                                                            "digits",
	`{{ $x := printf "%.999999f" 1.0 }}`:                                                           "digits",
	`{{ $x := printf "` + strings.Repeat("%[1]s", 3000) + `" "0123456789012345678901234567890" }}`: "verbs",
}

// doubling is 26 templates, each of which calls the next twice.
func doubling(pattern string) string {
	var b strings.Builder
	for c := 'a'; c < 'z'; c++ {
		b.WriteString(strings.NewReplacer("%", string(c), "#", string(c+1)).Replace(pattern))
	}
	return b.String() + `{{ define "z" }}{{ end }}{{ template "a" }}`
}

func TestEndlessTemplates(t *testing.T) {
	const enough = 20 * maxTime // for a slow machine; without bounds it is hours
	for template, want := range endless {
		begun := time.Now()
		_, err := New("", template)
		if ps := problem.All(err); len(ps) != 1 || !strings.Contains(ps[0].Text, want) {
			t.Errorf("%.60s: %v, want %q", template, err, want)
		}
		// What New can't see, since its sample doesn't get there.
		w, err := New("", `{{ if eq .Source "github" }}`+strings.TrimPrefix(template, defines(template))+`{{ end }}`+defines(template))
		if err != nil {
			t.Errorf("%.60s: %v", template, err)
			continue
		}
		e := issue()
		if got, err := w.Apply(e); err == nil || !strings.Contains(err.Error(), want) || got.Text != e.Text {
			t.Errorf("%.60s: %v, want %q and the event's own text", template, err, want)
		}
		if took := time.Since(begun); took > enough {
			t.Errorf("%.60s: took %s", template, took)
		}
	}
}

// defines is the part of a template that defines others.
func defines(template string) string {
	if i := strings.LastIndex(template, "{{ template"); i >= 0 {
		return template[:i]
	}
	return ""
}

// A process doesn't survive a stack that is too deep, so that there must be none.
func TestTemplatesThatCallThemselves(t *testing.T) {
	deep := `{{ define "a" }}` + strings.Repeat("{{ if 1 }}", 500) + `{{ template "b" }}` + strings.Repeat("{{ end }}", 500) + `{{ end }}`
	for _, template := range []string{
		`{{ define "a" }}{{ template "a" }}{{ end }}`,
		`{{ define "b" }}{{ with 1 }}{{ else }}{{ range 1 }}{{ else }}{{ template "a" }}{{ end }}{{ end }}{{ end }}` + deep + `{{ if eq .Source "github" }}{{ template "a" }}{{ end }}`,
		`{{ if eq .Source "github" }}{{ template "text" }}{{ end }}`,
	} {
		_, err := New("", template)
		if ps := problem.All(err); len(ps) != 1 || !strings.Contains(ps[0].Text, "calls itself") {
			t.Errorf("%.60s: %v", template, err)
		}
	}
	if _, err := New("", `{{ define "b" }}b{{ end }}{{ define "a" }}{{ template "b" }}{{ template "b" }}{{ end }}{{ template "a" }}{{ template "b" }}`); err != nil {
		t.Errorf("two calls of one template: %v", err)
	}
}

// A loop over what an event has is far from the bounds.
func TestBoundsLeaveRoom(t *testing.T) {
	w, err := New("", `{{ range .Fields }}{{ printf "%-20.20s|%05.1f%% since 2026" .Name 1.5 }}{{ print "a" 1 }}{{ html "<" }}{{ replace "a" "bb" .Value }}{{ end }}`)
	if err != nil {
		t.Fatal(err)
	}
	e := issue()
	e.Fields = make([]event.Field, 1000)
	if got, err := w.Apply(e); err != nil || len(got.Text.Body) < 1000 {
		t.Errorf("%v", err)
	}
}

// An error goes into the log, and no log has what the sender wrote.
func TestErrorsQuoteNoValue(t *testing.T) {
	for _, expression := range []string{
		"eq .Text .Fields", "eq .Fields .Fields", "eq .Lists .Text", "ne .Text .Fields", "eq .Place .Text .Fields", "lt .Title 1", "index .Fields .Title",
		"slice .Title 5 4000", "index .Fields 4000", "call .Title", "index .Title 0 0", `date "15" .Title .Time`, "len .Place", "printf .Title .Raw | len | index .Fields",
	} {
		for _, around := range []string{"%", `{{ define "x" }}%{{ end }}{{ template "x" . }}`} {
			body := strings.Replace(around, "%", `{{ if eq .Source "github" }}{{ if `+expression+` }}{{ end }}{{ end }}`, 1)
			w, err := New(body, body)
			if err != nil {
				t.Errorf("%s: %v", expression, err)
				continue
			}
			e := issue()
			e.Title, e.Text.Body, e.Place.Name = "hidden-word", "hidden-word", "hidden-word"
			e.Fields = []event.Field{{Name: "hidden-word", Value: "hidden-word"}}
			e.Lists = []event.List{{Name: "hidden-word"}}
			_, err = w.Apply(e)
			if err == nil || strings.Contains(err.Error(), "hidden-word") {
				t.Errorf("%s: %v", expression, err)
			}
		}
	}
}

// The body is passed on to others as the sender posted it.
func TestTemplatesCannotWriteToTheBody(t *testing.T) {
	want := string(issue().Raw)
	for _, action := range []string{`{{ .Time.AppendFormat (slice .Raw 0 0) "2006" }}`, `{{ .Time.AppendFormat .Raw "2006" }}`} {
		w, err := New("", `{{ if eq .Source "github" }}`+action+`{{ end }}`)
		if err != nil {
			continue
		}
		e := issue()
		if _, err := w.Apply(e); err == nil || string(e.Raw) != want {
			t.Errorf("%s: %v, and the body is %.20s", action, err, e.Raw)
		}
	}
}
