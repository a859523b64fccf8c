package main

import (
	"context"
	"strings"
	"testing"
	"time"
)

// TestProcessQueueKilled kills the instance while it delivers: the job comes
// back, is delivered, and those that had been done are not posted again.
func TestProcessQueueKilled(t *testing.T) {
	l := newLine(t)
	f := l.start()
	l.post(1)
	batch := l.sqs.Batch(l.env["SIGPOST_QUEUE_URL"], 10)
	if o := f.invoke(batch, patience); o.Failed { // done, but SQS never hears of it
		t.Fatalf("%s", o.Body)
	}
	l.want(1, 1, 0)
	goOn := f.chat.stall()
	l.post(3)
	hung := make(chan error)
	go func() {
		_, err := f.runtime.Invoke(t.Context(), l.sqs.Batch(l.env["SIGPOST_QUEUE_URL"], 10), 2*time.Second)
		hung <- err
	}()
	eventually(t.Context(), t, func() bool { return f.chat.waiting() > 0 })
	if err := f.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := <-hung; err == nil {
		t.Error("the instance answered though it was killed")
	}
	goOn()
	l.want(1, 4, 0)
	chat := f.chat
	f = l.start()
	f.put("slack-ops", chat.hook("first"))
	f.chat = chat
	l.pass(testVisibility)
	l.table.Expire() // the leases of the instance that was killed
	l.run()
	l.want(4, 0, 0)
}

// TestProcessDeadly kills every instance that a job is handed to: it ends among
// the dead, with the reason, and others are delivered.
func TestProcessDeadly(t *testing.T) {
	l := newLine(t)
	l.post(1)
	for received := 1; received <= 11; received++ {
		f := l.start()
		goOn := f.chat.stall()
		ctx, gone := context.WithCancel(t.Context())
		hung := make(chan error)
		go func() {
			_, err := f.runtime.Invoke(ctx, l.sqs.Batch(l.env["SIGPOST_QUEUE_URL"], 10), patience)
			hung <- err
		}()
		eventually(t.Context(), t, func() bool { return f.chat.waiting() > 0 })
		if err := f.cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		gone()
		if err := <-hung; err == nil {
			t.Error("the instance answered though it was killed")
		}
		goOn()
		l.pass(testVisibility)
		l.table.Expire() // the leases of the instance that was killed
	}
	l.start()
	l.run()
	l.want(0, 0, 1)
	if d := l.dead()[0]; !strings.Contains(d.Reason, "ended without an answer 10 times") || d.Sink != "ops" {
		t.Errorf("buried %+v", d)
	}
	l.deliver.logged(`"level":"ERROR"`, "job moved to the dead-letter queue", "ended without an answer")
	l.post(1)
	l.run()
	l.want(1, 0, 1)
}
