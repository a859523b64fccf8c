package relay

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/sigpost/sigpost/pkg/deliver"
	"github.com/sigpost/sigpost/pkg/queue"
)

// A receiver that says when it takes more says so to all jobs of its sink, also
// while the one that it said it to still waits for that moment.
func TestAPauseHoldsFromTheAnswerOn(t *testing.T) {
	p := newPlant(t, strings.Replace(plantConfig, "[ops, archive]", "[ops]", 1))
	p.answer = func(_ string, n int) (int, string, error) {
		if n == 1 {
			return 429, "15", nil
		}
		return 200, "", nil
	}
	send := func(sample string) queue.Message {
		t.Helper()
		if status, body := p.send(p.relay, sample); status != 200 {
			t.Fatal(body)
		}
		l, _, ok := p.queue.Take()
		if !ok {
			t.Fatal("no job")
		}
		return l.Message
	}
	first, other := send("issues.opened"), send("push")
	waits := 0
	var during queue.Verdict
	var err error
	p.relay, err = New(p.cfg, Options{
		State: p.state, Queue: p.queue, Now: p.clock, Log: slog.New(slog.NewJSONHandler(&p.log, nil)),
		Client: deliver.New(deliver.Config{Transport: p, Sleep: func(_ context.Context, d time.Duration) error {
			waits++
			during = p.relay.Work(t.Context(), other)
			p.pass(d)
			return nil
		}}),
	})
	if err != nil {
		t.Fatal(err)
	}
	if v := p.relay.Work(t.Context(), first); v.Again || waits != 1 {
		t.Errorf("%+v after %d waits", v, waits)
	}
	if !during.Again || during.After != 15*time.Second {
		t.Errorf("meanwhile another job: %+v", during)
	}
	p.at("ops", 1)
	if v := p.relay.Work(t.Context(), other); v.Again {
		t.Errorf("after it: %+v", v)
	}
	p.at("ops", 2)
}
