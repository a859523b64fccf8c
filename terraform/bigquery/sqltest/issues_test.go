package sqltest

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// issue is a payload of GitHub about issue 7, which was created at 0.
func issue(action string, hours float64, change ...func(object)) object {
	i := object{
		"number": 7, "title": "Crash on empty config", "html_url": "https://github.com/acme/api/issues/7",
		"user": object{"login": "author"}, "state": "open", "state_reason": nil,
		"labels":     []any{object{"name": "bug"}, object{"name": "p1"}},
		"created_at": stamp(0), "updated_at": stamp(hours), "closed_at": nil,
	}
	if action == "closed" {
		i["state"], i["state_reason"], i["closed_at"] = "closed", "completed", stamp(hours)
	}
	for _, c := range change {
		c(i)
	}
	return object{"action": action, "issue": i}
}

func set(key string, value any) func(object) { return func(o object) { o[key] = value } }

func in(name string, payload object) object {
	payload["repository"] = repository(name)
	return payload
}

func issuesRow(t *testing.T, action string, hours float64, change ...func(object)) row {
	t.Helper()
	return gitHub(t, "issues", issue(action, hours, change...))
}

var verdict = []string{"repository", "number", "state", "closed_at", "hours_to_close", "times_closed", "times_reopened"}

func TestClosedIssue(t *testing.T) {
	rows := []row{
		issuesRow(t, "opened", 0),
		issuesRow(t, "labeled", 0.1),
		issuesRow(t, "closed", 26.5, set("title", "Crash on any config"), set("state_reason", "not_planned")),
		issuesRow(t, "labeled", 30, set("title", "not the title"), set("state", "closed"), set("closed_at", stamp(26.5))),
	}
	equal(t, read(t, "issue_time_to_close", rows, "source", "repository", "number", "title", "url", "state", "created_at", "closed_at", "hours_to_close", "reason", "author", "closed_by", "labels"),
		`github | acme/api | 7 | Crash on any config | https://github.com/acme/api/issues/7 | closed | 2026-03-02T09:00:00Z | 2026-03-03T11:30:00Z | 26.5 | not_planned | author | octocat | ["bug","p1"]`)
}

func TestOpenIssueIsListedWithoutAnEnd(t *testing.T) {
	equal(t, read(t, "issue_time_to_close", []row{issuesRow(t, "opened", 0)}, append(verdict, "reason", "closed_by")...),
		"acme/api | 7 | open | NULL | NULL | 0 | 0 | NULL | NULL")
}

// A reopened issue may still carry closed_at and the reason of its closing.
func TestReopenedIssueHasNoTimeToClose(t *testing.T) {
	trap := []func(object){set("closed_at", stamp(5)), set("state_reason", "reopened"), set("state", "open")}
	opened, closed, reopened := issuesRow(t, "opened", 0), issuesRow(t, "closed", 5), issuesRow(t, "reopened", 6, trap...)
	for _, rows := range permutations([]row{opened, closed, reopened}) {
		equal(t, read(t, "issue_time_to_close", rows, append(verdict, "reason", "closed_by")...), "acme/api | 7 | open | NULL | NULL | 1 | 1 | NULL | NULL")
	}
	again := issuesRow(t, "closed", 48)
	equal(t, read(t, "issue_time_to_close", []row{again, reopened, closed, opened}, verdict...), "acme/api | 7 | closed | 2026-03-04T09:00:00Z | 48 | 2 | 1")
}

// What counts is when it happened, not when it was received.
func TestIssueEventsOutOfOrder(t *testing.T) {
	opened, closed, reopened, again := issuesRow(t, "opened", 0), issuesRow(t, "closed", 5), issuesRow(t, "reopened", 6), issuesRow(t, "closed", 8)
	rows := []row{opened.received(at(100)), closed.received(at(99)), reopened.received(at(97)), again.received(at(96))}
	equal(t, read(t, "issue_time_to_close", rows, verdict...), "acme/api | 7 | closed | 2026-03-02T17:00:00Z | 8 | 2 | 1")
	equal(t, read(t, "issue_time_to_close", rows[:3], verdict...), "acme/api | 7 | open | NULL | NULL | 1 | 1")
}

