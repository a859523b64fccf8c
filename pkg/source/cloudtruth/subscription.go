package cloudtruth

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/sigpost/sigpost/pkg/problem"
)

// maxSubscriptionBytes is the most that a document of subscriptions may hold.
const maxSubscriptionBytes = 1 << 20

// subscription is a webhook as CloudTruth's API has it
// (POST /api/v1/webhooks/), as far as it was written as it should be.
type subscription struct {
	name, organization       string
	token, channel, username string
	events                   []string
}

// document reads subscriptions, and finds every problem of them.
type document struct {
	file     string
	lines    map[jsontext.Pointer]int
	problems []error
}

// readSubscriptions reads a document: one subscription, a list of them, or the
// API's answer to a listing. The error joins every *problem.Problem.
func readSubscriptions(file string, data []byte) ([]subscription, error) {
	d := &document{file: file, lines: map[jsontext.Pointer]int{}}
	if len(data) > maxSubscriptionBytes {
		return nil, &problem.Problem{File: file, Text: "is larger than 1 MiB: that is no webhook subscription"}
	}
	if err := d.index(data); err != nil {
		return nil, err
	}
	var list []jsontext.Value
	at := jsontext.Pointer("")
	if jsontext.Value(data).Kind() == '{' {
		var answer struct {
			Results jsontext.Value `json:"results"`
		}
		if json.Unmarshal(data, &answer) == nil && answer.Results.Kind() == '[' {
			data, at = answer.Results, "/results"
		}
	}
	var all []subscription
	switch jsontext.Value(data).Kind() {
	case '{':
		all = append(all, d.subscription("", data))
	case '[':
		if err := json.Unmarshal(data, &list); err != nil || len(list) == 0 {
			d.report(at, "holds no subscription")
		}
		for i, item := range list {
			all = append(all, d.subscription(at+jsontext.Pointer(fmt.Sprintf("/%d", i)), item))
		}
	default:
		d.report("", "must be the JSON object that CloudTruth's API takes to create a webhook, or a list of them")
	}
	return all, errors.Join(d.problems...)
}

// index notes the line of every value, and that all of it is JSON.
func (d *document) index(data []byte) error {
	dec := jsontext.NewDecoder(bytes.NewReader(data), jsontext.AllowDuplicateNames(false))
	line, seen := 1, int64(0)
	for {
		_, err := dec.ReadToken()
		if errors.Is(err, io.EOF) && len(d.lines) > 0 {
			return nil
		}
		to := min(dec.InputOffset(), int64(len(data)))
		if err != nil {
			var syntax *jsontext.SyntacticError
			if errors.As(err, &syntax) {
				to = max(to, min(syntax.ByteOffset, int64(len(data))))
			}
			line += bytes.Count(data[seen:to], []byte("\n"))
			return &problem.Problem{File: d.file, Line: line, Text: "is not valid JSON from here on: give the document that CloudTruth's API takes to create a webhook"}
		}
		line += bytes.Count(data[seen:to], []byte("\n"))
		seen = to
		at := dec.StackPointer()
		if _, known := d.lines[at]; !known {
			d.lines[at] = line
		}
	}
}

// report notes a problem of the value at a place, or of one that is missing there.
func (d *document) report(at jsontext.Pointer, format string, args ...any) {
	key := ""
	for token := range at.Tokens() {
		if strings.Trim(token, "0123456789") == "" {
			key += "[" + token + "]"
		} else {
			key += "." + token
		}
	}
	line := 0
	for p := at; line == 0; p = p.Parent() {
		line = d.lines[p]
		if p == "" {
			break
		}
	}
	d.problems = append(d.problems, &problem.Problem{File: d.file, Line: line, Key: strings.TrimPrefix(key, "."), Text: fmt.Sprintf(format, args...)})
}

// members is the object at a place; nil and a problem if it is none.
func (d *document) members(at jsontext.Pointer, v jsontext.Value) map[string]jsontext.Value {
	var m map[string]jsontext.Value
	if v.Kind() != '{' || json.Unmarshal(v, &m) != nil {
		d.report(at, "must be an object, with its members in { }")
		return nil
	}
	return m
}

// text is a member that is a text, or is not there.
func (d *document) text(at jsontext.Pointer, m map[string]jsontext.Value, name string) string {
	v, ok := m[name]
	if !ok || v.Kind() == 'n' {
		return ""
	}
	var s string
	if v.Kind() != '"' || json.Unmarshal(v, &s) != nil {
		d.report(at.AppendToken(name), "must be a text")
	}
	return strings.TrimSpace(s)
}

func (d *document) subscription(at jsontext.Pointer, v jsontext.Value) (s subscription) {
	m := d.members(at, v)
	if m == nil {
		return s
	}
	s.name, s.organization = d.text(at, m, "name"), d.text(at, m, "organization")
	if v := m["name"]; s.name == "" && (v == nil || v.Kind() == 'n' || v.Kind() == '"') {
		d.report(at.AppendToken("name"), "is missing: every subscription has a name")
	}
	if v := m["type"]; v == nil || v.Kind() == '"' {
		if kind := d.text(at, m, "type"); kind != "slack" {
			d.report(at.AppendToken("type"), `must be "slack", the only type that CloudTruth has`)
		}
	} else {
		d.report(at.AppendToken("type"), "must be a text")
	}
	if v, ok := m["configuration"]; ok {
		at := at.AppendToken("configuration")
		if c := d.members(at, v); c != nil {
			s.token, s.channel, s.username = d.text(at, c, "token"), d.text(at, c, "channel"), d.text(at, c, "username")
		}
	} else {
		d.report(at.AppendToken("configuration"), "is missing: it holds the channel that CloudTruth posts to")
	}
	s.events = d.events(at.AppendToken("event_types"), m["event_types"])
	return s
}

// eventTypes are the twelve that a subscription can name.
var eventTypes = func() (all []string) {
	for _, object := range []string{"parameter", "project", "environment", "value"} {
		for _, past := range []string{"created", "updated", "deleted"} {
			all = append(all, object+"_"+past)
		}
	}
	return all
}()

// eventTypesText is the twelve in short.
const eventTypesText = "{parameter, project, environment, value}_{created, updated, deleted}"

// likeEventType is what may be repeated of an event type that is none.
var likeEventType = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-z]{1,20}_[a-z]{1,20}$`) })

func (d *document) events(at jsontext.Pointer, v jsontext.Value) (events []string) {
	var list []jsontext.Value
	if v.Kind() != '[' || json.Unmarshal(v, &list) != nil || len(list) == 0 {
		d.report(at, "must be a list of event types, such as [%q]", eventTypes[0])
		return nil
	}
	for i, item := range list {
		var s string
		_ = json.Unmarshal(item, &s)
		switch {
		case slices.Contains(eventTypes, s):
			if !slices.Contains(events, s) {
				events = append(events, s)
			}
		case likeEventType().MatchString(s):
			d.report(at.AppendToken(fmt.Sprint(i)), "%s is no event type of CloudTruth: there are %s", s, eventTypesText)
		default:
			d.report(at.AppendToken(fmt.Sprint(i)), "is no event type of CloudTruth: there are %s", eventTypesText)
		}
	}
	return events
}
