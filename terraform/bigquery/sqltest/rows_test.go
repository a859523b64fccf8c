package sqltest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/secret"
	"github.com/sigpost/sigpost/pkg/source"
	"github.com/sigpost/sigpost/pkg/source/github"
	"github.com/sigpost/sigpost/pkg/source/scalr"
)

// row is a row of the table. What is empty is NULL.
type row struct {
	DeliveryID   string    `json:"delivery_id,omitempty"`
	ReceivedAt   time.Time `json:"received_at"`
	OccurredAt   time.Time `json:"occurred_at,omitzero"`
	Source       string    `json:"source,omitempty"`
	Kind         string    `json:"kind,omitempty"`
	Type         string    `json:"type,omitempty"`
	Action       string    `json:"action,omitempty"`
	Subject      string    `json:"subject,omitempty"`
	State        string    `json:"state,omitempty"`
	Severity     string    `json:"severity,omitempty"`
	Title        string    `json:"title,omitempty"`
	URL          string    `json:"url,omitempty"`
	Place        string    `json:"place,omitempty"`
	Actor        string    `json:"actor,omitempty"`
	Gauge        *gauge    `json:"gauge,omitempty"`
	Facts        []fact    `json:"facts,omitempty"`
	Payload      string    `json:"payload,omitempty"`
	PayloadBytes int       `json:"payload_bytes,omitempty"`
	PayloadCut   *bool     `json:"payload_cut,omitempty"`
}

type gauge struct {
	Label string `json:"label"`
	Value int    `json:"value"`
	Min   int    `json:"min"`
	Max   int    `json:"max"`
}

type fact struct {
	Name  string `json:"name"`
	Value string `json:"value"`
	URL   string `json:"url,omitempty"`
}

// rowOf is the row of an event, as schema.json describes it.
func rowOf(e *event.Event, received time.Time) row {
	r := row{
		DeliveryID: e.ID, ReceivedAt: received.UTC(), OccurredAt: e.Time.UTC(),
		Source: e.Source, Kind: e.Kind, Type: e.Type, Subject: e.Key,
		State: string(e.State), Severity: string(e.Severity),
		Title: e.Title, URL: e.URL, Place: e.Place.Name, Actor: e.Actor.Name,
		PayloadBytes: len(e.Raw),
	}
	if i := strings.IndexAny(e.Type, ".:"); i >= 0 {
		r.Action = e.Type[i+1:]
	}
	if g := e.Gauge; g != nil {
		r.Gauge = &gauge{g.Label, g.Value, g.Min, g.Max}
	}
	for _, f := range e.Fields {
		r.Facts = append(r.Facts, fact{f.Name, f.Value, f.URL})
	}
	if json.Valid(e.Raw) {
		cut := false
		r.Payload, r.PayloadCut = string(e.Raw), &cut
	}
	return r
}

// withoutPayload is the row as a sink with payload: false writes it.
func (r row) withoutPayload() row {
	r.Payload, r.PayloadCut = "", nil
	return r
}

func (r row) received(at time.Time) row {
	r.ReceivedAt = at
	return r
}

// from is the row as another source would have it.
func (r row) from(source string) row {
	r.Source = source
	return r
}

// at is a moment, by hours since a morning in March.
func at(hours float64) time.Time {
	return time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC).Add(time.Duration(hours * float64(time.Hour)))
}

func stamp(hours float64) string { return at(hours).Format(time.RFC3339) }

// object is a part of a payload.
type object map[string]any

var deliveries int

// delivery is an id that no other call returns.
func delivery() string {
	deliveries++
	return fmt.Sprintf("delivery-%d", deliveries)
}

// parse makes the row of a payload, with the source that makes it in earnest. It
// is received a minute after it happened.
func parse(t *testing.T, kind string, src source.Source, header http.Header, payload object) row {
	t.Helper()
	body, err := json.Marshal(payload)
	if err != nil {
		t.Fatal(err)
	}
	header.Set("Content-Type", "application/json")
	parsed, err := src.Parse(&source.Request{Header: header, Body: body})
	if err != nil || len(parsed.Events) != 1 {
		t.Fatalf("%v: %v", err, parsed.Events)
	}
	e := parsed.Events[0]
	e.ID, e.Source, e.Kind, e.Raw = delivery(), kind, kind, body
	return rowOf(&e, e.Time.Add(time.Minute))
}

func gitHub(t *testing.T, name string, payload object) row {
	t.Helper()
	src, err := github.New(github.Config{Secrets: []secret.Handle{secret.Fixed("not-a-secret")}})
	if err != nil {
		t.Fatal(err)
	}
	if payload["repository"] == nil {
		payload["repository"] = repository("acme/api")
	}
	payload["sender"] = object{"login": "octocat", "html_url": "https://github.com/octocat"}
	return parse(t, github.Type, src, http.Header{"X-Github-Event": {name}}, payload)
}

func repository(name string) object {
	return object{"full_name": name, "html_url": "https://github.com/" + name}
}

func scalrRun(t *testing.T, name, id, environment string, started, ended float64, status string) row {
	t.Helper()
	src, err := scalr.New(scalr.Config{Secrets: []secret.Handle{secret.Fixed("not-a-secret")}})
	if err != nil {
		t.Fatal(err)
	}
	const layout = "2006-01-02T15:04:05" // without a zone, as Scalr writes it
	return parse(t, scalr.Type, src, http.Header{}, object{
		"event-name": name,
		"run": object{
			"id": id, "status": status, "created-at": at(started).Format(layout), "updated-at": at(ended).Format(layout),
			"url":        "https://example.scalr.io/v2/e/" + environment + "/workspaces/network/runs/" + id + "/",
			"created-by": object{"username": "octocat"},
		},
		"workspace":   object{"id": "ws-" + environment + "-network", "name": "network"},
		"environment": object{"id": "env-" + environment, "name": environment},
	})
}