// Closed and reopened within a second: what came first came first, even if the
// sender repeats it later.
func TestRepeatedDeliveryChangesNothing(t *testing.T) {
	closed, reopened := issuesRow(t, "closed", 5), issuesRow(t, "reopened", 5)
	closed, reopened = closed.received(at(5.1)), reopened.received(at(5.2))
	rows := []row{issuesRow(t, "opened", 0), closed, reopened, closed.received(at(50)), closed, reopened}
	equal(t, read(t, "issue_time_to_close", rows, verdict...), "acme/api | 7 | open | NULL | NULL | 1 | 1")
}

// Opened and closed within the same second, and received the other way round.
func TestOpeningIsNeverTheLast(t *testing.T) {
	rows := []row{issuesRow(t, "closed", 0).received(at(0.1)), issuesRow(t, "opened", 0).received(at(0.2))}
	equal(t, read(t, "issue_time_to_close", rows, verdict...), "acme/api | 7 | closed | 2026-03-02T09:00:00Z | 0 | 1 | 0")
}

func TestIssueThatIsGoneWasNotClosed(t *testing.T) {
	for _, action := range []string{"deleted", "transferred"} {
		rows := []row{
			issuesRow(t, "opened", 0),
			issuesRow(t, "closed", 5),
			// What is deleted keeps the time of its last change.
			issuesRow(t, action, 4, set("state", "closed"), set("closed_at", stamp(5)), set("state_reason", "completed")),
		}
		equal(t, read(t, "issue_time_to_close", rows, append(verdict, "reason")...), "acme/api | 7 | "+action+" | NULL | NULL | 1 | 0 | NULL")
	}
}

func TestPullRequestsAreNoIssues(t *testing.T) {
	pull := func(o object) { o["pull_request"] = object{"html_url": "https://github.com/acme/api/pull/7"} }
	rows := []row{
		issuesRow(t, "opened", 0, pull),
		issuesRow(t, "closed", 5, pull),
		gitHub(t, "pull_request", object{"action": "closed", "pull_request": object{"number": 7, "title": "Mend it", "merged": true, "closed_at": stamp(5), "created_at": stamp(0)}}),
		gitHub(t, "issue_comment", object{"action": "created", "issue": issue("opened", 0, pull)["issue"], "comment": object{"body": "x", "updated_at": stamp(1)}}),
		gitHub(t, "issue_comment", object{"action": "created", "issue": issue("opened", 0)["issue"], "comment": object{"body": "x", "updated_at": stamp(1)}}),
	}
	equal(t, read(t, "issue_time_to_close", rows, verdict...))
	// Nor are things of other senders that call themselves so.
	other := issuesRow(t, "closed", 5)
	other.Kind = "webhook"
	equal(t, read(t, "issue_time_to_close", []row{other}, verdict...))
	// GitHub writes null where there is none.
	rows = []row{issuesRow(t, "closed", 5, set("pull_request", nil))}
	equal(t, read(t, "issue_time_to_close", rows, verdict...), "acme/api | 7 | closed | 2026-03-02T14:00:00Z | 5 | 1 | 0")
}

func TestNumbersOfDifferentRepositoriesAndSources(t *testing.T) {
	web := func(action string, hours float64) row {
		return gitHub(t, "issues", in("acme/web", issue(action, hours)))
	}
	rows := []row{
		issuesRow(t, "closed", 5), web("opened", 0), web("closed", 7), web("reopened", 8),
		issuesRow(t, "closed", 9).from("github-eu"),
		issuesRow(t, "closed", 3, set("number", 8)),
	}
	equal(t, read(t, "issue_time_to_close", rows, append([]string{"source"}, verdict...)...),
		"github | acme/api | 7 | closed | 2026-03-02T14:00:00Z | 5 | 1 | 0",
		"github | acme/api | 8 | closed | 2026-03-02T12:00:00Z | 3 | 1 | 0",
		"github | acme/web | 7 | open | NULL | NULL | 1 | 1",
		"github-eu | acme/api | 7 | closed | 2026-03-02T18:00:00Z | 9 | 1 | 0")
	// The same ids of deliveries at two sources are two deliveries.
	one, two := issuesRow(t, "closed", 5), issuesRow(t, "closed", 6).from("github-eu")
	two.DeliveryID = one.DeliveryID
	equal(t, read(t, "issue_time_to_close", []row{two, one}, "source", "hours_to_close"), "github | 5", "github-eu | 6")
}

