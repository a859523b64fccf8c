package github

import (
	"bytes"
	"strings"

	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/source"
)

// renderings are the events that have a rendering of their own.
var renderings = map[string]func(*payload, *event.Event){
	"issues":                issues,
	"issue_comment":         issueComment,
	"pull_request":          pullRequest,
	"pull_request_review":   pullRequestReview,
	"push":                  push,
	"create":                created,
	"delete":                deleted,
	"release":               releaseEvent,
	"workflow_run":          workflowRun,
	"check_run":             checkRunEvent,
	"deployment_status":     deploymentStatusEvent,
	"discussion":            discussionEvent,
	"star":                  star,
	"fork":                  fork,
	"repository":            repositoryEvent,
	"member":                member,
	"sponsorship":           sponsorshipEvent,
	"dependabot_alert":      dependabotAlert,
	"code_scanning_alert":   codeScanningAlert,
	"secret_scanning_alert": secretScanningAlert,
	"security_advisory":     securityAdvisory,
}

// Parse makes one event of a verified delivery, or a ping.
func (s *Source) Parse(r *source.Request) (source.Parsed, error) {
	name := r.Header.Get(headerEvent)
	if !isEvent(name) {
		return source.Parsed{}, source.Malformed("header " + headerEvent + " is missing or no event's name")
	}
	body, err := jsonBody(r)
	if err != nil {
		return source.Parsed{}, err
	}
	var p payload
	if err := source.Decode(body, &p); err != nil {
		return source.Parsed{}, err
	}
	if name == "ping" {
		return source.Parsed{Ping: true}, nil
	}
	if !isWord(p.Action) {
		p.Action = ""
	}
	e := event.Event{
		ID:       s.DeliveryID(r),
		Type:     name,
		Severity: event.Info,
		Place:    p.place(),
		Actor:    p.Sender.link(),
	}
	if p.Action != "" {
		e.Type += "." + p.Action
	}
	if render, ok := renderings[name]; ok {
		render(&p, &e)
	} else {
		general(name, body, &p, &e)
	}
	e.URL = webURL(e.URL)
	if e.URL == "" {
		e.URL, e.Action = e.Place.URL, "Open repository"
		if p.Repository == nil {
			e.Action = "Open " + Product
		}
	}
	if e.URL == "" {
		e.Action = ""
	}
	return source.Parsed{Events: []event.Event{e}}, nil
}

// maxName is how many bytes the name of an event or action has at most. The
// longest one known has 31.
const maxName = 64

// isEvent tells whether s can be the name of an event: [a-z_]{1,64}.
func isEvent(s string) bool {
	return s != "" && len(s) <= maxName && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz_") == ""
}

// isWord tells whether s is safe as an action or a member's name:
// [A-Za-z0-9_.-]{1,64}.
func isWord(s string) bool {
	if s == "" || len(s) > maxName {
		return false
	}
	for _, c := range []byte(s) {
		letter := c|0x20 >= 'a' && c|0x20 <= 'z'
		if !letter && (c < '0' || c > '9') && c != '_' && c != '.' && c != '-' {
			return false
		}
	}
	return true
}

// jsonBody is the JSON of a request, which GitHub sends as it is or in a form.
func jsonBody(r *source.Request) ([]byte, error) {
	contentType := r.Header.Get("Content-Type")
	if source.MediaType(contentType) != "application/x-www-form-urlencoded" {
		return r.Body, source.CheckJSON(contentType)
	}
	for rest := r.Body; len(rest) > 0; {
		var pair []byte
		pair, rest, _ = bytes.Cut(rest, []byte("&"))
		if value, ok := bytes.CutPrefix(pair, []byte("payload=")); ok {
			return unescape(value)
		}
	}
	return nil, source.Malformed("form has no field payload")
}

// unescape decodes a form's value; unlike url.QueryUnescape it copies once.
func unescape(in []byte) ([]byte, error) {
	out := make([]byte, 0, len(in))
	for i := 0; i < len(in); i++ {
		switch in[i] {
		case '+':
			out = append(out, ' ')
		case '%':
			if i+2 >= len(in) || unhex(in[i+1]) < 0 || unhex(in[i+2]) < 0 {
				return nil, source.Malformed("form has a broken escape")
			}
			out = append(out, byte(unhex(in[i+1])<<4|unhex(in[i+2]))) //nolint:gosec // two hex digits fill a byte
			i += 2
		default:
			out = append(out, in[i])
		}
	}
	return out, nil
}

// unhex is the value of a hexadecimal digit, or -1.
func unhex(c byte) int {
	if c >= 'A' && c <= 'F' {
		c += 'a' - 'A'
	}
	return strings.IndexByte("0123456789abcdef", c)
}

// spoken are the events whose names say nothing of what happened.
var spoken = map[string]string{
	"gollum": "wiki changed",
	"public": "repository made public",
}

// general renders an event that has no rendering of its own: "Milestone created
// in acme/api: v1.0".
func general(name string, body []byte, p *payload, e *event.Event) {
	title, verb := first(spoken[name], words(name), name), strings.TrimSpace(words(p.Action))
	if verb == "" && spoken[name] == "" {
		verb = "event"
	}
	e.Title = sentence(join(" ", title, verb))
	if e.Place.Name != "" {
		e.Title += " in " + e.Place.Name
	}
	found := subjects{event: name}
	if source.Decode(body, &found) != nil || found.best == nil {
		return
	}
	s := found.best
	e.URL = s.HTMLURL
	e.Action = "Open " + words(found.name)
	label := first(string(s.Title), string(s.Name))
	if found.name == name {
		e.Title = about(e.Title, source.Excerpt(label))
		return
	}
	addField(e, sentence(words(found.name)), label, s.HTMLURL, false)
}
