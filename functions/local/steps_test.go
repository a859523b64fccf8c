package main

import (
	"errors"
	"strings"
	"testing"

	"github.com/sigpost/sigpost/pkg/config"
	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/relay"
)

// The inbox gets each request of a delivery, with what became of it.
func TestInboxGetsEveryStep(t *testing.T) {
	e, s := &event.Event{Title: "CI failed"}, config.Sink{Name: "ops", Type: "slack"}
	first := relay.Step{ContentType: "application/json", Body: []byte(`{"ts":"1.2"}`), Err: errors.New("edit_window_closed")}
	for name, tt := range map[string]struct {
		d    relay.Delivery
		want string
	}{
		"nothing to post": {relay.Delivery{}, ""},
		"one":             {relay.Delivery{Body: []byte("b")}, "b delivered"},
		"no secret":       {relay.Delivery{Err: errors.New("no token")}, " failed: no token"},
		"two":             {relay.Delivery{Steps: []relay.Step{first}, Body: []byte("b")}, `{"ts":"1.2"} failed: edit_window_closed, b delivered`},
	} {
		tt.d.Event, tt.d.Sink = e, s
		var got []string
		for _, m := range messages(tt.d) {
			if m.Sink != "ops" || m.Type != "slack" || m.Event.Title != e.Title {
				t.Errorf("%s: %+v", name, m)
			}
			got = append(got, string(m.Body)+" "+m.Status)
		}
		if strings.Join(got, ", ") != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}
