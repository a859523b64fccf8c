package sqltest

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// typed is a column's type as the engine writes it.
func typed(c column) string {
	name := c.Type
	if name == "RECORD" {
		var fields []string
		for _, f := range c.Fields {
			fields = append(fields, f.Name+" "+typed(f))
		}
		name = "STRUCT<" + strings.Join(fields, ", ") + ">"
	}
	if c.Mode == "REPEATED" {
		return "ARRAY<" + name + ">"
	}
	return name
}

// described is what Terraform tells BigQuery of a view's columns.
func described(t *testing.T, view string) []column {
	t.Helper()
	if view == "events_deduplicated" {
		return schema(t, "../schema.json")
	}
	return schema(t, "../views/"+view+".json")
}

func views(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("../views/*.sql")
	if err != nil || len(files) != 5 {
		t.Fatal(files, err)
	}
	var names []string
	for _, f := range files {
		names = append(names, strings.TrimSuffix(filepath.Base(f), ".sql"))
	}
	return names
}

// An empty table is enough for an unknown column or function to be refused, and
// no view has a row of it.
func TestViewsHaveTheDescribedColumns(t *testing.T) {
	for _, view := range views(t) {
		a := readAll(t, view, nil)
		if len(a.Rows) != 0 {
			t.Errorf("%s: %d rows of an empty table", view, len(a.Rows))
		}
		var got, want []string
		for _, c := range a.Columns {
			got = append(got, c.Name+" "+c.Type)
		}
		for _, c := range described(t, view) {
			want = append(want, c.Name+" "+typed(c))
			if c.Description == "" {
				t.Errorf("%s.%s has no description", view, c.Name)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: got\n%v\nwant\n%v", view, got, want)
		}
	}
}

func TestRowsHaveTheColumnsOfTheTable(t *testing.T) {
	var have, want []string
	for i := range reflect.TypeFor[row]().NumField() {
		name, _, _ := strings.Cut(reflect.TypeFor[row]().Field(i).Tag.Get("json"), ",")
		have = append(have, name)
	}
	for _, c := range schema(t, "../schema.json") {
		want = append(want, c.Name)
	}
	if !slices.Equal(have, want) {
		t.Errorf("rows have %v, the table has %v", have, want)
	}
}

// Every file of the folder belongs to a view, and says what it does.
func TestViewsAreComplete(t *testing.T) {
	names := views(t)
	files, err := os.ReadDir("../views")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		name, extension, _ := strings.Cut(f.Name(), ".")
		if !slices.Contains(names, name) || extension != "sql" && extension != "json" {
			t.Errorf("%s belongs to no view", f.Name())
		}
		data, err := os.ReadFile("../views/" + f.Name())
		if err != nil {
			t.Fatal(err)
		}
		if extension == "sql" && !strings.HasPrefix(string(data), "-- ") {
			t.Errorf("%s doesn't say what it is", f.Name())
		}
		if extension == "json" && !json.Valid(data) {
			t.Errorf("%s is not JSON", f.Name())
		}
	}
}

// With view_days the views see what was received in these days, however old it
// says it is.
func TestViewsOfTheLastDaysOnly(t *testing.T) {
	now := time.Now().UTC().Truncate(time.Second)
	for view, one := range map[string]func() row{
		"events_deduplicated": func() row { return fails(t, 1) },
		"issue_time_to_close": func() row { return issuesRow(t, "closed", 1) },
		"runs":                func() row { return workflow(t, 1, 1, "CI", "success", 1) },
		"run_success_rate":    func() row { return workflow(t, 1, 1, "CI", "success", 1) },
		"alert_recovery":      func() row { return fails(t, 1) },
	} {
		text := bounded(t, view, 90)
		if text == sql(t, view) {
			t.Errorf("%s reads all days", view)
		}
		for age, want := range map[int]int{1: 1, 89: 1, 91: 0} {
			if got := ask(t, text, []row{one().received(now.AddDate(0, 0, -age))}); len(got.Rows) != want {
				t.Errorf("%s has %d rows of one that is %d days old", view, len(got.Rows), age)
			}
		}
	}
}
