package main

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// emf is a line of the log, as CloudWatch reads it.
type emf struct {
	AWS *struct {
		Timestamp         int64
		CloudWatchMetrics []struct {
			Namespace  string
			Dimensions [][]string
			Metrics    []struct{ Name, Unit string }
		}
	} `json:"_aws"`
}

// metricsIn checks what a line says of metrics, as the specification wants it,
// and returns their values by name.
func metricsIn(t *testing.T, text string, perSink bool) map[string]float64 {
	t.Helper()
	var line emf
	var root map[string]any
	if json.Unmarshal([]byte(text), &line) != nil || json.Unmarshal([]byte(text), &root) != nil {
		t.Fatalf("a line is not JSON: %s", text)
	}
	if line.AWS == nil {
		return nil
	}
	if at := time.UnixMilli(line.AWS.Timestamp); time.Since(at) > time.Hour || len(line.AWS.CloudWatchMetrics) != 1 {
		t.Fatalf("of %v: %s", at, text)
	}
	d := line.AWS.CloudWatchMetrics[0]
	if d.Namespace != "sigpost/acme" || len(d.Dimensions) < 1 || len(d.Dimensions[0]) != 0 {
		t.Errorf("namespace or dimensions: %s", text)
	}
	sink, _ := root["sink"].(string)
	if want := perSink && sink != ""; want != (len(d.Dimensions) == 2) || want && !slices.Equal(d.Dimensions[1], []string{"sink"}) {
		t.Errorf("dimensions: %s", text)
	}
	values := map[string]float64{}
	for _, m := range d.Metrics {
		v, ok := root[m.Name].(float64)
		if !ok || !slices.Contains([]string{"Count", "Milliseconds", "Seconds"}, m.Unit) {
			t.Errorf("metric %s in %s: %s", m.Name, m.Unit, text)
		}
		if _, twice := values[m.Name]; twice {
			t.Errorf("metric %s twice: %s", m.Name, text)
		}
		values[m.Name] = v
	}
	if n := strings.Count(text, `"_aws"`); n != 1 {
		t.Errorf("%d times _aws: %s", n, text)
	}
	return values
}

// TestMetrics wants each kind of line to say what is counted and measured in it.
func TestMetrics(t *testing.T) {
	request := func(status int, outcome string) []any {
		return []any{"source", "github", "status", status, "outcome", outcome}
	}
	for _, c := range []struct {
		message string
		args    []any
		want    map[string]float64
	}{
		{"request", request(200, "queued"), map[string]float64{"Accepted": 1, "NotTaken": 0, "SignatureFailures": 0}},
		{"request", request(200, "delivered"), map[string]float64{"Accepted": 1, "NotTaken": 0, "SignatureFailures": 0}},
		{"request", request(200, "duplicate"), map[string]float64{"Accepted": 0, "NotTaken": 0, "SignatureFailures": 0}},
		{"request", request(412, ""), map[string]float64{"Accepted": 0, "NotTaken": 0, "SignatureFailures": 1}},
		{"request", []any{"status", 503}, map[string]float64{"Accepted": 0, "NotTaken": 1, "SignatureFailures": 0}},
		{"request", []any{"status", "odd"}, map[string]float64{"Accepted": 0, "NotTaken": 0, "SignatureFailures": 0}},
		{"delivery", []any{"sink", "ops", "class", "delivered", "latency", 1500 * time.Microsecond, "age", 90 * time.Second}, map[string]float64{"Delivered": 1, "Failed": 0, "Latency": 1, "JobAge": 90}},
		{"delivery", []any{"sink", "ops", "class", "retry", "latency", 10 * time.Second}, map[string]float64{"Delivered": 0, "Failed": 1, "Latency": 10000}},
		{"delivery", []any{"sink", "ops", "class", "reduce", "latency", time.Second}, map[string]float64{"Delivered": 0, "Failed": 0, "Latency": 1000}},
		{"delivery", []any{"sink", "ops", "class", "no secret", "latency", "odd"}, map[string]float64{"Delivered": 0, "Failed": 1}},
		{"job moved to the dead-letter queue", []any{"sink", "ops"}, map[string]float64{"Buried": 1}},
		{"job moved to the dead-letter queue", []any{"sink", ""}, map[string]float64{"Buried": 1}},
		{"panic", []any{"status", 500}, nil},
	} {
		for _, perSink := range []string{"", "false", "true"} {
			var out bytes.Buffer
			env := map[string]string{namespaceVariable: "sigpost/acme", perSinkVariable: perSink}
			log := withMetrics(slog.New(slog.NewJSONHandler(&out, nil)), func(name string) string { return env[name] })
			log.With("instance", 1).Info(c.message, c.args...)
			got := metricsIn(t, out.String(), perSink == "true")
			if a, b := text(t, got), text(t, c.want); a != b {
				t.Errorf("%s %v: %s, want %s", c.message, c.args, a, b)
			}
		}
	}
}

