package certifyclouds

import (
	"strings"

	"github.com/sigpost/sigpost/pkg/event"
)

// The alert types of CertifyClouds' webhook reference, and one for a notice
// that fits none of them.
const (
	scanCompleted      = "scan_completed"
	secretExpiring     = "secret_expiring"
	secretExpired      = "secret_expired"
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
	case secretExpiring, syncConflict:
		return event.Warning
	case scanCompleted, rotationSuccess, discoveryCompleted, syncSuccess:
		return event.Success
	}
	return event.Info
}

// infer is the alert type by the title, or by the text if the title says
// nothing; the colour decides where words don't.
func infer(title, text string, color event.Severity) string {
	if alert := inferWords(strings.ToLower(title), color); alert != unknownAlert {
		return alert
	}
	return inferWords(strings.ToLower(text), color)
}

func inferWords(s string, color event.Severity) string {
	failed := has(s, "fail", "error", "unable", "denied", "unreachable", "cannot", "could not")
	done := has(s, "success", "complet", "succeeded", "rotated", "synced", "finished")
	bad := failed || !done && color == event.Error
	switch {
	case has(s, "sync"):
		return inferSync(s, bad, color)
	case has(s, "rotat") && (failed || done || !has(s, "expir")):
		return inferRotation(bad)
	case has(s, "expir"):
		return inferExpiry(s)
	case has(s, "vault") && bad:
		return vaultError
	case has(s, "scan") && !bad:
		return scanCompleted
	case has(s, "discover") && !bad:
		return discoveryCompleted
	}
	return unknownAlert
}

func inferRotation(bad bool) string {
	if bad {
		return rotationFailed
	}
	return rotationSuccess
}

func inferExpiry(s string) string {
	if has(s, "expired") {
		return secretExpired
	}
	return secretExpiring
}

func inferSync(s string, bad bool, color event.Severity) string {
	switch {
	case has(s, "conflict"):
		return syncConflict
	case bad:
		return syncFailed
	case color == event.Warning:
		return syncConflict
	}
	return syncSuccess
}

func has(s string, words ...string) bool {
	for _, w := range words {
		if strings.Contains(s, w) {
			return true
		}
	}
	return false
}

// stateOf is where an alert leaves its subject. Scans and discoveries have none.
func stateOf(alert string) event.State {
	switch alert {
	case secretExpiring, secretExpired, vaultError, rotationFailed, syncFailed, syncConflict:
		return event.StateOpen
	case rotationSuccess, syncSuccess:
		return event.StateResolved
	}
	return event.StateNone
}
