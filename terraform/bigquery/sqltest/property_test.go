package sqltest

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// dice makes random rows of few sources, subjects and moments, so that they
// meet often.
type dice struct{ *rand.Rand }

func (d dice) of(list ...string) string { return list[d.IntN(len(list))] }

func (d dice) happened() time.Time { return at(float64(d.IntN(24)) / 4) }

// rows are up to 60 rows made by one, some of them repeated later, in any order.
func (d dice) rows(one func() row) []row {
	var rows []row
	for i := range d.IntN(40) {
		r := one()
		r.DeliveryID = fmt.Sprintf("d%02d", i)
		if d.IntN(8) == 0 && i > 0 { // another source's delivery with the same id
			r.DeliveryID, r.Source = rows[0].DeliveryID, "third"
			if slices.ContainsFunc(rows, func(x row) bool { return x.Source == "third" }) {
				continue
			}
		}
		r.ReceivedAt = r.OccurredAt.Add(time.Duration(d.IntN(3)) * time.Hour)
		rows = append(rows, r)
		for range d.IntN(3) * d.IntN(2) {
			rows = append(rows, r.received(r.ReceivedAt.Add(time.Duration(d.IntN(3))*time.Hour)))
		}
	}
	d.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	return rows
}

// once is the rows without repetitions, in the order in which they happened, and
// of the same moment in that of less.
func once(rows []row, less func(a, b row) int) []row {
	first := map[string]row{}
	for _, r := range rows {
		key := r.Source + " " + r.DeliveryID
		if have, ok := first[key]; !ok || r.ReceivedAt.Before(have.ReceivedAt) {
			first[key] = r
		}
	}
	var out []row
	for _, r := range first {
		out = append(out, r)
	}
	slices.SortFunc(out, func(a, b row) int {
		return cmp.Or(less(a, b), a.ReceivedAt.Compare(b.ReceivedAt), cmp.Compare(a.DeliveryID, b.DeliveryID))
	})
	return out
}

func byTime(a, b row) int { return a.OccurredAt.Compare(b.OccurredAt) }