func TestIssuesWithoutPayload(t *testing.T) {
	opened, closed := issuesRow(t, "opened", 0).withoutPayload(), issuesRow(t, "closed", 5).withoutPayload()
	columns := append(verdict, "title", "created_at", "author", "labels")
	equal(t, read(t, "issue_time_to_close", []row{opened, closed}, columns...),
		"acme/api | 7 | closed | 2026-03-02T14:00:00Z | 5 | 1 | 0 | Issue #7 closed: Crash on empty config | 2026-03-02T09:00:00Z | NULL | []")
	// Its beginning is not here.
	equal(t, read(t, "issue_time_to_close", []row{closed}, columns...),
		"acme/api | 7 | closed | 2026-03-02T14:00:00Z | NULL | 1 | 0 | Issue #7 closed: Crash on empty config | NULL | NULL | []")
	// The payload of any event tells it.
	equal(t, read(t, "issue_time_to_close", []row{closed, issuesRow(t, "reopened", 3)}, "created_at", "hours_to_close", "author"),
		"2026-03-02T09:00:00Z | 5 | author")
}

func TestCutAndOddPayloads(t *testing.T) {
	cut := true
	short := issuesRow(t, "closed", 5)
	short.Payload, short.PayloadCut = `{"action":"closed","issue":{"number":7,"title":"Crash on…","created_at":"`+stamp(0)+`","closed_at":"`+stamp(5)+`","labels":[{"name":"bug"}]}}`, &cut
	equal(t, read(t, "issue_time_to_close", []row{short}, append(verdict, "title", "author", "labels")...),
		`acme/api | 7 | closed | 2026-03-02T14:00:00Z | 5 | 1 | 0 | Crash on… | NULL | ["bug"]`)
	for _, payload := range []string{
		`null`, `{}`, `[]`, `"issue"`, `7`, `{"issue":null}`, `{"issue":"x"}`, `{"issue":[1]}`,
		`{"issue":{"created_at":null,"closed_at":{},"labels":null,"title":null,"user":null,"pull_request":null}}`,
		`{"issue":{"created_at":"soon","closed_at":"0","labels":"x","title":{},"user":[],"state_reason":7}}`,
		`{"issue":{"labels":[null,7,"x",{},{"name":null},{"name":{}}]}}`,
	} {
		odd := issuesRow(t, "closed", 5)
		odd.Payload = payload
		equal(t, read(t, "issue_time_to_close", []row{odd}, append(verdict, "title", "labels")...),
			"acme/api | 7 | closed | 2026-03-02T14:00:00Z | NULL | 1 | 0 | Issue #7 closed: Crash on empty config | []")
	}
}

// A payload that is too large for a row is cut by the sink, but not these parts.
func TestHugePayloadIsCutElsewhere(t *testing.T) {
	var labels []any
	for i := range 5000 {
		labels = append(labels, object{"name": fmt.Sprint("label ", i), "description": strings.Repeat("é\U0001F469\u200d\U0001F680", 40)})
	}
	closed := issuesRow(t, "closed", 26.5, set("body", strings.Repeat("long \"text\" \u202e", 1_000_000)), set("labels", labels))
	if closed.PayloadCut == nil || !*closed.PayloadCut || len(closed.Payload) > 9_000_000 || closed.PayloadBytes < 15_000_000 {
		t.Fatalf("%d of %d bytes are kept", len(closed.Payload), closed.PayloadBytes)
	}
	equal(t, read(t, "issue_time_to_close", []row{closed}, append(verdict, "title", "reason", "author")...),
		"acme/api | 7 | closed | 2026-03-03T11:30:00Z | 26.5 | 1 | 0 | Crash on empty config | completed | author")
}

// A repository that GitHub didn't name leaves nothing to know an issue by.
func TestIssueWithoutSubject(t *testing.T) {
	r := issuesRow(t, "closed", 5)
	r.Subject = ""
	equal(t, read(t, "issue_time_to_close", []row{r}, verdict...))
	r = issuesRow(t, "closed", 5)
	r.OccurredAt = time.Time{}
	r.ReceivedAt = at(6)
	equal(t, read(t, "issue_time_to_close", []row{r.withoutPayload()}, "state", "closed_at"), "closed | 2026-03-02T15:00:00Z")
}
