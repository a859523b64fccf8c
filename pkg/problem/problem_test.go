package problem

import (
	"errors"
	"fmt"
	"testing"
)

func TestErrorLeavesOutWhatIsUnknown(t *testing.T) {
	for want, p := range map[string]*Problem{
		"a.yaml:3: sinks.ops.url: is missing": {File: "a.yaml", Line: 3, Key: "sinks.ops.url", Text: "is missing"},
		"a.yaml: is empty":                    {File: "a.yaml", Text: "is empty"},
		"url: is missing":                     New("url", "is %s", "missing"),
		"is missing":                          {Line: 3, Text: "is missing"},
	} {
		if got := p.Error(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestAllFindsEveryProblemInOrder(t *testing.T) {
	a, b, c := New("a", "1"), New("b", "2"), New("c", "3")
	err := errors.Join(a, fmt.Errorf("wrapped: %w", errors.Join(b, errors.New("plain"))), fmt.Errorf("w: %w", c))
	got := ""
	for _, p := range All(err) {
		got += p.Error() + ";"
	}
	if want := "a: 1;b: 2;plain;c: 3;"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if All(nil) != nil {
		t.Error("nil has problems")
	}
	if ps := All(fmt.Errorf("x: %w", errors.New("y"))); len(ps) != 1 || ps[0].Text != "x: y" {
		t.Errorf("%v", ps)
	}
}
