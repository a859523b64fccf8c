package sqltest

import (
	"testing"
)

// workflow is a workflow run that GitHub says has completed.
func workflow(t *testing.T, id, attempt int, name, conclusion string, ended float64, change ...func(object)) row {
	t.Helper()
	run := object{
		"id": id, "run_attempt": attempt, "name": name, "conclusion": conclusion, "status": "completed", "head_branch": "main",
		"html_url": "https://github.com/acme/api/actions/runs/" + text(float64(id)), "run_started_at": stamp(ended - 0.25), "updated_at": stamp(ended),
	}
	for _, c := range change {
		c(run)
	}
	return gitHub(t, "workflow_run", object{"action": "completed", "workflow_run": run})
}

func deploy(t *testing.T, id int, environment, state string, ended float64) row {
	t.Helper()
	return gitHub(t, "deployment_status", object{
		"action":            "created",
		"deployment":        object{"id": id, "environment": environment, "ref": "v1.2", "created_at": stamp(ended - 1)},
		"deployment_status": object{"state": state, "environment": environment, "environment_url": "https://example.com", "updated_at": stamp(ended)},
	})
}

var (
	oneRun = []string{"run_type", "run_id", "attempt", "name", "branch", "outcome", "conclusion", "ended_at", "seconds"}
	rate   = []string{"day", "run_type", "place", "name", "ended", "succeeded", "failed", "cancelled", "other", "success_rate"}
)

func TestRateOfWorkflowRuns(t *testing.T) {
	var rows []row
	for i, conclusion := range []string{"success", "success", "failure", "timed_out", "startup_failure", "cancelled", "cancelled", "skipped", "neutral", "stale", "action_required"} {
		rows = append(rows, workflow(t, 100+i, 1, "CI", conclusion, 1))
	}
	rows = append(
		rows,
		workflow(t, 200, 1, "CI", "success", 24), // the next day
		workflow(t, 203, 1, "CI", "failure", 25, set("head_branch", "feature")),
		workflow(t, 201, 1, "Lint", "cancelled", 1),
		workflow(t, 202, 1, "Lint / go", "failure", 14.99),
		gitHub(t, "workflow_run", object{"action": "requested", "workflow_run": object{"id": 7, "name": "CI", "updated_at": stamp(1)}}),
		gitHub(t, "check_run", object{"action": "completed", "check_run": object{"id": 8, "name": "CI", "conclusion": "failure", "completed_at": stamp(1)}}),
		gitHub(t, "check_suite", object{"action": "completed", "check_suite": object{"id": 9, "conclusion": "failure"}}),
	)
	shuffle(rows)
	equal(t, read(t, "run_success_rate", rows, rate...),
		"2026-03-02 | workflow | acme/api | CI | 11 | 2 | 3 | 2 | 4 | 0.4",
		"2026-03-02 | workflow | acme/api | Lint | 1 | 0 | 0 | 1 | 0 | NULL",
		"2026-03-02 | workflow | acme/api | Lint / go | 1 | 0 | 1 | 0 | 0 | 0",
		"2026-03-03 | workflow | acme/api | CI | 2 | 1 | 1 | 0 | 0 | 0.5")
}

// Ids of different sorts of runs have nothing to do with each other.
func TestRunAndDeploymentOfTheSameNumber(t *testing.T) {
	equal(t, read(t, "runs", []row{workflow(t, 7, 1, "CI", "failure", 1), deploy(t, 7, "production", "success", 2)}, "run_type", "run_id", "outcome"),
		"workflow | 7 | failed", "deployment | 7 | succeeded")
	// Two deployments may lead to the same run: it is not their address.
	one, two := deploy(t, 1, "staging", "failure", 1).withoutPayload(), deploy(t, 2, "production", "failure", 2).withoutPayload()
	one.URL, two.URL = "https://github.com/acme/api/actions/runs/7/job/1", "https://github.com/acme/api/actions/runs/7/job/2"
	equal(t, read(t, "runs", []row{one, two}, "name", "outcome"), "staging | failed", "production | failed")
}

