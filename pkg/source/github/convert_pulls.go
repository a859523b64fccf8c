package github

import (
	"fmt"

	"github.com/sigpost/sigpost/pkg/event"
)

func pullRequest(p *payload, e *event.Event) {
	pr := p.PullRequest
	if pr == nil {
		pr = &pull{}
	}
	e.URL, e.Action = pr.HTMLURL, "Open pull request"
	e.Key, e.State = p.numberKey(pr.Number), step(p.Action)
	setTime(e, pr.UpdatedAt)
	what := numbered("Pull request", pr.Number) + " " + p.pullVerb()
	switch p.Action {
	case "opened":
		e.Quiet = pr.Draft
		if pr.Draft {
			what = numbered("Draft", pr.Number) + " opened"
		}
		setText(e, pr.Body)
	case "closed":
		what = closePull(pr, e)
		setTime(e, pr.ClosedAt)
	case "reopened":
		e.Severity = event.Warning
	case "review_requested", "ready_for_review":
		e.Quiet = pr.Draft
	default:
		e.Quiet = true
	}
	e.Title = about(what, pr.Title)
	addFact(e, "Changes", pr.size())
	if p.Action == "closed" && pr.Merged {
		addPerson(e, "Author", pr.User)
		addPerson(e, "Merged by", pr.MergedBy)
	} else {
		addAuthor(e, pr.User)
	}
	if p.Action == "closed" {
		addFact(e, "Open for", span(pr.CreatedAt, pr.ClosedAt))
	} else {
		addFact(e, "Branch", pr.branches())
	}
	addFact(e, plural(pr.Labels.total, "Label", "Labels"), names(pr.Labels))
}

// branches is "fix-parser → main".
func (pr *pull) branches() string { return join(" → ", pr.Head.name(), pr.Base.name()) }

// closePull sets how a pull request ended and returns the words for it.
func closePull(pr *pull, e *event.Event) string {
	if !pr.Merged {
		e.Muted = true
		return numbered("Pull request", pr.Number) + " closed without merging"
	}
	e.Severity, e.Action = event.Success, "View diff"
	if u := webURL(pr.HTMLURL); u != "" {
		e.URL = u + "/files"
	}
	what := "Pull request"
	if pr.Number > 0 {
		what = fmt.Sprintf("#%d", pr.Number)
	}
	return what + " merged" + with(" into ", pr.Base.name())
}

// size is "+120 −14 in 6 files".
func (pr *pull) size() string {
	if pr.ChangedFiles <= 0 {
		return ""
	}
	return fmt.Sprintf("+%d −%d in %s", pr.Additions, pr.Deletions, count(pr.ChangedFiles, "file"))
}

func (p *payload) pullVerb() string {
	reviewer := first(p.RequestedReviewer.name(), p.RequestedTeam.name())
	switch p.Action {
	case "ready_for_review":
		return "ready for review"
	case "converted_to_draft":
		return "converted to draft"
	case "synchronize":
		return "updated with new commits"
	case "review_requested":
		return "needs a review" + with(" from ", reviewer)
	case "review_request_removed":
		return "no longer needs a review" + with(" from ", reviewer)
	case "auto_merge_enabled":
		return "set to merge automatically"
	case "auto_merge_disabled":
		return "no longer set to merge automatically"
	case "enqueued":
		return "added to the merge queue"
	case "dequeued":
		return "removed from the merge queue"
	}
	return p.verb()
}

func pullRequestReview(p *payload, e *event.Event) {
	pr, r := p.PullRequest, p.Review
	if pr == nil {
		pr = &pull{}
	}
	if r == nil {
		r = &review{}
	}
	e.URL, e.Action = first(webURL(r.HTMLURL), pr.HTMLURL), "Open review"
	e.Key, e.State = p.numberKey(pr.Number), event.StateUpdate
	setTime(e, r.SubmittedAt, pr.UpdatedAt)
	what := numbered("Pull request", pr.Number)
	switch {
	case p.Action == "dismissed":
		what, e.Muted = "Review of "+numbered("pull request", pr.Number)+" dismissed", true
	case p.Action != "submitted":
		what, e.Quiet = join(" ", "Review", first(words(p.Action), "added"), "on", numbered("pull request", pr.Number)), true
	default:
		what = reviewed(what, r, e)
		setText(e, r.Body)
	}
	e.Title = about(what, pr.Title)
	addAuthor(e, pr.User)
	addFact(e, "Branch", pr.branches())
}

// reviewed sets what a review says and returns the words for it.
func reviewed(what string, r *review, e *event.Event) string {
	switch r.State {
	case "approved":
		e.Severity = event.Success
		return what + " approved"
	case "changes_requested":
		e.Severity = event.Warning
		return what + " needs changes"
	}
	return what + " reviewed"
}