// compare holds a view against a plain computation, many times over.
func compare(t *testing.T, view string, columns []string, one func(d dice) row, want func(rows []row) []string) {
	t.Helper()
	start(t)
	for range 60 {
		seed := rand.Uint64()                     //nolint:gosec // for tests
		d := dice{rand.New(rand.NewPCG(seed, 1))} //nolint:gosec // for tests
		rows := d.rows(func() row { return one(d) })
		equal(t, read(t, view, rows, columns...), want(rows)...)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func TestDeduplicationIsThatOfAPlainLoop(t *testing.T) {
	compare(t, "events_deduplicated", []string{"source", "delivery_id", "received_at", "subject"}, randomChange, func(rows []row) []string {
		out := []string{}
		for _, r := range once(rows, byTime) {
			out = append(out, strings.Join([]string{r.Source, r.DeliveryID, r.ReceivedAt.Format(time.RFC3339), cmp.Or(r.Subject, "NULL")}, " | "))
		}
		return out
	})
}

func randomChange(d dice) row {
	return row{
		Source: d.of("a", "b"), Kind: "cloudiq", Subject: d.of("s", "t", "s", "t", ""), Title: "t", OccurredAt: d.happened(),
		State: d.of("open", "open", "resolved", "update", ""), Severity: d.of("error", "warning", "success", "info"),
	}
}

// An alert is opened, counted and closed, one event after the other.
func TestAlertsAreThoseOfAPlainLoop(t *testing.T) {
	columns := []string{"source", "subject", "severity", "started_at", "recovered_at", "hours_to_recover", "events"}
	compare(t, "alert_recovery", columns, randomChange, func(rows []row) []string {
		type running struct {
			severity string
			began    time.Time
			events   int
		}
		open := map[string]*running{}
		out := []string{}
		line := func(key string, a *running, end, hours string) {
			out = append(out, strings.Join([]string{key, a.severity, a.began.Format(time.RFC3339), end, hours, fmt.Sprint(a.events)}, " | "))
		}
		rank := func(r row) int { return strings.Compare(r.State, "open") }
		for _, r := range once(rows, func(a, b row) int { return cmp.Or(byTime(a, b), rank(a)-rank(b)) }) {
			key := r.Source + " | " + r.Subject
			bad := r.Severity == "error" || r.Severity == "warning"
			a := open[key]
			switch {
			case r.Subject == "":
			case r.State == "open" && bad && a == nil:
				open[key] = &running{r.Severity, r.OccurredAt, 1}
			case r.State == "open" && bad:
				a.severity, a.events = min(a.severity, r.Severity), a.events+1
			case r.State == "resolved" && a != nil:
				line(key, a, r.OccurredAt.Format(time.RFC3339), text(r.OccurredAt.Sub(a.began).Hours()))
				delete(open, key)
			}
		}
		for key, a := range open {
			line(key, a, "NULL", "NULL")
		}
		return out
	})
}

// An issue's state is set by one event after the other.
func TestIssuesAreThoseOfAPlainLoop(t *testing.T) {
	columns := []string{"source", "repository", "number", "state", "closed_at", "hours_to_close", "times_closed", "times_reopened"}
	one := func(d dice) row {
		r := row{
			Source: d.of("github", "github-eu"), Kind: "github", Severity: "info", Title: "t", OccurredAt: d.happened(),
			Subject: d.of("acme/api#1", "acme/api#2", "acme/web#1"),
			Type:    d.of("issues.closed", "issues.reopened", "issues.closed", "issues.reopened", "issues.labeled", "pull_request.closed"),
		}
		if d.IntN(40) == 0 {
			r.Type = d.of("issues.deleted", "issues.transferred")
		}
		r.Payload = fmt.Sprintf(`{"issue":{"number":0,"created_at":%q,"closed_at":%q}}`, stamp(-1), r.OccurredAt.Format(time.RFC3339))
		return r
	}
	compare(t, "issue_time_to_close", columns, one, func(rows []row) []string {
		type known struct {
			state            string
			closed           time.Time
			closes, reopened int
		}
		issues := map[string]*known{}
		for _, r := range once(rows, byTime) {
			action, ok := strings.CutPrefix(r.Type, "issues.")
			if !ok || action == "labeled" {
				continue
			}
			key := r.Source + " | " + strings.ReplaceAll(r.Subject, "#", " | ")
			i := issues[key]
			if i == nil {
				i = &known{}
				issues[key] = i
			}
			switch gone := i.state == "deleted" || i.state == "transferred"; action {
			case "closed":
				i.closes++
				if !gone {
					i.state, i.closed = "closed", r.OccurredAt
				}
			case "reopened":
				i.reopened++
				if !gone {
					i.state = "open"
				}
			default:
				i.state = action
			}
		}
		out := []string{}
		for key, i := range issues {
			end, hours := "NULL", "NULL"
			if i.state == "closed" {
				end, hours = i.closed.Format(time.RFC3339), text(i.closed.Sub(at(-1)).Hours())
			}
			out = append(out, fmt.Sprintf("%s | %s | %s | %s | %d | %d", key, i.state, end, hours, i.closes, i.reopened))
		}
		return out
	})
}

// A run is overwritten by its later attempts, and then counted.
func TestRatesAreThoseOfAPlainLoop(t *testing.T) {
	one := func(d dice) row {
		r := row{
			Source: d.of("github", "github-eu"), Kind: "github", Type: "workflow_run.completed", Severity: "info", Title: "t", Place: "acme/api",
			OccurredAt: at(float64(d.IntN(24)) * 2),
		}
		id := d.IntN(8)
		r.Payload = fmt.Sprintf(`{"workflow_run":{"id":%d,"run_attempt":1,"name":%q,"conclusion":%q}}`, id, d.of("CI", "Lint"), d.of("success", "success", "failure", "timed_out", "cancelled", "skipped", ""))
		return r
	}
	compare(t, "run_success_rate", []string{"day", "source", "name", "ended", "succeeded", "failed", "cancelled", "other", "success_rate"}, one, func(rows []row) []string {
		type outcome struct{ day, name, conclusion string }
		last := map[string]outcome{}
		for _, r := range once(rows, byTime) {
			var id, attempt int
			var o outcome
			if _, err := fmt.Sscanf(r.Payload, `{"workflow_run":{"id":%d,"run_attempt":%d,"name":%q,"conclusion":%q}}`, &id, &attempt, &o.name, &o.conclusion); err != nil {
				t.Fatal(err)
			}
			o.day = r.OccurredAt.Format(time.DateOnly)
			last[fmt.Sprint(r.Source, " ", id)] = o
		}
		counts := map[string]*[5]int{}
		for key, o := range last {
			source, _, _ := strings.Cut(key, " ")
			line := strings.Join([]string{o.day, source, o.name}, " | ")
			if counts[line] == nil {
				counts[line] = &[5]int{}
			}
			counts[line][0]++
			counts[line][1+max(0, slices.Index([]string{"success", "failure", "cancelled", ""}, strings.ReplaceAll(strings.ReplaceAll(o.conclusion, "timed_out", "failure"), "skipped", "")))]++
		}
		out := []string{}
		for line, n := range counts {
			rate := "NULL"
			if n[1]+n[2] > 0 {
				rate = text(float64(n[1]) / float64(n[1]+n[2]))
			}
			out = append(out, fmt.Sprintf("%s | %d | %d | %d | %d | %d | %s", line, n[0], n[1], n[2], n[3], n[4], rate))
		}
		return out
	})
}
