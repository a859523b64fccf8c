package cloudiq

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/source"
)

// The colours of CloudIQ's score: green from 95, orange from 71, else red.
const (
	maxScore     = 100
	successScore = 95
	warningScore = 71
)

// home is CloudIQ's own address, as https://github.com/dell/cloudiq gives it:
// payloads carry no link, and the address of a system's page isn't published.
const home = "https://cloudiq.dell.com/"

// Parse reads a ping or a change of health, which has two names:
// health-score-change of 2020 and health-issue-change of 2022. Any other
// x-ciq-event is refused with 406, as published integrations do.
func (s *Source) Parse(r *source.Request) (source.Parsed, error) {
	name := r.Header.Get(eventHeader)
	switch name {
	case "ping":
		return source.Parsed{Ping: true}, nil
	case "health-score-change", "health-issue-change":
	default:
		return source.Parsed{}, &source.Refusal{
			Status: http.StatusNotAcceptable,
			Public: "event type is not known here",
			Reason: "x-ciq-event is missing or none of ping, health-score-change, health-issue-change",
		}
	}
	if err := source.CheckJSON(r.Header.Get("Content-Type")); err != nil {
		return source.Parsed{}, err
	}
	var w wire
	if err := source.Decode(r.Body, &w); err != nil {
		return source.Parsed{}, err
	}
	e, ok := convertHealth(&w)
	if !ok {
		return source.Parsed{}, source.Malformed("body has neither a system nor a score nor issues")
	}
	e.Type, e.ID = name, s.DeliveryID(r)
	return source.Parsed{Events: []event.Event{e}}, nil
}

// convertHealth is the event of a payload; ok is false if it says nothing.
func convertHealth(w *wire) (e event.Event, ok bool) {
	opened := convertIssues(append(w.New, w.New2022...), false)
	resolved := convertIssues(append(w.Resolved, w.Resolved2022...), true)
	score, hasScore := w.score()
	id := source.Line(w.ID, w.ID2022)
	name := source.Line(w.Name, w.Name2022, w.ID, w.ID2022)
	if name == "" && !hasScore && len(opened)+len(resolved) == 0 {
		return event.Event{}, false
	}
	recovering := len(opened) == 0 && len(resolved) > 0
	e = event.Event{
		Key:    id,
		Title:  title(cmp.Or(name, "System"), score, hasScore, len(opened), recovering),
		URL:    home,
		Action: "Open in CloudIQ",
		Place:  event.Link{Name: name},
		Time:   w.time(),
	}
	e.Severity, e.State = judge(score, hasScore, len(opened), recovering)
	if hasScore {
		zone, _ := judge(score, true, 0, false)
		e.Gauge = &event.Gauge{
			Label: "Health score", Value: score, Max: maxScore,
			Warning: warningScore, Success: successScore, Severity: zone,
		}
	}
	if model := source.Line(w.Model, w.Model2022); model != "" {
		e.Fields = append(e.Fields, event.Field{Name: "Model", Value: model, Short: true})
	}
	if id != "" && id != name && id != source.Line(w.Model, w.Model2022) {
		e.Fields = append(e.Fields, event.Field{Name: "System", Value: id, Short: true})
	}
	if len(opened) > 0 {
		e.Lists = append(e.Lists, event.List{Name: "New issues", Items: opened})
	}
	if len(resolved) > 0 {
		e.Lists = append(e.Lists, event.List{Name: "Resolved", Items: resolved})
	}
	return e, true
}

// judge is how bad a change is and where it leaves the system. A system that
// only lost issues is recovering, which is good news; but while its score is
// still red, it isn't over.
func judge(score int, hasScore bool, opened int, recovering bool) (event.Severity, event.State) {
	state := event.StateOpen
	switch {
	case opened == 0 && hasScore && score >= successScore:
		state = event.StateResolved
	case recovering && hasScore && score < warningScore:
		state = event.StateUpdate
	case recovering:
		state = event.StateResolved
	}
	switch {
	case recovering, hasScore && score >= successScore:
		return event.Success, state
	case hasScore && score < warningScore:
		return event.Error, state
	case hasScore || opened > 0:
		return event.Warning, state
	}
	return event.Info, event.StateUpdate
}

func title(name string, score int, hasScore bool, opened int, recovering bool) string {
	t := name + " health changed"
	if hasScore {
		t = name + " health " + strconv.Itoa(score)
	}
	switch {
	case recovering:
		return t + ", recovering"
	case opened == 1:
		return t + ": 1 new issue"
	case opened > 1:
		return t + ": " + strconv.Itoa(opened) + " new issues"
	}
	return t
}

// convertIssues are the items of a list, worst first. An issue that says
// nothing at all is left out.
func convertIssues(issues []wireIssue, done bool) []event.Item {
	slices.SortStableFunc(issues, func(a, b wireIssue) int {
		x, _ := number(a.Impact)
		y, _ := number(b.Impact)
		return cmp.Compare(x, y)
	})
	var items []event.Item
	for _, i := range issues {
		impact, _ := number(i.Impact)
		label, rule := sentence(source.Line(i.Category)), sentence(source.Line(i.Rule, i.Rule2022))
		item := event.Item{Label: label, Text: source.Line(i.Description), Detail: source.Line(i.Resolution), Done: done}
		if item.Text == "" && (label != "" || rule != "" || item.Detail != "" || impact != 0) {
			item.Text = cmp.Or(rule, "Issue without a description")
		}
		if item.Text == "" {
			continue
		}
		switch {
		case impact < 0:
			item.Note = "impact −" + strconv.FormatInt(-impact, 10)
		case impact > 0:
			item.Note = "impact +" + strconv.FormatInt(impact, 10)
		}
		items = append(items, item)
	}
	return items
}

// sentence is a constant's name as words: "DATA_PROTECTION" is "Data protection".
func sentence(s string) string {
	s = strings.Join(strings.Fields(strings.ReplaceAll(s, "_", " ")), " ")
	if s == "" {
		return ""
	}
	r := []rune(strings.ToLower(s))
	return strings.ToUpper(string(r[:1])) + string(r[1:])
}
