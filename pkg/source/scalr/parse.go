package scalr

import (
	"strings"
	"time"

	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/source"
)

// wire is a payload in both of its spellings: names with hyphens, and with
// underscores as in 2020. The variables are left out on purpose.
type wire struct {
	Name        source.Excerpt `json:"event-name"`
	Name2020    source.Excerpt `json:"event_name"`
	Run         wireRun        `json:"run"`
	Workspace   wirePlace      `json:"workspace"`
	Environment wirePlace      `json:"environment"`
}

type wireRun struct {
	Message       source.Excerpt `json:"message"`
	Source        source.Excerpt `json:"source"`
	Status        source.Excerpt `json:"status"`
	URL           source.Excerpt `json:"url"`
	CreatedAt     source.Excerpt `json:"created-at"`
	CreatedAt2020 source.Excerpt `json:"created_at"`
	UpdatedAt     source.Excerpt `json:"updated-at"`
	UpdatedAt2020 source.Excerpt `json:"updated_at"`
	CreatedBy     wireUser       `json:"created-by"`
	CreatedBy2020 wireUser       `json:"created_by"`
}

type wirePlace struct {
	ID   source.Excerpt `json:"id"`
	Name source.Excerpt `json:"name"`
	URL  source.Excerpt `json:"url"`
}

type wireUser struct {
	Username source.Excerpt `json:"username"`
	Email    source.Excerpt `json:"email"`
}

// kind is what one event type means.
type kind struct {
	verb, action string
	severity     event.Severity
	state        event.State
	quiet        bool
}

var kinds = map[string]kind{
	"run:completed":       {"completed", "Open run", event.Success, event.StateResolved, true},
	"run:errored":         {"errored", "Open run", event.Error, event.StateOpen, false},
	"run:needs_attention": {"needs attention", "Review plan", event.Warning, event.StateOpen, false},
}

// Parse reads one of the three run events; anything else is refused.
func (s *Source) Parse(r *source.Request) (source.Parsed, error) {
	if err := source.CheckJSON(r.Header.Get("Content-Type")); err != nil {
		return source.Parsed{}, err
	}
	var w wire
	if err := source.Decode(r.Body, &w); err != nil {
		return source.Parsed{}, err
	}
	name := source.Line(w.Name, w.Name2020)
	k, ok := kinds[name]
	if !ok {
		return source.Parsed{}, source.Malformed("event-name is missing or none of run:completed, run:errored, run:needs_attention")
	}
	e := convertRun(&w, k)
	e.Type, e.ID = name, s.DeliveryID(r)
	return source.Parsed{Events: []event.Event{e}}, nil
}

func convertRun(w *wire, k kind) event.Event {
	run := &w.Run
	e := event.Event{
		Key:      source.Line(w.Workspace.ID),
		State:    k.state,
		Severity: k.severity,
		Quiet:    k.quiet,
		Title:    title(w, k.verb),
		URL:      source.Line(run.URL),
		Place:    event.Link{Name: source.Line(w.Workspace.Name), URL: source.Line(w.Workspace.URL)},
		Actor:    event.Link{Name: source.Line(run.CreatedBy.Username, run.CreatedBy2020.Username, run.CreatedBy.Email, run.CreatedBy2020.Email)},
		Text:     event.Text{Body: strings.TrimSpace(string(run.Message))},
	}
	if e.State == event.StateResolved {
		e.Recovery = title(w, "recovered")
	}
	if e.URL != "" {
		e.Action = k.action
	}
	e.Fields = addField(e.Fields, "Started by", e.Actor.Name, "")
	created, hasCreated := source.ParseTime(source.Line(run.CreatedAt, run.CreatedAt2020))
	updated, hasUpdated := source.ParseTime(source.Line(run.UpdatedAt, run.UpdatedAt2020))
	switch {
	case hasUpdated:
		e.Time = updated
	case hasCreated:
		e.Time = created
	}
	if hasCreated && hasUpdated && updated.After(created) {
		e.Fields = append(e.Fields, event.Field{Name: "Duration", Value: duration(updated.Sub(created)), Short: true})
	}
	e.Fields = addField(e.Fields, "Source", source.Line(run.Source), "")
	if status := strings.ReplaceAll(source.Line(run.Status), "_", " "); status != k.verb {
		e.Fields = addField(e.Fields, "Status", status, "")
	}
	if e.Place.Name == "" || w.Environment.URL != "" {
		e.Fields = addField(e.Fields, "Environment", source.Line(w.Environment.Name), source.Line(w.Environment.URL))
	}
	return e
}

func addField(fields []event.Field, name, value, url string) []event.Field {
	if value == "" {
		return fields
	}
	return append(fields, event.Field{Name: name, Value: value, URL: url, Short: true})
}

func title(w *wire, verb string) string {
	workspace, environment := source.Line(w.Workspace.Name), source.Line(w.Environment.Name)
	t := "Run " + verb
	switch {
	case workspace != "" && environment != "":
		t += " in " + workspace + " (" + environment + ")"
	case workspace != "":
		t += " in " + workspace
	case environment != "":
		t += " in " + environment
	}
	return t
}

// duration is a run's length in its two largest units: "2 min 23 s".
func duration(d time.Duration) string {
	d = d.Round(time.Second)
	r := strings.NewReplacer("h", " h ", "m", " min ", "s", " s")
	switch {
	case d < time.Second:
		return "under 1 s"
	case d >= time.Hour:
		s := d.Round(time.Minute).String()
		return strings.TrimSuffix(r.Replace(strings.TrimSuffix(s, "0s")), " ")
	}
	return r.Replace(d.String())
}