func text(t *testing.T, m map[string]float64) string {
	t.Helper()
	out, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func TestMetricsAreAskedFor(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(slog.NewJSONHandler(&out, nil))
	withMetrics(log, func(string) string { return "" }).Info("delivery", "class", "delivered")
	withMetrics(log, func(string) string { return "sigpost/acme" }).WithGroup("in").Info("delivery", "class", "delivered")
	if strings.Contains(out.String(), "_aws") {
		t.Error(out.String())
	}
	if withMetrics(log, func(string) string { return "x" }).Enabled(context.Background(), slog.LevelDebug) {
		t.Error("the level is lost")
	}
}

// TestMetricsAreReadAndWritten wants what the alarms, the dashboard and the
// queries of terraform/aws read to be in what the functions write, and its
// README to name all of it.
func TestMetricsAreReadAndWritten(t *testing.T) {
	l := newLine(t)
	l.env[namespaceVariable] = "sigpost/acme"
	l.receive = l.function("receive")
	l.receive.put("github-webhook", "hidden-webhook-word")
	f := l.start()
	l.post(1)
	l.receive.post("wrong-word", 401)
	l.run()
	f.chat.revoke("first")
	l.post(1)
	l.run()
	l.want(1, 0, 1)
	written, sums := map[string]bool{}, map[string]float64{}
	for line := range strings.Lines(l.receive.out.String() + f.out.String()) {
		for name, v := range metricsIn(t, line, false) {
			sums[name] += v
		}
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
	for name, want := range map[string]float64{"Accepted": 2, "NotTaken": 0, "SignatureFailures": 1, "Delivered": 1, "Failed": 1, "Buried": 1} {
		if sums[name] != want {
			t.Errorf("%s is %v, want %v", name, sums[name], want)
		}
	}
	var names []string
	for name := range sums {
		names = append(names, name)
	}
	slices.Sort(names)
	alarms, metrics, readme := read(t, "alarms.tf"), read(t, "metrics.tf"), read(t, "README.md")
	in := func(text, pattern string, n int) (all []string) {
		t.Helper()
		for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
			if s := strings.TrimSpace(strings.Join(m[1:], " ")); !slices.Contains(all, s) {
				all = append(all, s)
			}
		}
		if len(all) < n {
			t.Errorf("%d different matches of %s, want %d: is this test still right?", len(all), pattern, n)
		}
		return all
	}
	all := in(regexp.MustCompile(`(?s)metrics = concat\(.*?\n  \)`).FindString(metrics), `"(\w+)"`, 8)
	slices.Sort(all)
	documented := in(readme, "(?m)^\\| `([A-Z]\\w+)` \\|", 8)
	slices.Sort(documented)
	if !slices.Equal(all, names) || !slices.Equal(documented, names) {
		t.Errorf("written are %q, terraform knows %q, documented are %q", names, all, documented)
	}
	ours := regexp.MustCompile(`(?s)namespace = "AWS/[^}]*`).ReplaceAllString(alarms, "")
	graphs := in(metrics, `for name in \[("Accepted"[^\]]*)\]`, 1)
	reads := append(in(ours, `metric = "(\w+)"`, 4), in(metrics, `local\.namespace, "(\w+)"`, 2)...)
	for _, name := range append(reads, in(strings.Join(graphs, ""), `"(\w+)"`, 6)...) {
		if !slices.Contains(names, name) {
			t.Errorf("the metric %s is read, and never written", name)
		}
	}
	fields := in(metrics, `\b(message|class|sink|event) !?= "([^"]+)"`, 4)                           // the queries' conditions,
	fields = append(fields, in(metrics, `(?m)^\s+fields @timestamp, (\w+), \w+`, 2)...)              // their first columns,
	fields = append(fields, in(metrics, `, (attempts?|age|latency|reason|source|type|job)\b`, 6)...) // and some of the others
	for _, want := range fields {
		if !written[want] && !strings.Contains(want, "EVENT") && !strings.Contains(want, "SINK") {
			t.Errorf("%q is read, and never written", want)
		}
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile("../../terraform/aws/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