// A run that was started anew counts once, by its last attempt, on that day.
func TestAttemptsAreOneRun(t *testing.T) {
	first, second, third := workflow(t, 7, 1, "CI", "failure", 1), workflow(t, 7, 2, "CI", "cancelled", 2), workflow(t, 7, 3, "CI", "success", 25)
	for _, rows := range permutations([]row{first, second.received(at(90)), third}) {
		equal(t, read(t, "runs", rows, oneRun...), "workflow | 7 | 3 | CI | main | succeeded | success | 2026-03-03T10:00:00Z | 900")
		equal(t, read(t, "run_success_rate", rows, rate...), "2026-03-03 | workflow | acme/api | CI | 1 | 1 | 0 | 0 | 0 | 1")
	}
	// Where the clocks say nothing, the attempt does.
	late, early := workflow(t, 8, 2, "CI", "success", 1), workflow(t, 8, 1, "CI", "failure", 1).received(at(50))
	equal(t, read(t, "runs", []row{late, early}, "attempt", "outcome"), "2 | succeeded")
}

func TestRepeatedRunsCountOnce(t *testing.T) {
	ok := workflow(t, 7, 1, "CI", "success", 1)
	apply := scalrRun(t, "run:completed", "run-1", "production", 0, 1, "applied")
	roll := deploy(t, 5, "production", "success", 1)
	rows := []row{ok, ok, ok.received(at(9)), apply, apply.received(at(9)), roll, roll.received(at(9))}
	equal(t, read(t, "run_success_rate", rows, "source", "run_type", "ended"), "github | workflow | 1", "github | deployment | 1", "scalr | terraform | 1")
	// Another source's run with the same id and delivery is another run.
	equal(t, read(t, "run_success_rate", []row{ok, ok.from("github-eu")}, "source", "ended"), "github | 1", "github-eu | 1")
}

func TestScalrRuns(t *testing.T) {
	rows := []row{
		scalrRun(t, "run:needs_attention", "run-1", "production", 0, 1, "policy_checked"),
		scalrRun(t, "run:completed", "run-1", "production", 0, 2, "applied"),
		scalrRun(t, "run:errored", "run-2", "production", 2, 3, "errored"),
		scalrRun(t, "run:completed", "run-3", "staging", 2, 3, "planned_and_finished"),
		scalrRun(t, "run:completed", "run-4", "staging", 2, 3, "discarded"),
		scalrRun(t, "run:needs_attention", "run-5", "staging", 2, 3, "policy_checked"),
	}
	equal(t, read(t, "run_success_rate", rows, rate...),
		"2026-03-02 | terraform | network | production/network | 2 | 1 | 1 | 0 | 0 | 0.5",
		"2026-03-02 | terraform | network | staging/network | 2 | 1 | 0 | 1 | 0 | 1")
	equal(t, read(t, "runs", rows[:3], oneRun...),
		"terraform | run-1 | 1 | production/network | NULL | succeeded | applied | 2026-03-02T11:00:00Z | 7200",
		"terraform | run-2 | 1 | production/network | NULL | failed | errored | 2026-03-02T12:00:00Z | 3600")
}

// A deployment's last end counts; queued, in progress and inactive are none.
func TestDeployments(t *testing.T) {
	rows := []row{
		deploy(t, 1, "production", "queued", 0), deploy(t, 1, "production", "in_progress", 1), deploy(t, 1, "production", "success", 2), deploy(t, 1, "production", "inactive", 9),
		deploy(t, 2, "production", "in_progress", 3), deploy(t, 2, "production", "failure", 4), deploy(t, 2, "production", "error", 5),
		deploy(t, 3, "staging", "success", 4), deploy(t, 3, "staging", "failure", 5),
		deploy(t, 4, "staging", "pending", 4),
	}
	shuffle(rows)
	equal(t, read(t, "runs", rows, oneRun...),
		"deployment | 1 | 1 | production | v1.2 | succeeded | success | 2026-03-02T11:00:00Z | 3600",
		"deployment | 2 | 1 | production | v1.2 | failed | error | 2026-03-02T14:00:00Z | 3600",
		"deployment | 3 | 1 | staging | v1.2 | failed | failure | 2026-03-02T14:00:00Z | 3600")
	equal(t, read(t, "run_success_rate", rows, rate...),
		"2026-03-02 | deployment | acme/api | production | 2 | 1 | 1 | 0 | 0 | 0.5",
		"2026-03-02 | deployment | acme/api | staging | 1 | 0 | 1 | 0 | 0 | 0")
}

