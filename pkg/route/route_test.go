package route

import (
	"slices"
	"testing"

	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/problem"
)

func TestMatch(t *testing.T) {
	table := Table{
		{To: []string{"ops"}},
		{From: []string{"github"}, Events: []string{"issues.*", "run:?"}, Severity: []event.Severity{event.Error}, To: []string{"platform", "ops"}},
		{Events: []string{"a*z"}, To: []string{"slash"}},
		{Events: []string{"["}, To: []string{"never"}},
	}
	for _, tt := range []struct {
		e    event.Event
		want []string
	}{
		{event.Event{}, []string{"ops"}},
		{event.Event{Source: "github", Type: "issues.opened", Severity: event.Error}, []string{"ops", "platform"}},
		{event.Event{Source: "github", Type: "issues.opened", Severity: event.Info}, []string{"ops"}},
		{event.Event{Source: "other", Type: "issues.opened", Severity: event.Error}, []string{"ops"}},
		{event.Event{Source: "github", Type: "issues", Severity: event.Error}, []string{"ops"}},
		{event.Event{Type: "a/b/z"}, []string{"ops", "slash"}},
		{event.Event{Type: "["}, []string{"ops"}},
	} {
		if got := table.Match(&tt.e); !slices.Equal(got, tt.want) {
			t.Errorf("%+v: got %v, want %v", tt.e, got, tt.want)
		}
	}
	if got := (Table{}).Match(&event.Event{}); len(got) != 0 {
		t.Errorf("an empty table sends to %v", got)
	}
}

func TestValidate(t *testing.T) {
	if err := (Route{To: []string{"ops"}, Events: []string{"*", "a[bc]"}}).Validate(); err != nil {
		t.Error(err)
	}
	var keys []string
	for _, p := range problem.All(Route{Events: []string{"ok", "[", "", `\`}, Severity: []event.Severity{"bad"}}.Validate()) {
		keys = append(keys, p.Key)
	}
	if want := []string{"to", "events[1]", "events[2]", "events[3]", "severity[0]"}; !slices.Equal(keys, want) {
		t.Errorf("got %v, want %v", keys, want)
	}
}
