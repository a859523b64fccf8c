package main

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestMetricsOfTheLog wants every kind of line and every field that the metric
// filters and saved queries of terraform/aws read to be in what the functions
// write.
func TestMetricsOfTheLog(t *testing.T) {
	text, err := os.ReadFile("../../terraform/aws/metrics.tf")
	if err != nil {
		t.Fatal(err)
	}
	l := newLine(t)
	f := l.start()
	l.post(1)
	l.receive.post("wrong-word", 401)
	l.run()
	f.chat.revoke("first")
	l.post(1)
	l.run()
	l.want(1, 0, 1)
	written := map[string]bool{}
	for line := range strings.Lines(l.receive.out.String() + f.out.String()) {
		var fields map[string]any
		if err := json.Unmarshal([]byte(line), &fields); err != nil {
			t.Fatal(err)
		}
		for name, value := range fields {
			written[name] = true
			if s, ok := value.(string); ok {
				written[name+" "+s] = true
			}
		}
	}
	find := func(pattern string, n int) {
		t.Helper()
		all := regexp.MustCompile(pattern).FindAllStringSubmatch(string(text), -1)
		var seen []string
		for _, m := range all {
			if want := strings.TrimSpace(strings.Join(m[1:], " ")); !slices.Contains(seen, want) {
				seen = append(seen, want)
				if !written[want] && want != "class reduce" && want != "outcome delivered" && !strings.Contains(want, "EVENT") && !strings.Contains(want, "SINK") {
					t.Errorf("%q is read, and never written", want)
				}
			}
		}
		if len(seen) < n {
			t.Errorf("%d different matches of %s, want %d: is this test still right?", len(seen), pattern, n)
		}
	}
	find(`\$\.(\w+)`, 6)                                        // fields of the filters
	find(`\$\.(\w+) !?= \\"([^\\"]+)\\"`, 5)                    // and their values
	find(`\b(message|class|sink|event) !?= "([^"]+)"`, 4)       // the same of the queries
	find(`(?m)^\s+fields @timestamp, (\w+), \w+`, 2)            // their first columns,
	find(`, (attempts?|age|latency|reason|source|type|job)`, 6) // and some of the others
}
