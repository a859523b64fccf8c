package route

import (
	"slices"
	"testing"

	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/match"
	"github.com/sigpost/sigpost/pkg/problem"
)

func TestMatch(t *testing.T) {
	table := Table{
		{To: []string{"ops"}},
		{Filter: match.Filter{From: []string{"github"}, Events: []string{"issues.*", "run:?"}, Severity: []event.Severity{event.Error}}, To: []string{"platform", "ops"}},
		{Filter: match.Filter{Events: []string{"a*z"}}, To: []string{"slash"}},
		{Filter: match.Filter{Events: []string{"["}}, To: []string{"never"}},
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
		var got []string
		for _, target := range table.Match(&tt.e) {
			got = append(got, target.Sink)
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%+v: got %v, want %v", tt.e, got, tt.want)
		}
	}
	if got := (Table{}).Match(&event.Event{}); len(got) != 0 {
		t.Errorf("an empty table sends to %v", got)
	}
}

func TestValidate(t *testing.T) {
	if err := (Route{To: []string{"ops"}, Filter: match.Filter{Events: []string{"*", "a[bc]"}}}).Validate(); err != nil {
		t.Error(err)
	}
	var keys []string
	for _, p := range problem.All(Route{Filter: match.Filter{Events: []string{"ok", "[", "", `\`}, Severity: []event.Severity{"bad"}}}.Validate()) {
		keys = append(keys, p.Key)
	}
	if want := []string{"to", "events[1]", "events[2]", "events[3]", "severity[0]"}; !slices.Equal(keys, want) {
		t.Errorf("got %v, want %v", keys, want)
	}
}

func TestMatchChannels(t *testing.T) {
	table := Table{
		{To: []string{"ops"}, Channel: "C1"},
		{To: []string{"ops", "archive"}},
		{To: []string{"ops"}, Channel: "C1", Title: "never used: the first route's is"},
	}
	want := []Target{{"ops", "C1", 0}, {"ops", "", 1}, {"archive", "", 1}}
	if got := table.Match(&event.Event{}); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
