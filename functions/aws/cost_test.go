package main

import "testing"

// TestProcessCallsOfAnEvent pins what an event to one sink asks of the services
// in queue mode: "What it costs" in the README counts on it. How the table's
// calls split into writes and reads is pinned in pkg/relay.
func TestProcessCallsOfAnEvent(t *testing.T) {
	l := newLine(t)
	l.config = goodConfig // with the rate that Slack has by default
	l.start()
	l.post(1)
	l.run()
	l.want(1, 0, 0)
	for _, c := range []struct {
		what      string
		got, want int
	}{
		{"DynamoDB: 6 writes, 2 reads", l.table.Calls(), 8},
		{"items left to expire", len(l.table.Items()), 4},
		{"SQS: one send; Lambda itself receives and deletes", l.sqs.Calls(), 1},
		{"Secrets Manager, receive", l.receive.secrets.Calls(), 1},
		{"Secrets Manager, deliver", l.deliver.secrets.Calls(), 1},
	} {
		if c.got != c.want {
			t.Errorf("%s: %d calls, want %d", c.what, c.got, c.want)
		}
	}
	l.post(1) // nothing is asked for again that is known
	if got := l.receive.secrets.Calls(); got != 1 {
		t.Errorf("a second event makes it %d secrets", got)
	}
}
