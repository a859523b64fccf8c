package eventtest

import (
	"reflect"
	"strings"
	"testing"
)

func TestCasesHaveDistinctNamesAndAreMadeAnew(t *testing.T) {
	names := map[string]bool{}
	for _, c := range append(Canonical(), Hostile()...) {
		if names[c.Name] || strings.Trim(c.Name, "abcdefghijklmnopqrstuvwxyz0123456789_") != "" {
			t.Errorf("name %q is taken or no file's name", c.Name)
		}
		names[c.Name] = true
	}
	if a, b := Canonical(), Canonical(); !reflect.DeepEqual(a, b) {
		t.Error("two calls of Canonical differ")
	}
	for _, c := range Canonical() {
		if c.Event.Title == "" || c.Event.Severity == "" || c.Event.Time.IsZero() {
			t.Errorf("%s: an event without title, severity or time isn't canonical", c.Name)
		}
	}
}
