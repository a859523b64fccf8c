// Package sqltest runs the views of the BigQuery module, the very files that
// Terraform deploys, on given rows: on the reference implementation of
// GoogleSQL, which scripts/npm/googlesql.js starts. It has no code but tests.
package sqltest

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

const scripts = "../../../scripts/npm"

// The names of the table and of the view that another one reads.
const (
	table = "acme-prod.sigpost.events"
	runs  = "acme-prod.sigpost.runs"
)

// column is one of the columns that BigQuery is told of.
type column struct {
	Name        string   `json:"name"`
	Type        string   `json:"type"`
	Mode        string   `json:"mode"`
	Description string   `json:"description"`
	Fields      []column `json:"fields,omitempty"`
}

type request struct {
	SQL    string           `json:"sql"`
	Tables map[string]given `json:"tables"`
}

type given struct {
	Schema []column `json:"schema"`
	Rows   []row    `json:"rows"`
}

type answer struct {
	Columns []struct{ Name, Type string }
	Rows    [][]any
	Error   string
}

// engine is the running program.
type engine struct {
	mu  sync.Mutex
	in  io.WriteCloser
	out *bufio.Reader
}

var started struct {
	once sync.Once
	*engine
	err error
}

func TestMain(m *testing.M) {
	code := m.Run()
	if started.engine != nil {
		_ = started.in.Close() // which ends the program
	}
	os.Exit(code)
}

func (e *engine) ask(r request) (answer, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	var a answer
	if err := json.NewEncoder(e.in).Encode(r); err != nil {
		return a, err
	}
	line, err := e.out.ReadBytes('\n')
	if err != nil {
		return a, fmt.Errorf("googlesql.js: %w", err)
	}
	if err := json.Unmarshal(line, &a); err != nil {
		return a, err
	}
	if a.Error != "" {
		return a, errors.New(a.Error)
	}
	return a, nil
}

func start(t *testing.T) *engine {
	t.Helper()
	if _, err := os.Stat(scripts + "/node_modules/@fivetrandevelopers/zetasql"); err != nil {
		t.Skip("GoogleSQL is not installed: run npm ci in scripts/npm")
	}
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("node is not installed")
	}
	started.once.Do(func() {
		cmd := exec.Command("node", scripts+"/googlesql.js")
		cmd.Stderr = os.Stderr
		in, err := cmd.StdinPipe()
		if err != nil {
			started.err = err
			return
		}
		out, err := cmd.StdoutPipe()
		if err != nil {
			started.err = err
			return
		}
		started.err = cmd.Start()
		started.engine = &engine{in: in, out: bufio.NewReaderSize(out, 1<<20)}
	})
	if started.err != nil {
		t.Fatal(started.err)
	}
	return started.engine
}

// schema reads a list of columns.
func schema(t *testing.T, file string) []column {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var columns []column
	if err := json.Unmarshal(data, &columns); err != nil {
		t.Fatal(file, err)
	}
	return columns
}

// sql is a view as Terraform writes it, with its whole table in sight.
func sql(t *testing.T, view string) string {
	t.Helper()
	data, err := os.ReadFile("../views/" + view + ".sql")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.NewReplacer("${table}", table, "${runs}", runs, "${since}", "TRUE").Replace(string(data))
	if strings.Contains(text, "${") || strings.Contains(text, "%{") {
		t.Fatalf("%s has a variable that the module doesn't set:\n%s", view, text)
	}
	if other := "`" + runs + "`"; strings.Contains(text, other) {
		text = strings.ReplaceAll(text, other, "(\n"+sql(t, "runs")+")")
	}
	return text
}

// bounded is sql of a table of which the views see the last days only.
func bounded(t *testing.T, view string, days int) string {
	t.Helper()
	module, err := os.ReadFile("../main.tf")
	if err != nil {
		t.Fatal(err)
	}
	since := regexp.MustCompile(`since = var.view_days == 0 \? "TRUE" : "(.*)"`).FindSubmatch(module)
	if since == nil {
		t.Fatal("main.tf doesn't say since when")
	}
	return strings.ReplaceAll(sql(t, view), "  TRUE\n", "  "+strings.ReplaceAll(string(since[1]), "${var.view_days}", strconv.Itoa(days))+"\n")
}

// read is what a view says of the given rows, each line the values of the named
// columns. Lines are sorted: a view promises no order.
func read(t *testing.T, view string, rows []row, columns ...string) []string {
	t.Helper()
	return lines(t, readAll(t, view, rows), columns...)
}

func readAll(t *testing.T, view string, rows []row) answer {
	t.Helper()
	return ask(t, sql(t, view), rows)
}

func ask(t *testing.T, text string, rows []row) answer {
	t.Helper()
	if rows == nil {
		rows = []row{}
	}
	a, err := start(t).ask(request{
		SQL:    text,
		Tables: map[string]given{table: {Schema: schema(t, "../schema.json"), Rows: rows}},
	})
	if err != nil {
		t.Fatalf("%v, in %.80s…", err, text)
	}
	return a
}

func lines(t *testing.T, a answer, columns ...string) []string {
	t.Helper()
	var at []int
	for _, name := range columns {
		i := slices.IndexFunc(a.Columns, func(c struct{ Name, Type string }) bool { return c.Name == name })
		if i < 0 {
			t.Fatalf("there is no column %s in %v", name, a.Columns)
		}
		at = append(at, i)
	}
	out := []string{}
	for _, values := range a.Rows {
		var line []string
		for _, i := range at {
			line = append(line, text(values[i]))
		}
		out = append(out, strings.Join(line, " | "))
	}
	slices.Sort(out)
	return out
}

func text(v any) string {
	switch v := v.(type) {
	case nil:
		return "NULL"
	case string:
		return v
	case float64:
		return fmt.Sprintf("%.6g", v)
	}
	data, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(data)
}

func equal(t *testing.T, got []string, want ...string) {
	t.Helper()
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("got\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}
