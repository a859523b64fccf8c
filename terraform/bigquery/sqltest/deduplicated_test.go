package sqltest

import (
	"slices"
	"testing"
)

func TestDeliveryIsKeptOnceAsItWasFirstReceived(t *testing.T) {
	first := row{DeliveryID: "a", Source: "github", Kind: "github", Severity: "info", Title: "first", ReceivedAt: at(1), OccurredAt: at(1)}
	again, late := first, first
	again.Title, again.ReceivedAt = "inserted again", at(1.5)
	late.Title, late.ReceivedAt, late.OccurredAt = "sent again", at(30), at(0)
	other := first
	other.DeliveryID, other.Title = "b", "another"
	for _, rows := range permutations([]row{first, again, late, other}) {
		equal(t, read(t, "events_deduplicated", rows, "source", "delivery_id", "title"), "github | a | first", "github | b | another")
	}
}

func TestSourcesHaveDeliveriesOfTheirOwn(t *testing.T) {
	one := row{DeliveryID: "1", Source: "github", Kind: "github", Severity: "info", Title: "t", ReceivedAt: at(1)}
	two := row{DeliveryID: "1", Source: "array", Kind: "cloudiq", Severity: "info", Title: "t", ReceivedAt: at(2)}
	equal(t, read(t, "events_deduplicated", []row{one, two, two, one}, "source", "delivery_id"), "array | 1", "github | 1")
}

// Of two rows of the same moment the same one is kept, however they are stored.
func TestTiesAreSettledTheSameWay(t *testing.T) {
	base := row{DeliveryID: "1", Source: "s", Kind: "github", Severity: "info", Title: "t", ReceivedAt: at(1)}
	rows := []row{base}
	for _, change := range []func(*row){
		func(r *row) { r.OccurredAt = at(0) },
		func(r *row) { r.Type = "issues.closed" },
		func(r *row) { r.Subject = "acme/api#1" },
		func(r *row) { r.State = "open" },
		func(r *row) { r.Severity = "error" },
		func(r *row) { r.Title = "u" },
		func(r *row) { r.URL = "https://example.com" },
		func(r *row) { r.Place = "acme/api" },
		func(r *row) { r.Actor = "octocat" },
		func(r *row) { r.PayloadBytes = 7 },
		func(r *row) { cut := true; r.PayloadCut = &cut },
	} {
		r := base
		change(&r)
		rows = append(rows, r)
	}
	columns := []string{"occurred_at", "type", "subject", "state", "severity", "title", "url", "place", "actor", "payload_bytes", "payload_cut"}
	want := read(t, "events_deduplicated", rows, columns...)
	if len(want) != 1 {
		t.Fatalf("%d rows of one delivery", len(want))
	}
	for range 10 {
		shuffle(rows)
		equal(t, read(t, "events_deduplicated", rows, columns...), want...)
	}
	for i := range rows[1:] {
		pair := []row{rows[i], rows[i+1]}
		one := read(t, "events_deduplicated", pair, columns...)
		slices.Reverse(pair)
		equal(t, read(t, "events_deduplicated", pair, columns...), one...)
	}
}

func TestNothingOfARowIsLost(t *testing.T) {
	cut := true
	r := row{
		DeliveryID: "1", ReceivedAt: at(1), OccurredAt: at(0.5), Source: "array", Kind: "cloudiq", Type: "health-issue-change", Action: "x",
		Subject: "POWERMAX-7", State: "open", Severity: "error", Title: "مرحبا 👩‍🚀 \u202eevil", URL: "https://example.com", Place: "p", Actor: "a",
		Gauge: &gauge{"Health score", 64, 0, 100}, Facts: []fact{{"Model", "PowerMax", ""}, {"Branch", "main", "https://example.com"}},
		Payload: `{"a":null,"b":["x…"]}`, PayloadBytes: 12000000, PayloadCut: &cut,
	}
	got := readAll(t, "events_deduplicated", []row{r})
	equal(t, lines(t, got, "title", "gauge", "facts", "payload", "payload_bytes", "payload_cut"),
		`مرحبا 👩‍🚀 `+"\u202e"+`evil | {"label":"Health score","max":100,"min":0,"value":64} | [{"name":"Model","url":null,"value":"PowerMax"},{"name":"Branch","url":"https://example.com","value":"main"}] | {"a":null,"b":["x…"]} | 1.2e+07 | true`)
}
