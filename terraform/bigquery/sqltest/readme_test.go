package sqltest

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
)

// The queries that the READMEs show can be run.
func TestQueriesOfTheReadmes(t *testing.T) {
	found := 0
	for file, query := range map[string]string{
		"../README.md":       "(?s)```sql\n(.*?)```",
		"../../../README.md": `(?s)bq query --use_legacy_sql=false '(.*?)'\n`,
	} {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(query).FindAllStringSubmatch(string(data), -1) {
			found++
			text := regexp.MustCompile("`(?:acme-prod|PROJECT)[.]sigpost[.]([a-z_]+)`").ReplaceAllStringFunc(m[1], func(name string) string {
				return "(\n" + sql(t, strings.Trim(name[strings.LastIndex(name, ".")+1:], "`")) + ")"
			})
			rows := []row{issuesRow(t, "closed", 5), workflow(t, 7, 1, "CI", "success", float64(time.Since(at(0))/time.Hour))}
			if a := ask(t, text, rows); len(a.Rows) != 1 {
				t.Errorf("%s: %v of %s", file, a.Rows, m[1])
			}
		}
	}
	if found < 2 {
		t.Errorf("%d queries were found", found)
	}
}
