package main

import (
	"strings"
	"testing"
)

func TestImportPrintsAConfigurationThatChecks(t *testing.T) {
	file := write(t, "webhook.json", `{"name":"Ops changes","event_types":["parameter_created","value_updated"],"type":"slack",
"configuration":{"token":"`+hidden+`","channel":"#ops","username":"ct"},"organization":"acme"}`)
	code, out, errOut := sigpost(t, "check", "--import", "cloudtruth", file)
	if code != 0 {
		t.Fatalf("exit %d: %s", code, errOut)
	}
	config := write(t, "sigpost.yaml", out)
	if code, out, errOut := sigpost(t, "check", "--config", config); code != 0 || !strings.Contains(out, "1 sources, 1 sinks, 1 routes") {
		t.Errorf("exit %d: %s%s", code, out, errOut)
	}
}

func TestImportSaysWhatIsWrong(t *testing.T) {
	bad := write(t, "webhook.json", `{"name":"x","event_types":["value_changed"],"type":"teams","configuration":{"token":"`+hidden+`"}}`)
	code, out, errOut := sigpost(t, "check", "--import", "cloudtruth", bad)
	for _, want := range []string{"webhook.json:1: type: ", "webhook.json:1: event_types[0]: value_changed is no event type"} {
		if code != 1 || out != "" || !strings.Contains(errOut, want) {
			t.Errorf("exit %d, no %s: %s%s", code, want, out, errOut)
		}
	}
	for want, args := range map[string][]string{
		"there is cloudtruth": {"check", "--import", "nothing", bad},
		"needs one file":      {"check", "--import", "cloudtruth"},
		"no such file":        {"check", "--import", "cloudtruth", bad + "x"},
		"unknown command":     {"check", bad},
	} {
		if code, _, errOut := sigpost(t, args...); code != 1 || !strings.Contains(errOut, want) {
			t.Errorf("%v: exit %d: %s", args, code, errOut)
		}
	}
}
