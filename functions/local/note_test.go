package main

import (
	"strings"
	"testing"

	"github.com/sigpost/sigpost/pkg/gauge"
)

func TestCheckNotesMissingPictures(t *testing.T) {
	t.Setenv(gauge.Variable, "")
	const (
		array   = "array: { type: cloudiq, secrets: [secret://a] }\n"
		hub     = "hub: { type: github, secrets: [secret://a] }\n"
		ops     = "ops: { type: slack, url: secret://b }\n"
		duty    = "duty: { type: pagerduty, key: secret://b }\n"
		team    = "team: { type: teams, url: secret://b }\n"
		old     = "old: { type: teams, url: secret://b, format: message-card }\n"
		archive = "archive: { type: generic, url: secret://b }\n"
		game    = "game: { type: discord, url: secret://b }\n"
	)
	for name, tt := range map[string]struct {
		source, sinks, gauge, env, want string
	}{
		"all that show one":  {array, ops + "  " + duty + "  " + team + "  " + archive, "", "", "note: no pictures of the gauges of array go to ops, duty, team: set gauge.key"},
		"no address":         {array, ops, "gauge: { key: secret://k }\n", "", "note: no pictures of the gauges of array go to ops: set gauge.url,"},
		"address":            {array, ops, "gauge: { key: secret://k, url: https://hooks.example.com }\n", "", ""},
		"address of the run": {array, ops, "gauge: { key: secret://k }\n", "https://hooks.example.com", ""},
		"quickchart":         {array, ops, "gauge: { quickchart: true }\n", "", ""},
		"no gauges":          {hub, ops, "", "", ""},
		"nobody shows them":  {array, old + "  " + archive + "  " + game, "", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(gauge.Variable, tt.env)
			names := []string{}
			for line := range strings.Lines(tt.sinks) {
				sink, _, _ := strings.Cut(strings.TrimSpace(line), ":")
				names = append(names, sink)
			}
			file := write(t, "sigpost.yaml", "sources:\n  "+tt.source+"sinks:\n  "+tt.sinks+"routes:\n  - { to: ["+strings.Join(names, ", ")+"] }\n"+tt.gauge)
			code, out, errOut := sigpost(t, "check", "--config", file)
			if code != 0 || !strings.HasPrefix(out, "ok: ") {
				t.Fatalf("exit %d: %s%s", code, out, errOut)
			}
			_, note, _ := strings.Cut(out, "\n")
			if tt.want == "" && note != "" || !strings.HasPrefix(note, tt.want) {
				t.Errorf("%q, want %q", note, tt.want)
			}
		})
	}
}
