package github

import (
	"strconv"
	"strings"

	"github.com/sigpost/sigpost/pkg/event"
)

// outcome is what a conclusion means, as words after a name: "CI failed".
func outcome(conclusion, action string, e *event.Event) string {
	switch conclusion {
	case "success":
		e.Severity, e.State, e.Quiet = event.Success, event.StateResolved, true
		return "succeeded"
	case "failure", "startup_failure":
		e.Severity, e.State = event.Error, event.StateOpen
		return "failed"
	case "timed_out":
		e.Severity, e.State = event.Error, event.StateOpen
		return "timed out"
	case "action_required":
		e.Severity, e.State = event.Warning, event.StateOpen
		return "needs attention"
	case "cancelled", "skipped", "stale":
		e.Muted, e.Quiet = true, true
		if conclusion == "stale" {
			return "went stale"
		}
		return "was " + conclusion
	case "neutral":
		e.Quiet = true
		return "completed"
	}
	e.State, e.Quiet = event.StateUpdate, true
	switch action {
	case "in_progress":
		return "is running"
	case "requested", "created":
		return "was requested"
	case "rerequested":
		return "was requested again"
	}
	return first(words(action), "updated")
}

func workflowRun(p *payload, e *event.Event) {
	r := p.WorkflowRun
	if r == nil {
		r = &run{}
	}
	e.URL, e.Action = r.HTMLURL, "Open run"
	setTime(e, r.UpdatedAt)
	name := first(oneLine(string(r.Name), nameRunes), "Workflow")
	branch := p.branchOf(r.HeadRepository, oneLine(string(r.HeadBranch), nameRunes))
	e.Key = p.key("@workflow/", name, "/", branch)
	e.Title = about(name+" "+outcome(r.Conclusion, p.Action, e)+with(" on ", branch), r.DisplayTitle)
	if e.State == event.StateResolved {
		e.Recovery = about(name+" recovered"+with(" on ", branch), r.DisplayTitle)
	}
	if r.Attempt > 1 {
		addFact(e, "Attempt", strconv.FormatInt(r.Attempt, 10))
	}
	if p.Action == "completed" {
		addFact(e, "Duration", span(r.StartedAt, r.UpdatedAt))
	}
	addCommit(e, r.HeadSHA)
	if c := r.HeadCommit; c != nil && c.Author != nil {
		if by := first(string(c.Author.Username), string(c.Author.Name)); !strings.EqualFold(by, e.Actor.Name) {
			addFact(e, "Author", by)
		}
	}
	addFact(e, "Trigger", words(string(r.Event)))
}

// branchOf is the branch, with its repository where that is another one: main of
// a fork is not main.
func (p *payload) branchOf(head *repository, branch string) string {
	if head == nil || head.FullName == "" || p.Repository == nil || head.FullName == p.Repository.FullName || branch == "" {
		return branch
	}
	return oneLine(string(head.FullName), nameRunes) + ":" + branch
}

func checkRunEvent(p *payload, e *event.Event) {
	c := p.CheckRun
	if c == nil {
		c = &checkRun{}
	}
	e.URL, e.Action = c.HTMLURL, "Open check"
	setTime(e, c.CompletedAt, c.StartedAt)
	name, branch := first(oneLine(string(c.Name), nameRunes), "Check"), ""
	if c.Suite != nil {
		branch = oneLine(string(c.Suite.HeadBranch), nameRunes)
	}
	e.Key = p.key("@check/", name, "/", first(branch, short(c.HeadSHA)))
	e.Title = name + " " + outcome(c.Conclusion, p.Action, e) + with(" on ", branch)
	if e.State == event.StateResolved {
		e.Recovery = name + " recovered" + with(" on ", branch)
	}
	if c.Output != nil {
		e.Title = about(e.Title, c.Output.Title)
		if !e.Quiet {
			setText(e, c.Output.Summary)
		}
	}
	addCommit(e, c.HeadSHA)
	addFact(e, "Duration", span(c.StartedAt, c.CompletedAt))
	addFact(e, "App", c.App.name())
}

func deploymentStatusEvent(p *payload, e *event.Event) {
	s, d := p.DeploymentStatus, p.Deployment
	if s == nil {
		s = &deployState{}
	}
	if d == nil {
		d = &deployment{}
	}
	env := oneLine(first(string(s.Environment), string(d.Environment)), nameRunes)
	e.Key = p.key("@deployment/", env)
	setTime(e, s.UpdatedAt)
	e.URL, e.Action = first(webURL(s.LogURL), s.TargetURL), "Open log"
	verb := first(words(s.State), "updated")
	switch s.State {
	case "success":
		e.Severity, e.State, verb = event.Success, event.StateResolved, "succeeded"
		if u := webURL(s.EnvironmentURL); u != "" {
			e.URL, e.Action = u, "Open environment"
		}
	case "failure", "error":
		e.Severity, e.State, verb = event.Error, event.StateOpen, "failed"
	case "inactive":
		e.Muted, e.Quiet, verb = true, true, "is no longer active"
	case "in_progress", "pending", "queued", "waiting":
		e.State, e.Quiet, verb = event.StateUpdate, true, "is "+words(s.State)
	default:
		e.Quiet = true
	}
	ref, _ := refName(string(d.Ref))
	if ref == d.SHA {
		ref = short(ref)
	}
	e.Title = "Deployment" + with(" of ", ref) + with(" to ", env) + " " + verb
	if e.State == event.StateResolved {
		e.Recovery = "Deployment" + with(" to ", env) + " recovered" + with(" with ", ref)
	}
	addCommit(e, d.SHA)
	if s.State == "success" || e.Severity == event.Error {
		addFact(e, "Duration", span(d.CreatedAt, s.UpdatedAt))
	}
	setPlain(e, s.Description)
}
