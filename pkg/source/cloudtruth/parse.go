package cloudtruth

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/source"
)

// Parse reads one page of the audit log.
func (s *Source) Parse(body []byte) (source.Page, error) {
	var w wirePage
	if err := source.Decode(body, &w); err != nil {
		return source.Page{}, err
	}
	switch {
	case w.Results.isNull && w.Next == "" && w.Count != nil && *w.Count == 0: // an empty list
	case !w.Results.isList:
		return source.Page{}, source.Malformed("body has no list of results")
	case w.Results.tooMany:
		return source.Page{}, source.Malformed("page has more than 5,000 entries")
	}
	p := source.Page{More: w.Next != "", Entries: make([]source.Entry, 0, len(w.Results.list))}
	for _, raw := range w.Results.list {
		var e wireEntry
		if source.Decode(raw, &e) != nil || line(e.Action) == "" || line(e.ObjectType) == "" {
			p.Unreadable++
			continue
		}
		entry := source.Entry{ID: string(e.ID), Raw: raw}
		entry.Time, _ = source.ParseTime(string(e.Timestamp))
		entry.Event = s.convertEntry(&e)
		p.Entries = append(p.Entries, entry)
	}
	return p, nil
}

// pasts are the actions as CloudTruth's event types have them.
var pasts = map[string]string{
	"create": "created", "update": "updated", "delete": "deleted", "push": "pushed", "pull": "pulled",
}

// change tells whether an entry is one of the twelve that CloudTruth itself
// notifies of: {parameter, project, environment, value}_{created, updated,
// deleted}.
func change(object, action string) bool {
	switch object {
	case "parameter", "project", "environment", "value":
		return action == "create" || action == "update" || action == "delete"
	}
	return false
}

// convertEntry is the event of an entry, nil if it is of no interest.
func (s *Source) convertEntry(w *wireEntry) *event.Event {
	object, action := identifier(line(w.ObjectType)), identifier(line(w.Action))
	past, known := pasts[action]
	if !known {
		past = action
	}
	eventType := object + "_" + past
	if !change(object, action) && !s.wanted(eventType) {
		return nil
	}
	e := &event.Event{
		Type:     eventType,
		Severity: event.Info,
		URL:      strings.TrimSpace(string(w.URL)),
		Actor:    event.Link{Name: actor(&w.User)},
	}
	if id := line(w.ObjectID, w.ObjectName); id != "" {
		e.Key = object + "/" + id
	}
	if e.URL != "" {
		e.Action = "Open audit entry"
	}
	subject := words(object)
	switch name := line(w.ObjectName); {
	case object == "value":
		convertValue(e, w.ObjectName, past)
	case name == "" && known:
		e.Title = article(subject) + " was " + past
	case name == "":
		e.Title = sentence(subject) + ": " + words(action)
	case object == action: // a push is pushed
		e.Title = sentence(subject) + " " + name + " ran"
	case known:
		e.Title = sentence(subject) + " " + name + " " + past
	default:
		e.Title = sentence(subject) + " " + name + ": " + words(action)
	}
	return e
}

// convertValue names a value by its parameter and environment: CloudTruth
// names it "<parameter>:<environment>". Parameters may have colons in their
// names, so the last one counts.
func convertValue(e *event.Event, name source.Excerpt, past string) {
	var parameter, environment string
	if i := strings.LastIndexByte(string(name), ':'); i >= 0 {
		parameter, environment = line(name[:i]), line(name[i+1:])
	}
	switch {
	case parameter != "" && environment != "":
		if past == "created" {
			past = "set"
		}
		e.Title = parameter + " " + past + " in " + environment
		e.Fields = []event.Field{{Name: "Parameter", Value: parameter, Short: true}, {Name: "Environment", Value: environment, Short: true}}
	case strings.Trim(line(name), ": ") != "":
		e.Title = "Value of " + strings.Trim(line(name), ": ") + " " + past
	default:
		e.Title = "A value was " + past
	}
}

func actor(u *wireUser) string {
	name := line(u.Name, u.Email, u.ID)
	if name != "" && line(u.Type) == serviceAccount {
		name += " (service account)"
	}
	return name
}

// nameRunes is the length of the longest name that is shown: those of
// CloudTruth's objects have at most 256 characters.
const nameRunes = 120

// line is the first of the texts that says anything, on one line, cut.
func line(texts ...source.Excerpt) string {
	s := source.Line(texts...)
	if utf8.RuneCountInString(s) > nameRunes {
		s = string([]rune(s)[:nameRunes]) + "…"
	}
	return s
}

// identifier is a name such as AwsIntegration as part of an event type:
// aws_integration.
func identifier(name string) string {
	name = strings.ReplaceAll(name, "GitHub", "Github")
	var b strings.Builder
	lower := false
	for _, c := range name {
		switch {
		case c >= 'A' && c <= 'Z':
			if lower {
				b.WriteByte('_')
			}
			b.WriteRune(c - 'A' + 'a')
			lower = false
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9':
			b.WriteRune(c)
			lower = true
		default:
			b.WriteByte('_')
			lower = false
		}
	}
	return b.String()[:min(b.Len(), identifierBytes)]
}

// identifierBytes is longer than any name of a type or action.
const identifierBytes = 60

var spelling = strings.NewReplacer("_", " ", "aws", "AWS", "github", "GitHub")

// words is an identifier as people write it: "AWS integration".
func words(identifier string) string { return spelling.Replace(identifier) }

func sentence(s string) string {
	if s == "" {
		return s
	}
	c, size := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(c)) + s[size:]
}

func article(s string) string {
	if s != "" && strings.ContainsRune("aeioAEIO", rune(s[0])) {
		return "An " + s
	}
	return "A " + s
}
