// Package eventtest holds events to test sinks, routes and queues with: the
// ones that senders send, and the ones that an attacker would.
package eventtest

import (
	"time"

	"github.com/sigpost/sigpost/pkg/event"
)

// Case is an event with a name that can be part of a file's name.
type Case struct {
	Name  string
	Event event.Event
}

// Now is the moment all canonical events happened at.
var Now = time.Date(2026, time.March, 2, 9, 30, 0, 0, time.UTC)

// Canonical returns realistic events of every sender, new ones at each call.
func Canonical() []Case {
	cases := append(gitHub(), gitHubChecks()...)
	cases = append(cases, scalr()...)
	cases = append(cases, cloudIQ()...)
	cases = append(cases, certifyClouds()...)
	cases = append(cases, cloudTruth()...)
	return append(cases, Case{"unknown", event.Event{
		ID: "5f1d", Source: "billing", Kind: "webhook", Product: "Webhook", Type: "invoice.paid",
		Severity: event.Info, Title: "Received invoice.paid", Time: Now,
	}})
}

var (
	repository = event.Link{Name: "acme/api", URL: "https://github.com/acme/api"}
	octocat    = event.Link{Name: "octocat", URL: "https://github.com/octocat"}
	hubot      = event.Link{Name: "hubot", URL: "https://github.com/hubot"}
)

func gitHubEvent(name, typ, title, path, action string) Case {
	return Case{name, event.Event{
		ID: "72d3162e-cc78-11e3-81ab-4c9367dc0958", Source: "github", Kind: "github", Product: "GitHub",
		Type: typ, Title: title, URL: "https://github.com/acme/api" + path, Action: action,
		Place: repository, Actor: octocat, Time: Now, Severity: event.Info,
		Raw: []byte(`{"action":"opened"}`),
	}}
}

func gitHub() []Case {
	opened := gitHubEvent("github_issue_opened", "issues.opened", "Issue #1347 opened: Crash on empty config", "/issues/1347", "Open issue")
	e := &opened.Event
	e.Key, e.State = "acme/api#1347", event.StateOpen
	e.Fields = []event.Field{
		{Name: "Labels", Value: "bug, p1", Short: true},
		{Name: "Assignee", Value: "hubot", URL: hubot.URL, Short: true},
	}
	e.Text = event.Text{Format: event.Markdown, Body: "## Steps\n\n1. Start with an **empty** `config.yaml`\n2. Wait\n\n```\npanic: assignment to entry in nil map\n```\n\nSee [the log](https://example.com/log) & compare `a < b`.\n"}

	closed := gitHubEvent("github_issue_not_planned", "issues.closed", "Issue #1347 closed as not planned: Crash on empty config", "/issues/1347", "Open issue")
	e = &closed.Event
	e.Key, e.State, e.Muted = "acme/api#1347", event.StateResolved, true
	e.Fields = []event.Field{{Name: "Open for", Value: "3 d 4 h", Short: true}}

	merged := gitHubEvent("github_pull_request_merged", "pull_request.closed", "#88 merged into main: Read the config once", "/pull/88", "View diff")
	e = &merged.Event
	e.Key, e.State, e.Severity = "acme/api#88", event.StateResolved, event.Success
	e.Fields = []event.Field{
		{Name: "Changes", Value: "+120 −14 in 6 files", Short: true},
		{Name: "Author", Value: "hubot", URL: hubot.URL, Short: true},
	}

	push := gitHubEvent("github_push", "push", "7 commits to main", "/compare/a10867b14bb7...3f2504e04f89", "Compare")
	push.Event.Lists = []event.List{{Omitted: 1, Items: []event.Item{
		commit("3f2504e", "Read the config once", "octocat"),
		commit("9c858f2", "Refuse an empty config & say why", "octocat"),
		commit("7c9e667", "Test maps with a nil <key>", "hubot"),
		commit("16fd270", "Drop the unused parser", "octocat"),
		commit("a8098c1", "Bump go.mod", "dependabot[bot]"),
		commit("c9bf9e5", "Fix a typo", "hubot"),
	}}}
	return []Case{opened, closed, merged, push}
}

func commit(id, subject, author string) event.Item {
	return event.Item{Label: id, Code: true, URL: "https://github.com/acme/api/commit/" + id, Text: subject, Note: author}
}

func gitHubChecks() []Case {
	failed := gitHubEvent("github_workflow_failed", "workflow_run.completed", "CI failed on main: Fix parser", "/actions/runs/30433642", "Open run")
	e := &failed.Event
	e.Key, e.State, e.Severity = "acme/api/ci/main", event.StateOpen, event.Error
	e.Fields = []event.Field{
		{Name: "Attempt", Value: "2", Short: true},
		{Name: "Duration", Value: "4 min 12 s", Short: true},
		{Name: "Commit", Value: "3f2504e", URL: "https://github.com/acme/api/commit/3f2504e", Short: true},
	}

	alert := gitHubEvent("github_dependabot", "dependabot_alert.created", "High severity alert for lodash in acme/api", "/security/dependabot/7", "View alert")
	e = &alert.Event
	e.Key, e.State, e.Severity, e.Actor = "acme/api/dependabot/7", event.StateOpen, event.Error, event.Link{}
	e.Fields = []event.Field{
		{Name: "Package", Value: "lodash (npm)", Short: true},
		{Name: "Affected", Value: ">= 4.0.0, < 4.17.21", Short: true},
		{Name: "Fixed in", Value: "4.17.21", Short: true},
		{Name: "Advisory", Value: "GHSA-35jh-r3h4-6jhm", URL: "https://github.com/advisories/GHSA-35jh-r3h4-6jhm", Short: true},
	}
	e.Text = event.Text{Body: "Command injection in lodash"}
	return []Case{failed, alert}
}

func scalr() []Case {
	base := event.Event{
		ID: "wd-tq8cgt2hu6hv0cg", Source: "terraform", Kind: "scalr", Product: "Scalr",
		Key: "run-tq8cgt5e1c7cq8o", URL: "https://acme.scalr.io/runs/run-tq8cgt5e1c7cq8o", Action: "Open run",
		Place: event.Link{Name: "blue_green", URL: "https://acme.scalr.io/workspaces/ws-1"},
		Actor: event.Link{Name: "b.smith"}, Time: Now,
	}
	errored := base
	errored.Type, errored.State, errored.Severity = "run:errored", event.StateOpen, event.Error
	errored.Title = "Run errored in blue_green (Research-Development)"
	errored.Fields = []event.Field{
		{Name: "Duration", Value: "1 min 7 s", Short: true},
		{Name: "Source", Value: "VCS", Short: true},
	}
	errored.Text = event.Text{Body: "Add the second region"}
	completed := base
	completed.Type, completed.State, completed.Severity, completed.Quiet = "run:completed", event.StateResolved, event.Success, true
	completed.Title = "Run completed in blue_green (Research-Development)"
	return []Case{{"scalr_errored", errored}, {"scalr_completed", completed}}
}