func TestRunsWithoutPayload(t *testing.T) {
	rows := []row{
		workflow(t, 7, 1, "CI", "failure", 1), workflow(t, 7, 2, "CI", "success", 2), workflow(t, 8, 1, "CI", "cancelled", 2),
		workflow(t, 9, 1, "CI", "timed_out", 2, set("head_branch", "feature/x")),
		deploy(t, 1, "production", "success", 2), deploy(t, 1, "production", "inactive", 3), deploy(t, 1, "production", "in_progress", 1),
		scalrRun(t, "run:completed", "run-1", "production", 0, 2, "applied"),
		scalrRun(t, "run:errored", "run-2", "production", 0, 2, "errored"),
	}
	for i := range rows {
		rows[i] = rows[i].withoutPayload()
	}
	rows[4].DeliveryID = "d4"
	equal(t, read(t, "runs", rows, oneRun...),
		"workflow | 7 | 1 | CI | main | succeeded | success | 2026-03-02T11:00:00Z | NULL",
		"workflow | 8 | 1 | CI | main | other | unknown | 2026-03-02T11:00:00Z | NULL",
		"workflow | 9 | 1 | CI | feature/x | failed | failure | 2026-03-02T11:00:00Z | NULL",
		"deployment | delivery d4 | 1 | production | NULL | succeeded | success | 2026-03-02T11:00:00Z | NULL",
		"terraform | run-1 | 1 | network | NULL | succeeded | completed | 2026-03-02T11:00:00Z | NULL",
		"terraform | run-2 | 1 | network | NULL | failed | errored | 2026-03-02T11:00:00Z | NULL")
}

func TestOddRuns(t *testing.T) {
	for _, payload := range []string{
		`null`, `{}`, `[]`, `"x"`, `{"workflow_run":null,"run":null,"deployment":7,"deployment_status":null}`, `{"workflow_run":"x"}`,
		`{"workflow_run":{"id":null,"run_attempt":"x","name":null,"conclusion":null,"run_started_at":"soon"},"environment":null}`,
	} {
		rows := []row{
			workflow(t, 7, 1, "CI", "failure", 1),
			scalrRun(t, "run:completed", "run-1", "production", 0, 2, "applied"),
			deploy(t, 1, "production", "success", 2),
		}
		rows[2].DeliveryID = "d3"
		for i := range rows {
			rows[i].Payload = payload
		}
		equal(t, read(t, "runs", rows, oneRun...),
			"workflow | 7 | 1 | CI | main | failed | failure | 2026-03-02T10:00:00Z | NULL",
			"terraform | run-1 | 1 | network | NULL | succeeded | completed | 2026-03-02T11:00:00Z | NULL",
			"deployment | delivery d3 | 1 | production | NULL | succeeded | success | 2026-03-02T11:00:00Z | NULL")
	}
	// A conclusion that GitHub invents one day is neither success nor failure.
	equal(t, read(t, "runs", []row{workflow(t, 7, 1, "CI", "exploded", 1)}, "outcome", "conclusion"), "other | exploded")
	// A workflow that has the type of Scalr's runs in its name is none.
	other := workflow(t, 7, 1, "CI", "success", 1)
	other.Kind = "webhook"
	equal(t, read(t, "runs", []row{other}, "run_id"))
}
