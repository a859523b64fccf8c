package bigquery

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"github.com/sigpost/sigpost/pkg/sink"
)

// quotaPause is how long BigQuery is left alone after a long-term quota was
// reached, as https://cloud.google.com/bigquery/docs/troubleshoot-quotas asks.
const quotaPause = 10 * time.Minute

// mendPause is when to ask again for what a person must mend, or has just mended:
// that takes minutes to be known everywhere, and nobody waits for it meanwhile.
const mendPause = 2 * time.Minute

// The reasons of a refusal that may be another one later: passing trouble, and
// what a person mends in the project while messages wait.
// https://cloud.google.com/bigquery/docs/error-messages
var passing = []string{
	"accessDenied", "backendError", "billingNotEnabled", "blocked", "internalError", "notFound",
	"quotaExceeded", "rateLimitExceeded", "stopped", "tableUnavailable", "timeout",
}

// refusals are the reasons, among those and a few of all of Google's APIs, that
// status 401 to 404 comes with: the token, or the project, is wrong.
var refusals = []string{"accessDenied", "accessNotConfigured", "billingNotEnabled", "forbidden", "insufficientPermissions", "notFound"}

// failure is one error, as all answers have it. Its message is free text, which
// may repeat a row, and is not looked at.
type failure struct {
	Reason   string `json:"reason"`
	Location string `json:"location"`
}

// Judge reads an answer: which rows were not inserted is said with status 200,
// and which quota was exceeded with status 403.
func (s *Sink) Judge(status int, body []byte) error {
	switch {
	case status >= 200 && status < 300:
		return judgeRows(body)
	case status == http.StatusUnauthorized:
		if s.tokens != nil {
			s.tokens.drop()
		}
		return &sink.AnswerError{Class: sink.Retry, Code: "unauthenticated", Denied: true, After: mendPause}
	case status >= 400 && status < 500:
		var answer struct {
			Error struct {
				Errors []failure `json:"errors"`
			} `json:"error"`
		}
		if json.Unmarshal(body, &answer) != nil {
			answer.Error.Errors = nil
		}
		return judgeStatus(status, answer.Error.Errors)
	}
	return nil
}

// judgeStatus judges a refused request. A table that isn't there, or that may not
// be written to, is one that somebody is about to make, or to allow: both take
// minutes to be known everywhere.
func judgeStatus(status int, errs []failure) error {
	for _, f := range errs {
		if slices.Contains(passing, f.Reason) || status == http.StatusForbidden && slices.Contains(refusals, f.Reason) {
			return temporary(f.Reason)
		}
	}
	switch status {
	case http.StatusBadRequest:
		return &sink.AnswerError{Class: sink.Reduce, Code: "invalid"}
	case http.StatusForbidden:
		return temporary("accessDenied")
	case http.StatusNotFound:
		return temporary("notFound")
	}
	return nil
}

// hints are what to mend, by reason. They have no word of the table's address:
// such errors are not shown.
var hints = map[string]string{
	"accessDenied":        " (who writes needs the permission tables.updateData on the table, as the role BigQuery Data Editor has it)",
	"accessNotConfigured": " (the project's BigQuery API is not enabled)",
	"notFound":            " (there is no such project, dataset or table)",
}

func temporary(reason string) error {
	e := &sink.AnswerError{Class: sink.Retry, Code: reason + hints[reason], Denied: reason == "accessDenied"}
	switch {
	case reason == "quotaExceeded":
		e.After = quotaPause
	case slices.Contains(refusals, reason):
		e.After = mendPause
	}
	return e
}

// judgeRows judges the answer to a request that was taken.
func judgeRows(body []byte) error {
	var answer *struct {
		Rows []struct {
			Errors []failure `json:"errors"`
		} `json:"insertErrors"`
	}
	if json.Unmarshal(body, &answer) != nil || answer == nil {
		// One that repeats the row is longer than what is read of it.
		if bytes.Contains(body, []byte(`"insertErrors"`)) && bytes.Contains(body, []byte(`"invalid"`)) {
			return &sink.AnswerError{Class: sink.Reduce, Code: "invalid"}
		}
		return &sink.AnswerError{Class: sink.Retry, Code: "an answer that is not BigQuery's"}
	}
	if len(answer.Rows) == 0 {
		return nil
	}
	for _, row := range answer.Rows {
		for _, f := range row.Errors {
			if f.Reason == "invalid" {
				return &sink.AnswerError{Class: sink.Reduce, Code: "invalid" + column(f.Location)}
			}
		}
	}
	for _, row := range answer.Rows {
		for _, f := range row.Errors {
			if slices.Contains(passing, f.Reason) {
				return temporary(f.Reason)
			}
		}
	}
	return &sink.AnswerError{Class: sink.Retry, Code: "insertErrors"}
}

// column names the column that an error is about, if it is one of the table's:
// the table may be older than this version's rows.
func column(location string) string {
	if slices.Contains(columns, location) {
		return " (column " + location + ")"
	}
	return ""
}
