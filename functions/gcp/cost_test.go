package gcp

import "testing"

// TestProcessCallsOfAnEvent pins what an event to one sink asks of the services
// in queue mode: "What it costs" in the README counts on it.
func TestProcessCallsOfAnEvent(t *testing.T) {
	a := newAround(t)
	write(t, a.env["SIGPOST_CONFIG"], goodConfig) // with the rate that Slack has by default
	receive, deliver := a.instance("Receive"), a.instance("Deliver")
	receive.post("hidden-webhook-word", 200)
	if n := a.push(deliver); n != 1 || deliver.chat.count() != 1 {
		t.Fatalf("%d acknowledged, %d messages", n, deliver.chat.count())
	}
	writes := a.state.Commits()
	for _, c := range []struct {
		what      string
		got, want int
	}{
		{"Firestore's writes", writes, 6},
		{"Firestore's reads", a.state.Calls() - writes, 3},
		{"documents that expire, each a delete", len(a.state.Documents()), 4},
		{"publishes", a.pubsub.Calls(), 1},
		{"fetches of Google's keys", a.signer.Asked(), 1},
	} {
		if c.got != c.want {
			t.Errorf("%s: %d, want %d", c.what, c.got, c.want)
		}
	}
}
