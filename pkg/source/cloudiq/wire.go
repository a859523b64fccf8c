package cloudiq

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/sigpost/sigpost/pkg/source"
)

// wire is a payload in both of its spellings: camelCase of 2020, snake_case of
// 2022. Numbers are kept as they came, so that a missing one is not a zero.
type wire struct {
	ID           source.Excerpt `json:"systemDisplayIdentifier"`
	ID2022       source.Excerpt `json:"system_display_identifier"`
	Name         source.Excerpt `json:"systemName"`
	Name2022     source.Excerpt `json:"system_name"`
	Model        source.Excerpt `json:"systemModel"`
	Model2022    source.Excerpt `json:"system_model"`
	Millis       jsontext.Value `json:"timestamp"`
	Time         source.Excerpt `json:"timestampIso8601"`
	Time2022     source.Excerpt `json:"timestamp_iso8601"`
	Score        jsontext.Value `json:"currentScore"`
	Score2022    jsontext.Value `json:"current_score"`
	New          []wireIssue    `json:"newIssues"`
	New2022      []wireIssue    `json:"new_issues"`
	Resolved     []wireIssue    `json:"resolvedIssues"`
	Resolved2022 []wireIssue    `json:"resolved_issues"`
}

type wireIssue struct {
	Impact      jsontext.Value `json:"impact"`
	Description source.Excerpt `json:"description"`
	Resolution  source.Excerpt `json:"resolution"`
	Category    source.Excerpt `json:"category"`
	Rule        source.Excerpt `json:"ruleId"`
	Rule2022    source.Excerpt `json:"rule_id"`
}

// number is the first of the values that is a finite number, rounded.
func number(values ...jsontext.Value) (n int64, ok bool) {
	for _, v := range values {
		f, err := strconv.ParseFloat(strings.Trim(string(v), `"`), 64)
		if err == nil && math.Abs(f) < 1<<53 {
			return int64(math.Round(f)), true
		}
	}
	return 0, false
}

// score is the health score; ok is false if none between 0 and 100 came.
func (w *wire) score() (n int, ok bool) {
	v, ok := number(w.Score, w.Score2022)
	if !ok || v < 0 || v > maxScore {
		return 0, false
	}
	return int(v), true
}

// time prefers the milliseconds: the text has no seconds.
func (w *wire) time() time.Time {
	if ms, ok := number(w.Millis); ok && ms > 0 && ms < maxMillis {
		return time.UnixMilli(ms).UTC()
	}
	t, _ := source.ParseTime(source.Line(w.Time, w.Time2022))
	return t
}

// maxMillis is the beginning of the year 10000, which no JSON time can hold.
const maxMillis = 253402300800000
