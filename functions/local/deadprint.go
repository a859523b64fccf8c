package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/sigpost/sigpost/pkg/queue"
	"github.com/sigpost/sigpost/pkg/sink"
)

// shortIDLen is how much of an ID a list shows.
const shortIDLen = 12

func short(id string) string { return id[:min(len(id), shortIDLen)] }

// deadJSON is a dead job as --json prints it.
type deadJSON struct {
	ID       string     `json:"id"`
	Source   string     `json:"source"`
	Type     string     `json:"type"`
	Sink     string     `json:"sink"`
	Event    string     `json:"event"`
	Title    string     `json:"title"`
	Reason   string     `json:"reason"`
	Status   int        `json:"status"`
	Attempts int        `json:"attempts"`
	Accepted *time.Time `json:"accepted,omitempty"`
	Buried   time.Time  `json:"buried"`
	Resent   int        `json:"resent"`

	Job  json.RawMessage `json:"job,omitempty"`  // of show
	Body []byte          `json:"body,omitempty"` // of show, if it is no job
}

// printJSON prints a line for each; whole adds the job itself.
func printJSON(out io.Writer, found []queue.Dead, whole bool) error {
	for i := range found {
		d := &found[i]
		v := deadJSON{
			ID: d.ID, Source: d.Source, Type: d.Type, Sink: d.Sink, Reason: d.Reason, Status: d.Status, Attempts: d.Attempts, Buried: d.Buried,
		}
		job, err := queue.Decode(d.Body)
		if err == nil {
			v.Event, v.Title, v.Accepted, v.Resent = job.Event.ID, job.Event.Title, &job.Accepted, job.Resent
		}
		if whole && json.Valid(d.Body) {
			v.Job = d.Body
		} else if whole {
			v.Body = d.Body
		}
		if err := writeJSON(out, v); err != nil {
			return err
		}
	}
	return nil
}

// printTable prints a row for each. The texts of senders and receivers can't
// tell the terminal what to do.
func printTable(out io.Writer, found []queue.Dead) error {
	const reasonLen = 80
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "ID\tDIED\tSOURCE\tEVENT\tSINK\tSTATUS\tATTEMPTS\tREASON")
	for i := range found {
		d := &found[i]
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%d\t%s\n", plain(short(d.ID)), d.Buried.Local().Format(time.DateTime), orDash(d.Source), orDash(d.Type),
			orDash(d.Sink), status(d.Status), d.Attempts, sink.Cut(plain(d.Reason), reasonLen))
	}
	return w.Flush()
}

// printDead prints all that is worth reading of one.
func printDead(out io.Writer, d *queue.Dead) {
	rows := [][2]string{
		{"id", d.ID},
		{"reason", d.Reason},
		{"status", status(d.Status)},
		{"attempts", strconv.Itoa(d.Attempts)},
		{"died", d.Buried.Local().Format(time.RFC3339)},
		{"source", d.Source},
		{"sink", d.Sink},
	}
	if job, err := queue.Decode(d.Body); err != nil {
		rows = append(rows, [2]string{"job", fmt.Sprintf("%d bytes: %v", len(d.Body), err)})
	} else {
		e := job.Event
		rows = append(rows, [][2]string{
			{"accepted", job.Accepted.Local().Format(time.RFC3339)},
			{"resent", strconv.Itoa(job.Resent)},
			{"event", e.ID},
			{"type", e.Type},
			{"time", e.Time.Local().Format(time.RFC3339)},
			{"title", e.Title},
			{"subject", e.Key},
			{"url", e.URL},
			{"body", fmt.Sprintf("%d bytes, %d of them kept", job.RawBytes, len(e.Raw))},
		}...)
	}
	for _, r := range rows {
		if r[1] != "" {
			fmt.Fprintf(out, "%-9s %s\n", r[0], plain(r[1]))
		}
	}
	fmt.Fprintln(out)
}

func status(n int) string {
	if n == 0 {
		return "-"
	}
	return strconv.Itoa(n)
}

func orDash(s string) string { return cmp.Or(plain(s), "-") }
