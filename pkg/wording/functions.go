package wording

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"text/template"
	"time"
	_ "time/tzdata" // a function's image may have no zones of its own

	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/sink"
)

// data is what a template sees: the event's parts, without methods, and with
// the payload behind a function.
type data struct {
	ID, Source, Kind, Product, Type, Key string
	State                                event.State
	Severity                             event.Severity
	Title, URL, Action                   string
	Place, Actor                         event.Link
	Time                                 time.Time
	Fields                               []event.Field
	Lists                                []event.List
	Text                                 event.Text
	Gauge                                *event.Gauge
	// Raw is the verified body, for the function payload.
	Raw rawBody
}

// rawBody is a body that prints as nothing, and that a template can't write to,
// as time.Time's AppendFormat does to any bytes: other sinks pass it on.
type rawBody struct{ bytes []byte }

// String is empty.
func (rawBody) String() string { return "" }

func view(e *event.Event) data {
	return data{
		ID: e.ID, Source: e.Source, Kind: e.Kind, Product: e.Product, Type: e.Type, Key: e.Key,
		State: e.State, Severity: e.Severity, Title: e.Title, URL: e.URL, Action: e.Action,
		Place: e.Place, Actor: e.Actor, Time: e.Time, Fields: e.Fields, Lists: e.Lists,
		Text: e.Text, Gauge: e.Gauge, Raw: rawBody{e.Raw},
	}
}

// functions are what templates may call besides those of text/template. The
// README documents them.
func functions() template.FuncMap {
	return template.FuncMap{
		"lower":   strings.ToLower,
		"upper":   strings.ToUpper,
		"trim":    strings.TrimSpace,
		"replace": replace,
		"has":     func(part, s string) bool { return strings.Contains(s, part) },
		"cut":     func(limit int, s string) string { return sink.Cut(s, limit) },
		"or_else": func(other string, v any) string { return orElse(other, v) },
		"field":   field,
		"payload": payload,
		"date":    date,
		"link":    link,
		"bold":    func(v any) safe { return wrap("**", text(v)) },
		"code":    code,
		"glyph":   func(s event.Severity) string { return s.Glyph() },
	}
}

// safe is Markdown that is not escaped again.
type safe string

// text is v as one line.
func text(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return sink.Line(v)
	case event.Link:
		return sink.Line(v.Name)
	case event.Text:
		return sink.Line(v.Body)
	}
	return sink.Line(fmt.Sprint(v))
}

// escaped is what an action of a text template prints: Markdown of functions and
// Markdown bodies as they are, everything else without a meaning of its own.
func escaped(v any) string {
	switch v := v.(type) {
	case safe:
		return string(v)
	case event.Text:
		if v.Format == event.Markdown {
			return v.Body
		}
		return escapeMarkdown(v.Body)
	case event.Link:
		return string(link(v.Name, v.URL))
	}
	return escapeMarkdown(text(v))
}

// escapeMarkdown puts a backslash before all punctuation,
// https://spec.commonmark.org/0.31.2/#backslash-escapes, and keeps line breaks.
func escapeMarkdown(s string) string {
	var b strings.Builder
	for line := range strings.Lines(sink.Clean(s)) {
		end := strings.TrimSuffix(line, "\n")
		for _, r := range strings.TrimLeft(end, " \t") {
			if r < 0x80 && r > ' ' && !(r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z') {
				b.WriteByte('\\')
			}
			b.WriteRune(r)
		}
		if end != line {
			b.WriteString("\n")
		}
	}
	return b.String()
}

func wrap(mark, s string) safe {
	if s == "" {
		return ""
	}
	return safe(mark + escapeMarkdown(s) + mark)
}

// code is v between backticks, its own ones as quotes.
func code(v any) safe {
	s := strings.ReplaceAll(text(v), "`", "'")
	if s == "" {
		return ""
	}
	return safe("`" + s + "`")
}

// maxURLBytes is how long an address of a link may be.
const maxURLBytes = 2000

// link is words that lead to url, or only the words if it is no web address.
func link(words, url string) safe {
	words = escapeMarkdown(sink.Line(words))
	u := sink.WebURL(url, maxURLBytes)
	if u == "" || words == "" {
		return safe(words)
	}
	return safe("[" + words + "](<" + u + ">)")
}

func orElse(other string, v any) string {
	if s := text(v); s != "" {
		return s
	}
	return other
}

// field is the value of the event's fact of that name, "" if there is none.
func field(name string, fields []event.Field) string {
	for _, f := range fields {
		if strings.EqualFold(f.Name, name) {
			return f.Value
		}
	}
	return ""
}

var errZone = errors.New("no such time zone")

// date is t in a layout of package time and in a zone of the IANA database.
func date(layout, zone string, t time.Time) (string, error) {
	l, err := time.LoadLocation(zone)
	if err != nil {
		return "", errZone
	}
	if t.IsZero() {
		return "", nil
	}
	return t.In(l).Format(layout), nil
}

// payload is the value at a path of the verified body, "issue.user.login" or
// "labels.0.name"; "" if there is none, or if it is a list or an object.
func payload(path string, raw rawBody) string {
	var v any
	dec := json.NewDecoder(bytes.NewReader(raw.bytes))
	dec.UseNumber()
	if dec.Decode(&v) != nil {
		return ""
	}
	for key := range strings.SplitSeq(path, ".") {
		switch in := v.(type) {
		case map[string]any:
			v = in[key]
		case []any:
			i, err := strconv.Atoi(key)
			if err != nil || i < 0 || i >= len(in) {
				return ""
			}
			v = in[i]
		default:
			return ""
		}
	}
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		return strconv.FormatBool(v)
	}
	return ""
}
