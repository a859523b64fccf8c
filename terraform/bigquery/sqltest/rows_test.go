package sqltest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"testing"
	"time"

	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/secret"
	"github.com/sigpost/sigpost/pkg/sink/bigquery"
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

// rowOf is the row that the sink inserts of an event.
func rowOf(t *testing.T, e *event.Event, received time.Time, payload bool) row {
	t.Helper()
	s, err := bigquery.New(bigquery.Config{Project: "acme-prod", Dataset: "sigpost", Payload: &payload})
	if err != nil {
		t.Fatal(err)
	}
	e.Received = received
	var inserted struct {
		Rows []struct{ JSON json.RawMessage }
	}
	if err := json.Unmarshal(s.Render(e).Body, &inserted); err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(bytes.NewReader(inserted.Rows[0].JSON))
	d.DisallowUnknownFields()
	var r row
	if err := d.Decode(&r); err != nil {
		t.Fatal(err)
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
	without := rowOf(t, &e, e.Time.Add(time.Minute), false)
	r := rowOf(t, &e, e.Time.Add(time.Minute), true)
	if !reflect.DeepEqual(without, r.withoutPayload()) {
		t.Errorf("without payload the sink inserts %+v", without)
	}
	return r
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
