package github

import (
	"strings"

	"github.com/sigpost/sigpost/pkg/event"
)

// listed is how many commits or packages a message lists.
const listed = 5

// refName splits a full ref: "refs/heads/main" is main and "branch".
func refName(ref string) (name, noun string) {
	if s, ok := strings.CutPrefix(ref, "refs/tags/"); ok {
		return oneLine(s, nameRunes), "tag"
	}
	return oneLine(strings.TrimPrefix(ref, "refs/heads/"), nameRunes), "branch"
}

func short(sha string) string {
	sha = oneLine(sha, 40)
	if len(sha) >= 40 {
		return sha[:7]
	}
	return sha
}

func push(p *payload, e *event.Event) {
	name, noun := refName(string(p.Ref))
	e.Key = p.key("@"+noun+"/", name)
	e.URL, e.Action = p.Compare, "Compare"
	if p.HeadCommit != nil && p.Commits.total == 0 && webURL(p.HeadCommit.URL) != "" {
		e.URL, e.Action = p.HeadCommit.URL, "Open commit"
	}
	if e.Actor.Name == "" {
		e.Actor.Name = p.Pusher.name()
	}
	thing := join(" ", noun, name)
	n := int64(p.Commits.total)
	switch {
	case p.Deleted:
		e.Title, e.Severity, e.Quiet = sentence(thing)+" deleted", event.Warning, true
		e.URL = ""
		return
	case p.Forced:
		e.Title, e.Severity = "Force push to "+first(name, thing), event.Warning
		if n > 0 {
			e.Title += ": " + count(n, "commit")
		}
	case p.Created && n == 0:
		e.Title, e.Quiet = sentence(thing)+" created", true
	case p.Created:
		e.Title = count(n, "commit") + " to new " + thing
	case n == 0:
		e.Title, e.Quiet = "Push to "+first(name, thing), true
	default:
		e.Title = count(n, "commit") + " to " + first(name, thing)
	}
	listCommits(p, e)
}

func listCommits(p *payload, e *event.Event) {
	if p.Commits.total == 0 {
		if p.HeadCommit != nil {
			addField(e, "Commit", join(" ", short(p.HeadCommit.ID), subjectLine(p.HeadCommit.Message)), p.HeadCommit.URL, false)
		}
		return
	}
	var list event.List
	for i := range p.Commits.items {
		c := &p.Commits.items[i]
		if len(list.Items) == listed {
			break
		}
		item := event.Item{Label: short(c.ID), Code: true, URL: webURL(c.URL), Text: first(subjectLine(c.Message), "No message")}
		if c.Author != nil {
			item.Note = oneLine(first(string(c.Author.Username), string(c.Author.Name)), nameRunes)
		}
		list.Items = append(list.Items, item)
	}
	list.Omitted = p.Commits.total - len(list.Items)
	e.Lists = append(e.Lists, list)
}

func created(p *payload, e *event.Event) { refEvent(p, e, "created") }

func deleted(p *payload, e *event.Event) {
	refEvent(p, e, "deleted")
	e.Severity = event.Warning
}

func refEvent(p *payload, e *event.Event, verb string) {
	noun := first(oneLine(string(p.RefType), 20), "branch")
	name, _ := refName(string(p.Ref))
	e.Title = sentence(join(" ", noun, name, verb))
	e.Key, e.Quiet = p.key("@"+noun+"/", name), true
}

func releaseEvent(p *payload, e *event.Event) {
	r := p.Release
	if r == nil {
		r = &release{}
	}
	tag, name := oneLine(string(r.TagName), nameRunes), oneLine(string(r.Name), titleRunes)
	e.URL, e.Action = r.HTMLURL, "Open release"
	e.Key = p.key("@release/", tag)
	setTime(e, r.PublishedAt)
	noun := "release"
	if r.Prerelease {
		noun = "pre-release"
	}
	verb := first(words(p.Action), "updated")
	switch p.Action {
	case "published":
		e.Severity = event.Success
		setText(e, r.Body)
	case "unpublished", "deleted":
		e.Severity, e.URL = event.Warning, ""
	case "prereleased":
		verb, e.Quiet = "published", true
	default:
		e.Quiet = true
	}
	e.Title = join(" ", sentence(noun), first(tag, name), verb)
	if name != "" && tag != "" && name != tag {
		e.Title += ": " + name
	}
	if r.Assets.total > 0 {
		addFact(e, "Assets", count(int64(r.Assets.total), "file"))
	}
	addAuthor(e, r.Author)
}
