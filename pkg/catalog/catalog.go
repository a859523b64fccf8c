// Package catalog is the list of what sigpost takes in and gives out: one line
// for each source and sink. A new one is its directory, its line here and its
// row in the README. It is the only package that knows them all.
package catalog

import (
	"time"

	"github.com/sigpost/sigpost/pkg/sink"
	"github.com/sigpost/sigpost/pkg/sink/bigquery"
	"github.com/sigpost/sigpost/pkg/sink/discord"
	"github.com/sigpost/sigpost/pkg/sink/generic"
	"github.com/sigpost/sigpost/pkg/sink/pagerduty"
	"github.com/sigpost/sigpost/pkg/sink/slack"
	"github.com/sigpost/sigpost/pkg/sink/teams"
	"github.com/sigpost/sigpost/pkg/source"
	"github.com/sigpost/sigpost/pkg/source/certifyclouds"
	"github.com/sigpost/sigpost/pkg/source/cloudiq"
	"github.com/sigpost/sigpost/pkg/source/cloudtruth"
	"github.com/sigpost/sigpost/pkg/source/github"
	"github.com/sigpost/sigpost/pkg/source/scalr"
)

// Source is a type of source.
type Source struct {
	Type    string        // as in the configuration, and its package's name
	Product string        // the sender's own name, for people
	Wait    time.Duration // how long the sender waits for an answer; 0 if it is polled
	// New makes one that posts. It calls decode once, with a pointer to the
	// configuration that it wants filled. It is nil for one that is polled.
	New func(decode func(any) error) (source.Source, error)
	// NewPoller makes one that is polled, as New does, and is nil for others.
	NewPoller func(decode func(any) error) (source.Poller, error)
}

// Sink is a type of sink.
type Sink struct {
	Type    string    // as in the configuration, and its package's name
	Product string    // the receiver's own name, for people
	Rate    sink.Rate // what it takes, unless the configuration says otherwise
	// New is as in Source.
	New func(decode func(any) error) (sink.Sink, error)
}

// Sources is every type of source, by Type.
var Sources = []Source{
	{certifyclouds.Type, certifyclouds.Product, certifyclouds.Wait, newSource(certifyclouds.New), nil},
	{cloudiq.Type, cloudiq.Product, cloudiq.Wait, newSource(cloudiq.New), nil},
	{cloudtruth.Type, cloudtruth.Product, 0, nil, newPoller(cloudtruth.New)},
	{github.Type, github.Product, github.Wait, newSource(github.New), nil},
	{scalr.Type, scalr.Product, scalr.Wait, newSource(scalr.New), nil},
}

// Sinks is every type of sink, by Type.
var Sinks = []Sink{
	{bigquery.Type, "BigQuery", sink.Rate{}, newSink(bigquery.New)},
	{discord.Type, "Discord", discord.Rate, newSink(discord.New)},
	{generic.Type, "Any HTTP endpoint (JSON)", sink.Rate{}, newSink(generic.New)},
	{pagerduty.Type, "PagerDuty", pagerduty.Rate, newSink(pagerduty.New)},
	{slack.Type, "Slack", slack.Rate, newSink(slack.New)},
	{teams.Type, "Microsoft Teams", teams.Rate, newSink(teams.New)},
}

// Imports read senders' own descriptions of what they notify of, by Type: file
// is the document's name in problems, and the result a configuration as YAML.
var Imports = map[string]func(file string, data []byte) ([]byte, error){
	cloudtruth.Type: cloudtruth.Import,
}

func newSource[C any, S source.Source](build func(C) (S, error)) func(func(any) error) (source.Source, error) {
	return func(decode func(any) error) (source.Source, error) {
		s, err := construct(decode, build)
		if err != nil {
			return nil, err
		}
		return s, nil
	}
}

func newPoller[C any, P source.Poller](build func(C) (P, error)) func(func(any) error) (source.Poller, error) {
	return func(decode func(any) error) (source.Poller, error) {
		p, err := construct(decode, build)
		if err != nil {
			return nil, err
		}
		return p, nil
	}
}

func newSink[C any, S sink.Sink](build func(C) (S, error)) func(func(any) error) (sink.Sink, error) {
	return func(decode func(any) error) (sink.Sink, error) {
		s, err := construct(decode, build)
		if err != nil {
			return nil, err
		}
		return s, nil
	}
}

func construct[C, T any](decode func(any) error, build func(C) (T, error)) (T, error) {
	var c C
	if err := decode(&c); err != nil {
		var none T
		return none, err
	}
	return build(c)
}
