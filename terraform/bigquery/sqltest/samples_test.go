package sqltest

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sigpost/sigpost/pkg/event"
)

// samples are rows of all that the sources' own samples become, each received an
// hour after the one before.
func samples(t *testing.T) map[string]row {
	t.Helper()
	files, err := filepath.Glob("../../../pkg/source/*/testdata/*.event.json")
	if err != nil || len(files) < 50 {
		t.Fatal(len(files), err)
	}
	rows := map[string]row{}
	for _, file := range files {
		var parsed struct{ Events []event.Event }
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(file, "cloudtruth") { // a page of a log, of which each entry is an event
			var page struct {
				Entries []struct{ Event *event.Event }
			}
			if err := json.Unmarshal(data, &page); err != nil {
				t.Fatal(file, err)
			}
			for _, entry := range page.Entries {
				if entry.Event != nil {
					parsed.Events = append(parsed.Events, *entry.Event)
				}
			}
		} else if err := json.Unmarshal(data, &parsed); err != nil {
			t.Fatal(file, err)
		}
		body, err := os.ReadFile(strings.TrimSuffix(file, ".event.json") + ".body")
		if err != nil {
			t.Fatal(err)
		}
		kind := filepath.Base(filepath.Dir(filepath.Dir(file)))
		name := kind + "/" + strings.TrimSuffix(filepath.Base(file), ".event.json")
		for i := range parsed.Events {
			e := &parsed.Events[i]
			e.ID, e.Source, e.Kind, e.Raw = delivery(), kind, kind, body
			if e.Time.IsZero() {
				e.Time = at(float64(len(rows)))
			}
			rows[name] = rowOf(t, e, at(float64(len(rows))), true)
		}
	}
	return rows
}

func pick(t *testing.T, all map[string]row, names ...string) []row {
	t.Helper()
	var rows []row
	for _, name := range names {
		r, ok := all[name]
		if !ok {
			t.Fatalf("there is no sample %s", name)
		}
		rows = append(rows, r)
	}
	return rows
}

func TestViewsReadWhatSourcesProduce(t *testing.T) {
	all := samples(t)
	var rows []row
	for _, r := range all {
		rows = append(rows, r)
	}
	equal(t, read(t, "events_deduplicated", rows, "delivery_id"), read(t, "events_deduplicated", append(rows, rows...), "delivery_id")...)
	for _, view := range []string{"issue_time_to_close", "runs", "run_success_rate", "alert_recovery"} {
		a := readAll(t, view, rows)
		if len(a.Rows) == 0 {
			t.Errorf("%s has no row of all samples", view)
		}
		for _, line := range a.Rows {
			for i, column := range a.Columns {
				switch column.Name {
				case "source", "kind", "repository", "number", "state", "run_id", "name", "day", "subject", "ended_at", "title":
					if line[i] == nil {
						t.Errorf("%s: no %s in %v", view, column.Name, line)
					}
				}
			}
		}
	}
}

func TestIssueSamples(t *testing.T) {
	all := samples(t)
	for _, c := range []struct{ sample, want string }{
		{"github/issues.closed-completed", "acme/api | 1347 | closed | completed | 76"},
		{"github/issues.closed-not-planned", "acme/api | 1347 | closed | not_planned | 76"},
		{"github/issues.reopened", "acme/api | 1347 | open | NULL | NULL"},
		{"github/issues.opened", "acme/api | 1347 | open | NULL | NULL"},
		{"github/issues.opened-deleted-user", "acme/api | 1347 | open | NULL | NULL"},
	} {
		equal(t, read(t, "issue_time_to_close", pick(t, all, c.sample), "repository", "number", "state", "reason", "hours_to_close"), c.want)
	}
	for _, sample := range []string{"github/issue_comment.created", "github/pull_request.merged", "github/pull_request.opened", "github/discussion.created"} {
		equal(t, read(t, "issue_time_to_close", pick(t, all, sample), "number"))
	}
}

func TestRunSamples(t *testing.T) {
	all := samples(t)
	for _, c := range []struct{ sample, want string }{
		{"github/workflow_run.completed-success", "workflow | acme/api | CI | succeeded"},
		{"github/workflow_run.completed-failure", "workflow | acme/api | CI | failed"},
		{"github/workflow_run.completed-cancelled", "workflow | acme/api | CI | cancelled"},
		{"github/deployment_status.failure", "deployment | acme/api | production | failed"},
		{"github/deployment_status.success", "deployment | acme/api | production | succeeded"},
		{"scalr/run-completed", "terraform | blue_green | Research-Development/blue_green | succeeded"},
		{"scalr/run-errored", "terraform | blue_green | Research-Development/blue_green | failed"},
		{"scalr/run-errored.2020", "terraform | blue_green | Research-Development/blue_green | failed"},
		{"scalr/run-errored.sparse", "terraform | blue_green | blue_green | failed"},
	} {
		equal(t, read(t, "runs", pick(t, all, c.sample), "run_type", "place", "name", "outcome"), c.want)
	}
	for _, sample := range []string{
		"github/workflow_run.requested", "github/deployment_status.in_progress", "scalr/run-needs-attention",
		"github/check_run.completed-failure", "github/check_run.completed-success",
	} {
		equal(t, read(t, "runs", pick(t, all, sample), "run_id"))
	}
}

func TestAlertSamples(t *testing.T) {
	all := samples(t)
	for _, sample := range []string{
		"cloudiq/health-issue-change.2022", "certifyclouds/generic.secret-expiring", "certifyclouds/generic.sync-failed",
		"github/workflow_run.completed-failure", "github/deployment_status.failure", "scalr/run-needs-attention", "github/dependabot_alert.created",
	} {
		r := pick(t, all, sample)
		equal(t, read(t, "alert_recovery", r, "subject", "severity", "is_open"), r[0].Subject+" | "+r[0].Severity+" | true")
	}
	pair := pick(t, all, "scalr/run-errored", "scalr/run-completed")
	pair[1].OccurredAt = pair[0].OccurredAt.Add(90 * 60e9)
	equal(t, read(t, "alert_recovery", pair, "subject", "hours_to_recover"), pair[0].Subject+" | 1.5")
	pair = pick(t, all, "github/dependabot_alert.created", "github/dependabot_alert.fixed")
	if pair[0].Subject != pair[1].Subject {
		t.Skipf("the samples are about %s and %s", pair[0].Subject, pair[1].Subject)
	}
	pair[1].OccurredAt = pair[0].OccurredAt.Add(90 * 60e9)
	equal(t, read(t, "alert_recovery", pair, "subject", "hours_to_recover"), pair[0].Subject+" | 1.5")
}
