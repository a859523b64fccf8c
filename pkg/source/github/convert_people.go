package github

import (
	"strings"

	"github.com/sigpost/sigpost/pkg/event"
)

func star(p *payload, e *event.Event) {
	e.Quiet = true
	e.Title = "Star added"
	if p.Action == "deleted" {
		e.Title, e.Muted = "Star removed", true
	}
	if p.Repository != nil && p.Repository.Stars > 0 {
		e.Title += ": " + count(p.Repository.Stars, "star") + " now"
	}
}

func fork(p *payload, e *event.Event) {
	e.Quiet, e.Title = true, "Repository forked"
	if p.Repository != nil && p.Repository.Forks > 0 {
		addFact(e, "Forks", count(p.Repository.Forks, "fork"))
	}
	if f := p.Forkee; f != nil {
		if name := oneLine(string(f.FullName), nameRunes); name != "" {
			e.Title += " to " + name
		}
		e.URL, e.Action = f.HTMLURL, "Open fork"
	}
}

func repositoryEvent(p *payload, e *event.Event) {
	r := p.Repository
	if r == nil {
		r = &repository{}
	}
	e.Key, e.URL, e.Action = p.key(), r.HTMLURL, "Open repository"
	setTime(e, r.UpdatedAt)
	name := oneLine(string(r.FullName), nameRunes)
	verb := first(words(p.Action), "updated")
	switch p.Action {
	case "deleted":
		e.Severity, e.URL, e.Place.URL = event.Warning, "", ""
	case "publicized":
		e.Severity, verb = event.Warning, "made public"
	case "privatized":
		verb = "made private"
	case "archived":
		e.Muted = true
	case "edited":
		e.Quiet = true
	case "renamed":
		addFact(e, "Old name", p.Changes.oldName())
	case "transferred":
		e.Severity = event.Warning
		addFact(e, "Old owner", p.Changes.oldOwner())
	}
	e.Title = join(" ", "Repository", name, verb)
	addFact(e, "Visibility", sentence(string(r.Visibility)))
	if p.Action == "created" {
		addField(e, "Description", string(r.Description), "", false)
	}
}

func (c *changes) oldName() string {
	if c == nil || c.Repository == nil || c.Repository.Name == nil {
		return ""
	}
	return string(c.Repository.Name.From)
}

func (c *changes) oldOwner() string {
	if c == nil || c.Owner == nil || c.Owner.From == nil {
		return ""
	}
	return first(c.Owner.From.User.name(), c.Owner.From.Organization.name())
}

func member(p *payload, e *event.Event) {
	who := first(p.Member.name(), "Collaborator")
	e.URL, e.Action = p.Member.link().URL, "Open profile"
	switch p.Action {
	case "added":
		e.Title = who + " added as collaborator"
	case "removed":
		e.Title, e.Severity = who+" removed as collaborator", event.Warning
	case "edited":
		e.Title = "Permission of " + who + " changed"
	default:
		e.Title = "Collaborator " + who + " " + first(words(p.Action), "updated")
	}
	if c := p.Changes; c != nil {
		change := c.RoleName
		if change == nil {
			change = c.Permission
		}
		if change != nil {
			addFact(e, "Role", sentence(join(" → ", words(string(change.From)), words(string(change.To)))))
		}
	}
}

func sponsorshipEvent(p *payload, e *event.Event) {
	s := p.Sponsorship
	if s == nil {
		s = &sponsorship{}
	}
	who, whom := first(s.Sponsor.name(), "A sponsor"), s.Sponsorable.name()
	e.URL, e.Action = s.Sponsor.link().URL, "Open sponsor"
	if e.Place.Name == "" {
		e.Place = s.Sponsorable.link()
	}
	if n := s.Sponsor.name(); n != "" && whom != "" {
		e.Key = "sponsorship/" + whom + "/" + n
	}
	switch p.Action {
	case "created":
		e.Severity, e.State = event.Success, event.StateOpen
		e.Title = who + " sponsors " + first(whom, "you")
		setTime(e, s.CreatedAt)
	case "cancelled":
		e.Severity, e.State = event.Warning, event.StateResolved
		e.Title = who + " no longer sponsors " + first(whom, "you")
	case "pending_cancellation":
		e.Severity, e.State = event.Warning, event.StateUpdate
		e.Title = who + " will stop sponsoring " + first(whom, "you")
	case "tier_changed", "pending_tier_change":
		e.State, e.Quiet = event.StateUpdate, true
		e.Title = who + " sponsors " + first(whom, "you") + " at another tier" + with(": ", s.tier(p.Changes))
		if p.Action == "pending_tier_change" {
			e.Title = who + " will sponsor" + strings.TrimPrefix(e.Title, who+" sponsors")
		}
	default:
		e.State, e.Quiet = event.StateUpdate, true
		e.Title = "Sponsorship by " + who + " " + first(words(p.Action), "updated")
	}
	if p.Action == "created" {
		addFact(e, "Tier", s.Tier.name())
	} else {
		addFact(e, "Tier", s.tier(p.Changes))
	}
}

// tier is the tier, after the one that it was before.
func (s *sponsorship) tier(c *changes) string {
	if c == nil || c.Tier == nil {
		return s.Tier.name()
	}
	return join(" → ", c.Tier.From.name(), s.Tier.name())
}
