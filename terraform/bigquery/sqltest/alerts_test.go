package sqltest

import (
	"testing"

	"github.com/sigpost/sigpost/pkg/event"
)

// change is an event of subject "s" that leaves it in a state.
func change(t *testing.T, state event.State, severity event.Severity, hours float64) row {
	t.Helper()
	e := event.Event{
		ID: delivery(), Source: "array", Kind: "cloudiq", Type: "health-issue-change", Key: "s", State: state, Severity: severity,
		Title: string(severity) + " " + stamp(hours), URL: "https://example.com", Place: event.Link{Name: "POWERMAX-7"}, Actor: event.Link{Name: "octocat"}, Time: at(hours),
	}
	return rowOf(t, &e, at(hours+0.01), true)
}

func fails(t *testing.T, hours float64) row {
	t.Helper()
	return change(t, event.StateOpen, event.Error, hours)
}

func warns(t *testing.T, hours float64) row {
	t.Helper()
	return change(t, event.StateOpen, event.Warning, hours)
}

func recovers(t *testing.T, hours float64) row {
	t.Helper()
	return change(t, event.StateResolved, event.Success, hours)
}

func about(subject string, r row) row {
	r.Subject = subject
	return r
}

var alert = []string{"source", "subject", "severity", "started_at", "recovered_at", "hours_to_recover", "is_open", "events"}

func TestAlertIsRepeatedAndRecovers(t *testing.T) {
	rows := []row{fails(t, 1), fails(t, 2), warns(t, 3), change(t, event.StateUpdate, event.Success, 4), change(t, event.StateOpen, event.Info, 4), recovers(t, 5)}
	for _, order := range [][]row{rows, {rows[5], rows[2], rows[0], rows[4], rows[1], rows[3]}} {
		equal(t, read(t, "alert_recovery", order, append(alert, "kind", "type", "place", "title", "url", "recovered_by")...),
			"array | s | error | 2026-03-02T10:00:00Z | 2026-03-02T14:00:00Z | 4 | false | 3 | cloudiq | health-issue-change | POWERMAX-7 | error 2026-03-02T10:00:00Z | https://example.com | octocat")
	}
}

func TestAlertThatGetsWorseKeepsItsBeginning(t *testing.T) {
	equal(t, read(t, "alert_recovery", []row{warns(t, 1), fails(t, 2)}, append(alert, "title", "recovered_by")...),
		"array | s | error | 2026-03-02T10:00:00Z | NULL | NULL | true | 2 | warning 2026-03-02T10:00:00Z | NULL")
	equal(t, read(t, "alert_recovery", []row{warns(t, 1), warns(t, 2)}, alert...), "array | s | warning | 2026-03-02T10:00:00Z | NULL | NULL | true | 2")
}

func TestAlertThatComesBackIsAnother(t *testing.T) {
	rows := []row{recovers(t, 0), fails(t, 1), recovers(t, 2), recovers(t, 3), warns(t, 4), recovers(t, 4.5), recovers(t, 6), fails(t, 7)}
	shuffle(rows)
	equal(t, read(t, "alert_recovery", rows, alert...),
		"array | s | error | 2026-03-02T10:00:00Z | 2026-03-02T11:00:00Z | 1 | false | 1",
		"array | s | warning | 2026-03-02T13:00:00Z | 2026-03-02T13:30:00Z | 0.5 | false | 1",
		"array | s | error | 2026-03-02T16:00:00Z | NULL | NULL | true | 1")
}

// What is received late belongs where it happened.
func TestAlertsOutOfOrder(t *testing.T) {
	late := fails(t, 1).received(at(90))
	equal(t, read(t, "alert_recovery", []row{recovers(t, 2), late}, alert...), "array | s | error | 2026-03-02T10:00:00Z | 2026-03-02T11:00:00Z | 1 | false | 1")
	// Of the same moment, the resolution is the later one.
	equal(t, read(t, "alert_recovery", []row{recovers(t, 1), late}, alert...), "array | s | error | 2026-03-02T10:00:00Z | 2026-03-02T10:00:00Z | 0 | false | 1")
}

func TestRepeatedAlertsCountOnce(t *testing.T) {
	failure, recovery := fails(t, 1), recovers(t, 2)
	rows := []row{failure, failure, recovery, failure.received(at(9)), recovery.received(at(9)), recovery}
	equal(t, read(t, "alert_recovery", rows, alert...), "array | s | error | 2026-03-02T10:00:00Z | 2026-03-02T11:00:00Z | 1 | false | 1")
	other := failure.from("array-2")
	equal(t, read(t, "alert_recovery", []row{failure, other, recovery}, alert...),
		"array | s | error | 2026-03-02T10:00:00Z | 2026-03-02T11:00:00Z | 1 | false | 1",
		"array-2 | s | error | 2026-03-02T10:00:00Z | NULL | NULL | true | 1")
}

func TestSubjectsHaveAlertsOfTheirOwn(t *testing.T) {
	nowhere := fails(t, 1)
	nowhere.Subject = ""
	rows := []row{about("a", fails(t, 1)), about("b", fails(t, 2)), about("a", recovers(t, 3)), nowhere}
	equal(t, read(t, "alert_recovery", rows, alert...),
		"array | a | error | 2026-03-02T10:00:00Z | 2026-03-02T12:00:00Z | 2 | false | 1",
		"array | b | error | 2026-03-02T11:00:00Z | NULL | NULL | true | 1")
}

// An issue or pull request that is opened alerts nobody; a run that fails does,
// until the same workflow succeeds on that branch.
func TestAlertsOfGitHub(t *testing.T) {
	rows := []row{
		issuesRow(t, "opened", 0), issuesRow(t, "closed", 1),
		gitHub(t, "pull_request", object{"action": "opened", "pull_request": object{"number": 9, "title": "Mend it", "created_at": stamp(0), "updated_at": stamp(0)}}),
		workflow(t, 1, 1, "CI", "failure", 1), workflow(t, 2, 1, "CI", "cancelled", 2), workflow(t, 3, 1, "CI", "failure", 3),
		workflow(t, 4, 1, "CI", "success", 3.5, set("head_branch", "feature")), workflow(t, 5, 1, "CI", "success", 5),
	}
	equal(t, read(t, "alert_recovery", rows, alert...), "github | acme/api@workflow/CI/main | error | 2026-03-02T10:00:00Z | 2026-03-02T14:00:00Z | 4 | false | 2")
	// Without payloads it is the same: none is read.
	for i := range rows {
		rows[i] = rows[i].withoutPayload()
	}
	equal(t, read(t, "alert_recovery", rows, "hours_to_recover"), "4")
}

func TestAlertsOfScalr(t *testing.T) {
	rows := []row{
		scalrRun(t, "run:needs_attention", "run-1", "production", 0, 1, "policy_checked"),
		scalrRun(t, "run:errored", "run-1", "production", 0, 2, "errored"),
		scalrRun(t, "run:completed", "run-2", "production", 2, 3, "applied"),
		scalrRun(t, "run:errored", "run-3", "staging", 2, 3, "errored"),
	}
	equal(t, read(t, "alert_recovery", rows, alert...),
		"scalr | ws-production-network | error | 2026-03-02T10:00:00Z | 2026-03-02T12:00:00Z | 2 | false | 2",
		"scalr | ws-staging-network | error | 2026-03-02T12:00:00Z | NULL | NULL | true | 1")
}
