package main

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/sigpost/sigpost/pkg/config"
	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/source"
)

// pictureNote says what a configuration would need for pictures of gauges, if it
// has a source that sends some and sinks that would show them; "" if nothing is
// missing. It is no problem: the messages say the value in words.
func pictureNote(c *config.Config) string {
	if c.Gauge.Addressed() {
		return ""
	}
	from := ""
	for _, s := range c.Sources {
		if sendsGauges(s) {
			from = s.Name
			break
		}
	}
	var to []string
	for _, s := range c.Sinks {
		if takesPictures(s) {
			to = append(to, s.Name)
		}
	}
	if from == "" || len(to) == 0 {
		return ""
	}
	fix := "set gauge.key, and gauge.url or base_url of the Terraform module"
	if c.Gauge != nil {
		fix = "set gauge.url, or base_url of the Terraform module"
	}
	return fmt.Sprintf("note: no pictures of the gauges of %s go to %s: %s", from, strings.Join(to, ", "), fix)
}

// sendsGauges tells whether one of the source's samples makes an event with a gauge.
func sendsGauges(src config.Source) bool {
	for _, name := range source.Samples(src.Type) {
		req, err := source.Sample(src.Type, name)
		if err != nil {
			continue
		}
		events, err := eventsOf(src, req)
		for _, e := range events {
			if err == nil && e.Gauge != nil {
				return true
			}
		}
	}
	return false
}

// takesPictures tells whether a message of the sink has the address of a gauge's
// picture. Generic and BigQuery take all of an event as data.
func takesPictures(s config.Sink) bool {
	const address = "https://example.com/gauge/picture.png"
	e := event.Event{
		ID: "1", Key: "1", Type: "t", Title: "t", Severity: event.Error, State: event.StateOpen, Fields: []event.Field{{Name: "n", Value: "v"}},
		Gauge: &event.Gauge{Label: "g", Value: 1, Max: 100, Severity: event.Error, Warning: 50, Success: 90, Image: address},
	}
	return s.Type != "generic" && s.Type != "bigquery" && bytes.Contains(s.Sink.Render(&e).Body, []byte(address))
}
