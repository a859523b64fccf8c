package certifyclouds

import (
	"cmp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/source"
)

// Parse reads a payload of any of the three shapes; each attachment of the
// Slack shape is an event of its own.
func (s *Source) Parse(r *source.Request) (source.Parsed, error) {
	if err := source.CheckJSON(r.Header.Get("Content-Type")); err != nil {
		return source.Parsed{}, err
	}
	var w wire
	if err := source.Decode(r.Body, &w); err != nil {
		return source.Parsed{}, err
	}
	notices := w.notices()
	if len(notices) == 0 {
		return source.Parsed{}, source.Malformed("body has neither title nor text in any of the three shapes")
	}
	p := source.Parsed{Events: make([]event.Event, len(notices))}
	for i := range notices {
		n := &notices[i]
		now := n.time
		if now.IsZero() {
			now = r.Received
		}
		p.Events[i] = convertNotice(n, now)
	}
	return p, nil
}

func convertNotice(n *notice, now time.Time) event.Event {
	severity, known := severityOf(n.color)
	alert := infer(n.title, n.text, severity)
	if !known {
		severity = defaultSeverity(alert)
	}
	e := event.Event{
		Type:     alert,
		Severity: severity,
		State:    stateOf(alert),
		Key:      subject(alert, n.fields),
		Quiet:    alert == rotationSuccess || alert == syncSuccess,
		Place:    event.Link{Name: cmp.Or(value(n.fields, vaultNames...), value(n.fields, appNames...))},
		Time:     n.time,
		Original: &event.Original{Title: n.title, Text: n.text, Fields: n.fields},
	}
	e.Title, e.Text.Body = headline(n)
	if alert == rotationSuccess {
		if date := value(n.fields, expiryNames...); date != "" && !strings.Contains(e.Title, date) {
			e.Title += ", new expiry " + withRelative(date, now)
		}
	}
	convertFacts(n, now, &e)
	return e
}

// convertFacts makes a list of each field that dates several things, the soonest
// first, and a fact of each other one that isn't the place.
func convertFacts(n *notice, now time.Time, e *event.Event) {
	var soonest []string
	for _, f := range n.fields {
		name, text := line(f.Name), line(f.Value)
		if text == "" || text == e.Place.Name && isOne(name, vaultNames, appNames) {
			continue
		}
		if items, date := expiries(text, now); items != nil {
			at, _ := slices.BinarySearch(soonest, date+"\xff") // after those of the same day
			soonest = slices.Insert(soonest, at, date)
			e.Lists = slices.Insert(e.Lists, at, event.List{Name: name, Items: items})
			continue
		}
		if isOne(name, expiryNames) {
			text = withRelative(text, now)
		}
		short := f.Short || utf8.RuneCountInString(text) <= maxShort
		e.Fields = append(e.Fields, event.Field{Name: cmp.Or(name, "Detail"), Value: text, Short: short})
	}
}

// The names of fields that say where, whose and until when.
var (
	vaultNames  = []string{"vault", "key vault", "vault name"}
	appNames    = []string{"application", "app", "app name", "application name"}
	expiryNames = []string{"new expiry", "new expiry date", "new expiration", "expiry", "expiry date", "expires", "expires on", "expiration", "expiration date"}
)

func isOne(name string, lists ...[]string) bool {
	for _, names := range lists {
		if slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, name) }) {
			return true
		}
	}
	return false
}

const (
	// maxShort is how many characters a value has at most that may share a line.
	maxShort = 40
	// maxHeadline is how many characters a message has at most that can be the
	// headline.
	maxHeadline = 150
)

var (
	expiring = lazy(`^(?:Found )?(\d+) (secret|certificate|key)s? (?:is |are )?(?:expiring|expires?) (?:with)?in (\d+) days?\.?$`)
	expired  = lazy(`^(?:Found )?(\d+) (?:expired (secret|certificate|key)s?|(secret|certificate|key)s? (?:has |have |is |are )?expired)\.?$`)
	rotated  = lazy(`^Successfully rotated (?:the )?(secret|certificate|key|credential) (?:for |of )?(\S+?)\.?$`)
)

// headline is the notice in one line, and what is left to say.
func headline(n *notice) (title, body string) {
	title, text := line(n.title), line(n.text)
	if m := expiring().FindStringSubmatch(text); m != nil {
		verb := "s expire"
		if m[1] == "1" {
			verb = " expires"
		}
		return m[1] + " " + m[2] + verb + " within " + m[3] + plural(m[3], " day"), ""
	}
	if m := expired().FindStringSubmatch(text); m != nil {
		return m[1] + plural(m[1], " "+m[2]+m[3]) + " expired", ""
	}
	if m := rotated().FindStringSubmatch(text); m != nil {
		return strings.ToUpper(m[1][:1]) + m[1][1:] + " " + m[2] + " rotated", ""
	}
	title = sentenceCase(title)
	oneLine := !strings.Contains(strings.TrimSpace(n.text), "\n")
	switch {
	case strings.EqualFold(text, title):
		return title, ""
	case text != "" && (title == "" || oneLine && utf8.RuneCountInString(text) <= maxHeadline):
		if title == "" && (!oneLine || utf8.RuneCountInString(text) > maxHeadline) {
			return Product + " notice", strings.TrimSpace(n.text)
		}
		return strings.TrimSuffix(text, "."), ""
	}
	return title, strings.TrimSpace(n.text)
}

func plural(n, noun string) string {
	if n == "1" {
		return noun
	}
	return noun + "s"
}

// subject is the key of what an alert is about: an application's or a vault's
// secret, a vault, or a sync. It is empty if the fields don't say, and each
// sort has its prefix, so that one alert never ends another's subject.
func subject(alert string, fields []event.Field) string {
	vault := value(fields, vaultNames...)
	switch alert {
	case secretExpiring, secretExpired, b2cExpiring, rotationSuccess, rotationFailed:
		owner := cmp.Or(value(fields, appNames...), vault)
		name := value(fields, "secret", "secret name", "secrets", "items", "item")
		if owner == "" && len(fields) == 1 {
			if items, _ := expiries(line(fields[0].Value), time.Time{}); items != nil {
				owner = line(fields[0].Name)
			}
		}
		if name == "" || strings.Contains(name, ",") {
			return prefixed("secrets:", owner)
		}
		name, _, _ = strings.Cut(name, " (")
		return prefixed("secrets:", strings.TrimPrefix(owner+"/"+name, "/"))
	case vaultError:
		return prefixed("vault:", vault)
	case syncSuccess, syncFailed, syncConflict:
		from, to := value(fields, "source", "source vault", "from"), value(fields, "target", "destination", "target vault", "to")
		if from != "" && to != "" {
			return "sync:" + from + "/" + to
		}
		return prefixed("sync:", cmp.Or(value(fields, "sync", "sync name", "sync job"), vault, from, to, value(fields, "secret")))
	}
	return ""
}

func prefixed(prefix, s string) string {
	if s == "" {
		return ""
	}
	return prefix + s
}

// value is the value of the first field that has one of the names.
func value(fields []event.Field, names ...string) string {
	for _, name := range names {
		for _, f := range fields {
			if strings.EqualFold(line(f.Name), name) && line(f.Value) != "" {
				return line(f.Value)
			}
		}
	}
	return ""
}
