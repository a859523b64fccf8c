package certifyclouds

import (
	"slices"
	"strings"
	"unicode"

	"github.com/sigpost/sigpost/pkg/event"
)

// The alert types of CertifyClouds' webhook reference and list of alerts, and
// one for a notice that fits none of them. An alert for certificates or keys is
// secret_expiring and secret_expired too, as in the later list.
// https://certifyclouds-docs.pages.dev/features/alerts/
const (
	scanCompleted      = "scan_completed"
	secretExpiring     = "secret_expiring"
	secretExpired      = "secret_expired"
	b2cExpiring        = "b2c_credentials_expiring"
	vaultError         = "vault_error"
	rotationSuccess    = "rotation_success"
	rotationFailed     = "rotation_failed"
	discoveryCompleted = "discovery_completed"
	syncSuccess        = "sync_success"
	syncFailed         = "sync_failed"
	syncConflict       = "sync_conflict"
	unknownAlert       = "notification"
)

// severityOf reads a colour of the reference's table, with or without "#", or
// one of Slack's three words.
func severityOf(color string) (event.Severity, bool) {
	color = strings.TrimPrefix(strings.TrimSpace(color), "#")
	for _, s := range event.Severities {
		if strings.EqualFold(color, strings.TrimPrefix(s.Color(), "#")) {
			return s, true
		}
	}
	switch strings.ToLower(color) {
	case "danger":
		return event.Error, true
	case "warning":
		return event.Warning, true
	case "good":
		return event.Success, true
	}
	return "", false
}

// defaultSeverity is for a colour that is not in the table.
func defaultSeverity(alert string) event.Severity {
	switch alert {
	case secretExpired, vaultError, rotationFailed, syncFailed:
		return event.Error
	case secretExpiring, b2cExpiring, syncConflict:
		return event.Warning
	case scanCompleted, rotationSuccess, discoveryCompleted, syncSuccess:
		return event.Success
	}
	return event.Info
}

// stateOf is where an alert leaves its subject. Scans and discoveries have none.
func stateOf(alert string) event.State {
	switch alert {
	case secretExpiring, secretExpired, b2cExpiring, vaultError, rotationFailed, syncFailed, syncConflict:
		return event.StateOpen
	case rotationSuccess, syncSuccess:
		return event.StateResolved
	}
	return event.StateNone
}

// infer is the alert type of a notice. The reference shows the titles of three
// types only, so what counts is which words begin how: what it is about by the
// title, or the text if the title doesn't say, and how it went by either, or the
// colour if they don't say.
func infer(title, text string, color event.Severity) string {
	t, x := wordsOf(title), wordsOf(text)
	if alert := inferWords(t, x, color); alert != unknownAlert {
		return alert
	}
	return inferWords(x, nil, color)
}

// inferWords reads the topic in about, and the outcome in about or more.
func inferWords(about, more words, color event.Severity) string {
	how := outcomeOf(about, more, color)
	switch {
	case about.has("conflict"):
		return syncConflict
	case about.has("sync", "replicat", "resync"):
		return inferSync(how, color)
	case about.has("rotat", "renew", "autorotat") && (how.said || !about.has("expir")):
		return pick(how, rotationSuccess, rotationFailed)
	case about.has("expir"):
		return inferExpiry(about, more, color)
	}
	return inferScan(about, how)
}

// inferScan tells a scan of vaults, also called a discovery scan, and one of app
// registrations, called a discovery, from a vault that can't be read.
func inferScan(about words, how outcome) string {
	switch {
	case about.has("vault", "keyvault") && how.bad:
		return vaultError
	case how.bad, how.pending:
		return unknownAlert
	case about.has("scan") && !about.has("app", "registration"):
		return scanCompleted
	case about.has("discover"):
		return discoveryCompleted
	}
	return unknownAlert
}

func inferSync(how outcome, color event.Severity) string {
	if !how.said && color == event.Warning {
		return syncConflict
	}
	return pick(how, syncSuccess, syncFailed)
}

func inferExpiry(about, more words, color event.Severity) string {
	switch {
	case color == event.Success: // nothing expires
		return unknownAlert
	case about.has("b2c"), more.has("b2c"):
		return b2cExpiring
	case about.has("expired"):
		return secretExpired
	}
	return secretExpiring
}

func pick(how outcome, good, bad string) string {
	switch {
	case how.bad:
		return bad
	case how.pending:
		return unknownAlert
	}
	return good
}

// outcome is how something went: badly, not yet, or well if it is neither.
type outcome struct {
	bad, pending bool
	said         bool // in words, not only by the colour
}

func outcomeOf(about, more words, color event.Severity) outcome {
	for i, w := range []words{about, more} {
		failed := w.has("fail", "error", "unable", "denied", "unreachable", "cannot", "couldn", "unavailable", "forbidden", "unauthor", "timeout", "timed", "reject", "abort", "unsuccessful") || w.pair("could", "not") || w.pair("not", "accessible")
		done := w.has("success", "succeed", "complet", "rotated", "renewed", "synced", "synchronized", "synchronised", "replicated", "finish", "done")
		switch {
		case failed:
			return outcome{bad: true, said: true}
		case done && i == 0 && color == event.Error && outcomeOf(more, nil, "").bad:
			return outcome{bad: true, said: true}
		case done:
			return outcome{said: true}
		case w.has("due", "schedul", "pending", "upcoming", "requir", "start", "begin", "progress", "running", "queued"):
			return outcome{pending: true}
		}
	}
	return outcome{bad: color == event.Error, pending: color == event.Warning}
}

// words are a text's words in lower case.
type words []string

// wordsOf splits at everything but letters and digits, and leaves out failures
// that didn't happen: "without errors", "0 failed".
func wordsOf(s string) words {
	all := strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	kept := make(words, 0, len(all))
	for i, w := range all {
		if i > 0 && slices.Contains([]string{"no", "0", "zero", "without"}, all[i-1]) && (words{w}).has("error", "fail", "conflict", "expir") {
			continue
		}
		kept = append(kept, w)
	}
	return kept
}

// has tells whether a word begins with one of the given beginnings.
func (w words) has(beginnings ...string) bool {
	return slices.ContainsFunc(w, func(word string) bool {
		return slices.ContainsFunc(beginnings, func(b string) bool { return strings.HasPrefix(word, b) })
	})
}

// pair tells whether the two words follow each other.
func (w words) pair(a, b string) bool {
	for i := 1; i < len(w); i++ {
		if w[i-1] == a && w[i] == b {
			return true
		}
	}
	return false
}
