package github

import (
	"strconv"
	"strings"

	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/source"
)

// harm is an advisory's or rule's severity as the event's.
func harm(severity string) event.Severity {
	switch strings.ToLower(severity) {
	case "critical", "high", "error":
		return event.Error
	case "medium", "moderate", "warning":
		return event.Warning
	}
	return event.Info
}

// alertState sets where the action leaves an alert, and returns its verb.
func alertState(action string, bad event.Severity, e *event.Event) string {
	verb := first(words(action), "updated")
	switch action {
	case "created", "reopened", "reintroduced", "auto_reopened", "reopened_by_user", "publicly_leaked":
		e.Severity, e.State = bad, event.StateOpen
		if action == "created" {
			return "opened"
		}
		return strings.TrimSuffix(verb, " by user")
	case "fixed", "resolved":
		e.Severity, e.State = event.Success, event.StateResolved
	case "dismissed", "auto_dismissed", "closed_by_user":
		e.State, e.Muted = event.StateResolved, true
		verb = strings.TrimSuffix(verb, " by user")
	case "appeared_in_branch":
		e.Severity, e.State, verb = bad, event.StateUpdate, "appeared in another branch"
	default:
		e.State, e.Quiet = event.StateUpdate, true
	}
	return verb
}

func (p *payload) alertBase(sort string, e *event.Event) *alert {
	a := p.Alert
	if a == nil {
		a = &alert{}
	}
	e.URL, e.Action = a.HTMLURL, "View alert"
	if a.Number > 0 {
		e.Key = p.key("@"+sort+"/", strconv.FormatInt(a.Number, 10))
	}
	setTime(e, a.UpdatedAt, a.CreatedAt)
	return a
}

func dependabotAlert(p *payload, e *event.Event) {
	a := p.alertBase("dependabot", e)
	adv, v := a.Advisory, a.Vulnerability
	if adv == nil {
		adv = &advisory{}
	}
	if v == nil {
		v = &vulnerability{}
	}
	severity := first(v.Severity, adv.Severity)
	e.Title = about(numbered("Dependabot alert", a.Number)+" "+alertState(p.Action, harm(severity), e), adv.Summary)
	if v.Package == nil && a.Dependency != nil {
		v.Package = a.Dependency.Package
	}
	addFact(e, "Severity", sentence(severity))
	addFact(e, "Package", v.Package.name())
	if e.State != event.StateResolved {
		addFact(e, "Affected", string(v.Range))
	}
	if v.Fixed != nil {
		addFact(e, "Fixed in", string(v.Fixed.Identifier))
	}
	addField(e, "Advisory", first(string(adv.CVE), string(adv.GHSA)), advisoryURL(adv.GHSA), true)
	if a.Dependency != nil && e.State != event.StateResolved {
		addFact(e, "Manifest", string(a.Dependency.ManifestPath))
	}
	a.addEnd(e)
}

// name is "lodash (npm)".
func (k *pkg) name() string {
	if k == nil || k.Name == "" {
		return ""
	}
	name := oneLine(string(k.Name), nameRunes)
	if k.Ecosystem != "" {
		name += " (" + oneLine(string(k.Ecosystem), nameRunes) + ")"
	}
	return name
}

// addEnd adds why an alert was closed.
func (a *alert) addEnd(e *event.Event) {
	if e.State == event.StateResolved {
		addFact(e, "Reason", sentence(words(first(string(a.DismissedReason), string(a.Resolution)))))
		addField(e, "Comment", string(a.DismissedComment), "", false)
	}
}

func codeScanningAlert(p *payload, e *event.Event) {
	a := p.alertBase("code-scanning", e)
	var severity, rule, id string
	if r := a.Rule; r != nil {
		severity = first(r.Security, r.Severity)
		rule = first(string(r.Description), string(r.ID))
		id = string(r.ID)
	}
	verb := alertState(p.Action, harm(severity), e)
	e.Title = numbered("Code scanning alert", a.Number) + " " + verb + with(": ", oneLine(rule, titleRunes))
	addFact(e, "Severity", sentence(severity))
	if e.State != event.StateResolved {
		addFact(e, "Tool", a.Tool.name())
	}
	addFact(e, "Rule", id)
	if i := a.Instance; i != nil {
		ref, _ := refName(string(i.Ref))
		addFact(e, "Branch", ref)
		if l := i.Location; l != nil && l.Path != "" {
			at := string(l.Path)
			if l.Line > 0 {
				at += ":" + strconv.FormatInt(l.Line, 10)
			}
			addFact(e, "Location", at)
		}
		if i.Message != nil && e.State == event.StateOpen {
			setPlain(e, i.Message.Text)
		}
	}
	a.addEnd(e)
}

func secretScanningAlert(p *payload, e *event.Event) {
	a := p.alertBase("secret-scanning", e)
	sort := oneLine(first(string(a.SecretName), words(string(a.SecretType))), nameRunes)
	verb := alertState(p.Action, event.Error, e)
	e.Title = numbered("Secret scanning alert", a.Number) + " " + verb + with(": ", sort)
	if p.Action == "resolved" && a.Resolution != "" && a.Resolution != "revoked" {
		e.Severity, e.Muted = event.Info, true
	}
	addFact(e, "Validity", sentence(words(string(a.Validity))))
	if a.PubliclyLeaked {
		addFact(e, "Publicly leaked", "Yes")
	}
	if a.Bypassed {
		addFact(e, "Push protection", "Bypassed")
	}
	a.addEnd(e)
}

// advisoryURL is an advisory's page in GitHub's public database.
func advisoryURL(ghsa source.Excerpt) string {
	if ghsa == "" {
		return ""
	}
	return "https://github.com/advisories/" + oneLine(string(ghsa), nameRunes)
}

func securityAdvisory(p *payload, e *event.Event) {
	a := p.SecurityAdvisory
	if a == nil {
		a = &advisory{}
	}
	id := oneLine(string(a.GHSA), nameRunes)
	e.URL, e.Action = a.HTMLURL, "View advisory"
	if id != "" {
		e.Key = "advisory/" + id
		e.URL = first(webURL(e.URL), advisoryURL(a.GHSA))
	}
	setTime(e, a.UpdatedAt)
	switch p.Action {
	case "published":
		e.Severity, e.State = harm(a.Severity), event.StateOpen
		setText(e, a.Description)
	case "withdrawn":
		e.State, e.Muted = event.StateResolved, true
	default:
		e.State, e.Quiet = event.StateUpdate, true
	}
	e.Title = about(join(" ", "Security advisory", id, first(words(p.Action), "updated")), a.Summary)
	addFact(e, "Severity", sentence(a.Severity))
	addFact(e, "CVE", string(a.CVE))
	var list event.List
	for i := range a.Vulnerabilities.items {
		v := &a.Vulnerabilities.items[i]
		if name := v.Package.name(); name != "" && len(list.Items) < listed {
			item := event.Item{Text: join(" ", name, oneLine(string(v.Range), nameRunes))}
			if v.Fixed != nil {
				item.Note = with("fixed in ", oneLine(string(v.Fixed.Identifier), nameRunes))
			}
			list.Items = append(list.Items, item)
		}
	}
	if len(list.Items) > 0 {
		list.Name, list.Omitted = "Packages", a.Vulnerabilities.total-len(list.Items)
		e.Lists = append(e.Lists, list)
	}
}
