package relay

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sigpost/sigpost/pkg/config"
	"github.com/sigpost/sigpost/pkg/secret"
)

// to is what a receiver got.
func (d *duty) to(name string) (list []received) {
	for _, r := range d.got {
		if r.url == "https://hooks.example.com/"+name {
			list = append(list, r)
		}
	}
	return list
}

func TestRawBodiesArriveWholeOrNotAtAll(t *testing.T) {
	for _, c := range []struct {
		queued bool
		limit  int
		want   int
	}{{false, 0, 1}, {true, 1 << 20, 1}, {true, 3000, 0}} {
		d := newDuty(t, c.queued, c.limit)
		_, body := d.send("issues.opened")
		got := d.to("raw")
		if len(got) != c.want || len(got) == 1 && got[0].body != string(body) {
			t.Errorf("%v: %d messages", c, len(got))
		}
		if len(d.to("hook")) != 1 {
			t.Errorf("%v: %d CloudEvents", c, len(d.to("hook")))
		}
		if c.want == 1 {
			continue
		}
		dead := d.queue.Dead()
		if len(dead) != 1 || dead[0].Sink != "raw" || !strings.Contains(dead[0].Reason, fmt.Sprintf("has %d bytes", len(body))) {
			t.Errorf("dead are %v", dead)
		}
	}
}

func TestASignedEventKeepsItsID(t *testing.T) {
	d := newDuty(t, true, 1<<20)
	var tried []http.Header
	broken := true
	d.answer = func(r received) (int, string) {
		if !strings.HasSuffix(r.url, "/hook") {
			return http.StatusOK, ""
		}
		tried = append(tried, r.header)
		if broken {
			return http.StatusBadGateway, ""
		}
		return http.StatusOK, ""
	}
	d.send("issues.opened")
	broken = false
	d.now = d.now.Add(time.Hour)
	d.work()
	if len(tried) < 2 {
		t.Fatal("it was not tried again")
	}
	first, last := tried[0], tried[len(tried)-1]
	if first.Get("Webhook-Id") == "" || first.Get("Webhook-Id") != last.Get("Webhook-Id") ||
		first.Get("Webhook-Timestamp") == last.Get("Webhook-Timestamp") || first.Get("Webhook-Signature") == last.Get("Webhook-Signature") {
		t.Errorf("%v\n%v", first, last)
	}
	if last.Get("Authorization") != "Bearer "+hidden+"-bearer" || !strings.HasPrefix(last.Get("Content-Type"), "application/cloudevents+json") {
		t.Errorf("%v", last)
	}
}

func TestConfigurationsOfPagersAndHooksAreChecked(t *testing.T) {
	text := `sources:
  github: { type: github, secrets: [secret://github] }
sinks:
  pager:
    type: pagerduty
    key: hiddenroutingkeyhiddenroutingkey
    url: http://example.com
    trigger: [error, dire]
    changes:
      - { events: ["["] }
    acknowledge: "*.assigned"
  hook:
    type: generic
    url: https://example.com
    format: xml
    bearer: hidden-word
    signing: secret://signing
    headers:
      webhook-id: x
routes:
  - { to: [pager, hook] }
`
	_, err := config.Parse("sigpost.yaml", []byte(text), nil)
	if err == nil {
		t.Fatal("accepted")
	}
	got := err.Error()
	for _, want := range []string{
		"sigpost.yaml:6: sinks.pager.key: holds a secret",
		"sigpost.yaml:7: sinks.pager.url: ",
		"sigpost.yaml:8: sinks.pager.trigger[1]: ",
		"sigpost.yaml:10: sinks.pager.changes[0].events[0]: ",
		"sigpost.yaml:11: sinks.pager.acknowledge: must be a list",
		"sigpost.yaml:15: sinks.hook.format: unknown format",
		"sigpost.yaml:16: sinks.hook.bearer: holds a secret",
		"sigpost.yaml:19: sinks.hook.headers.webhook-id: must be removed: signing sets it",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q", want)
		}
	}
	if strings.Contains(got, hidden) || strings.Contains(got, dutyKey) || t.Failed() {
		t.Errorf("problems are:\n%s", got)
	}
	store := secret.NewLocal(func(string) (string, bool) { return "", false }, map[string]string{
		"SIGPOST_SECRET_GITHUB": hidden, "SIGPOST_SECRET_ROUTING": "hidden-but-short", "SIGPOST_SECRET_BEARER": hidden + " x", "SIGPOST_SECRET_SIGNING": dutySign,
	})
	c, err := config.Parse("sigpost.yaml", []byte(dutyConfig), store)
	if err != nil {
		t.Fatal(err)
	}
	got = errors.Join(c.Resolve(t.Context())).Error()
	if !strings.Contains(got, "sigpost.yaml:5: sinks.pager.key: is no routing key") || !strings.Contains(got, "sinks.hook.bearer: must be a token") || strings.Contains(got, "hidden") {
		t.Errorf("problems are:\n%s", got)
	}
}
