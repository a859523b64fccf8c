package github

import (
	"strings"

	"github.com/sigpost/sigpost/pkg/event"
)

func names(list few[named]) string {
	all := make([]string, 0, len(list.items))
	for i := range list.items {
		all = append(all, list.items[i].name())
	}
	return join(", ", all...)
}

func people(list few[account]) string {
	all := make([]string, 0, len(list.items))
	for i := range list.items {
		all = append(all, list.items[i].name())
	}
	return join(", ", all...)
}

// verb is the action in a headline, with the thing that was added or taken away.
func (p *payload) verb() string {
	switch p.Action {
	case "labeled":
		return "labeled" + with(" ", p.Label.name())
	case "unlabeled":
		if l := p.Label.name(); l != "" {
			return "no longer labeled " + l
		}
	case "assigned":
		return "assigned" + with(" to ", p.Assignee.name())
	case "unassigned":
		return "unassigned" + with(" from ", p.Assignee.name())
	case "milestoned":
		return "added to milestone" + with(" ", p.Milestone.name())
	case "demilestoned":
		return "removed from milestone" + with(" ", p.Milestone.name())
	case "":
		return "updated"
	}
	return words(p.Action)
}

// step is the state that an action leaves an issue, discussion or the like in.
func step(action string) event.State {
	switch action {
	case "opened", "created", "reopened":
		return event.StateOpen
	case "closed", "deleted", "transferred":
		return event.StateResolved
	}
	return event.StateUpdate
}

func issues(p *payload, e *event.Event) {
	i := p.Issue
	if i == nil {
		i = &issue{}
	}
	e.URL, e.Action = i.HTMLURL, "Open issue"
	e.Key, e.State = p.numberKey(i.Number), step(p.Action)
	setTime(e, i.UpdatedAt)
	verb := p.verb()
	switch p.Action {
	case "opened":
		setText(e, i.Body)
	case "closed":
		verb = closeIssue(i, e)
		setTime(e, i.ClosedAt)
	case "reopened":
		e.Severity = event.Warning
	case "deleted":
		e.Severity = event.Warning
		e.URL = "" // nothing is left there
	default:
		e.Quiet = true
	}
	e.Title = about(numbered("Issue", i.Number)+" "+verb, i.Title)
	addFact(e, plural(i.Labels.total, "Label", "Labels"), names(i.Labels))
	addFact(e, plural(i.Assignees.total, "Assignee", "Assignees"), people(i.Assignees))
	addFact(e, "Milestone", i.Milestone.name())
}

// closeIssue sets how an issue was closed and returns the verb that says so.
func closeIssue(i *issue, e *event.Event) string {
	verb, reason := "closed", "Completed"
	switch i.StateReason {
	case "not_planned":
		verb, reason, e.Muted = "closed as not planned", "Not planned", true
	case "duplicate":
		verb, reason, e.Muted = "closed as duplicate", "Duplicate", true
	default:
		e.Severity = event.Success
	}
	addFact(e, "Resolution", join(", ", reason, with("open for ", span(i.CreatedAt, i.ClosedAt))))
	return verb
}

func issueComment(p *payload, e *event.Event) {
	i, c := p.Issue, p.Comment
	if i == nil {
		i = &issue{}
	}
	if c == nil {
		c = &comment{}
	}
	noun := "issue"
	if i.Pull != nil {
		noun = "pull request"
	}
	e.URL, e.Action = c.HTMLURL, "Open comment"
	e.Key, e.State = p.numberKey(i.Number), event.StateUpdate
	setTime(e, c.UpdatedAt, i.UpdatedAt)
	e.Title = about(commented(p.Action)+" "+numbered(noun, i.Number), i.Title)
	switch p.Action {
	case "created":
		setText(e, c.Body)
	case "deleted":
		e.URL, e.Action, e.Quiet = i.HTMLURL, "Open "+noun, true
	default:
		e.Quiet = true
	}
}

func commented(action string) string {
	switch action {
	case "", "created":
		return "Comment on"
	}
	return "Comment " + words(action) + " on"
}

func discussionEvent(p *payload, e *event.Event) {
	d := p.Discussion
	if d == nil {
		d = &issue{}
	}
	e.URL, e.Action = d.HTMLURL, "Open discussion"
	e.Key, e.State = p.numberKey(d.Number), step(p.Action)
	setTime(e, d.UpdatedAt)
	verb := p.verb()
	switch p.Action {
	case "created":
		verb = "started"
		setText(e, d.Body)
	case "answered":
		e.Severity, e.State = event.Success, event.StateResolved
		if p.Answer != nil {
			setText(e, p.Answer.Body)
			e.URL = first(webURL(p.Answer.HTMLURL), e.URL)
			setTime(e, p.Answer.UpdatedAt)
		}
	case "unanswered", "reopened":
		e.Severity, e.State = event.Warning, event.StateOpen
	case "closed":
		e.Severity = event.Success
		if r := d.StateReason; r == "outdated" || r == "duplicate" {
			e.Severity, e.Muted, verb = event.Info, true, "closed as "+r
		}
	case "deleted":
		e.URL = ""
	default:
		e.Quiet = true
	}
	e.Title = about(numbered("Discussion", d.Number)+" "+verb, d.Title)
	addFact(e, "Category", d.Category.name())
	addFact(e, plural(d.Labels.total, "Label", "Labels"), names(d.Labels))
}

// first is the first of s that is not empty.
func first(s ...string) string {
	for _, v := range s {
		if v = strings.TrimSpace(v); v != "" {
			return v
		}
	}
	return ""
}
