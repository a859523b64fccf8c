package bigquery

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/sink"
)

// columns are those of the table, as terraform/bigquery/schema.json has them.
var columns = []string{
	"delivery_id", "received_at", "occurred_at", "source", "kind", "type", "action", "subject", "state",
	"severity", "title", "url", "place", "actor", "gauge", "facts", "payload", "payload_bytes", "payload_cut",
}

// Limits of a row. BigQuery takes 10 MB a row and a request,
// https://cloud.google.com/bigquery/quotas#streaming_inserts; the others keep
// what a query reads small.
const (
	maxBytes     = 9_000_000 // bytes of the request
	maxTitle     = 1_000     // characters of the title
	maxName      = 1_000     // characters of a name: subject, place, actor
	maxFactName  = 200       // characters of a fact's name
	maxValue     = 4_000     // characters of a fact's value
	maxURLBytes  = 8_000     // bytes of a link; a longer one is left out
	maxFacts     = 100       // facts
	reducedFacts = 10        // facts of a reduced row
)

// timeLayout is a TIMESTAMP with all the digits that it keeps.
const timeLayout = "2006-01-02T15:04:05.000000Z"

// The years of a TIMESTAMP,
// https://cloud.google.com/bigquery/docs/reference/standard-sql/data-types#timestamp_type.
const (
	firstYear = 1
	lastYear  = 9999
)

// tail ends a request.
const tail = `}}]}`

// What becomes of the payload.
type keeping int

const (
	payloadKept  keeping = iota
	payloadOff           // the configuration doesn't want it
	payloadGiven         // given up, so that the rest is taken
)

// drawRow is a request that inserts e as one row.
func drawRow(e *event.Event, payload keeping) []byte {
	const head = 2 << 10 // bytes that a row usually has beside its payload
	size := head
	if payload == payloadKept {
		size += min(len(e.Raw)+len(e.Raw)/quotesPart, maxBytes)
	}
	r := row{b: make([]byte, 0, size)}
	r.b = append(r.b, `{"rows":[{"insertId":"`...)
	r.b = append(r.b, insertID(e)...)
	r.b = append(r.b, `","json":{`...)
	r.identity(e)
	r.content(e)
	r.facts(e.Fields)
	r.payload(e, payload)
	return append(r.b, tail...)
}

// quotesPart says how many bytes of JSON there are, about, for one that has to
// be escaped when it becomes a text.
const quotesPart = 5

// insertID is what BigQuery knows a row by that is sent again: the event's id
// within its source.
func insertID(e *event.Event) string {
	sum := sha256.Sum256([]byte(e.Source + "\n" + e.ID))
	return hex.EncodeToString(sum[:16])
}

// row is a row's JSON that is being written.
type row struct{ b []byte }

// name begins a column's value.
func (r *row) name(column string) {
	if last := r.b[len(r.b)-1]; last != '{' && last != '[' {
		r.b = append(r.b, ',')
	}
	r.b = append(append(append(r.b, '"'), column...), '"', ':')
}

// text writes a column that holds something; one that doesn't is NULL.
func (r *row) text(column, s string) {
	if s != "" {
		r.name(column)
		r.b = appendString(r.b, s)
	}
}

// must writes a column that can't be NULL.
func (r *row) must(column, s string) {
	r.name(column)
	r.b = appendString(r.b, s)
}

func (r *row) number(column string, n int) {
	r.name(column)
	r.b = strconv.AppendInt(r.b, int64(n), 10)
}

func line(s string, limit int) string { return sink.Cut(sink.Line(s), limit) }

// identity writes what an event is told apart by.
func (r *row) identity(e *event.Event) {
	r.must("delivery_id", line(e.ID, maxName))
	received := e.Received
	if !keeps(received) {
		received = e.Time
	}
	if !keeps(received) {
		received = time.Unix(0, 0)
	}
	r.name("received_at")
	r.time(received)
	if keeps(e.Time) {
		r.name("occurred_at")
		r.time(e.Time)
	}
	r.must("source", line(e.Source, maxName))
	r.must("kind", line(e.Kind, maxName))
	kind := line(e.Type, maxName)
	r.text("type", kind)
	if i := strings.IndexAny(kind, ".:"); i >= 0 {
		r.text("action", kind[i+1:])
	}
	r.text("subject", line(e.Key, maxName))
}

// keeps tells whether t is a time that a TIMESTAMP can hold.
func keeps(t time.Time) bool {
	y := t.UTC().Year()
	return !t.IsZero() && y >= firstYear && y <= lastYear
}

func (r *row) time(t time.Time) {
	r.b = append(r.b, '"')
	r.b = t.UTC().AppendFormat(r.b, timeLayout)
	r.b = append(r.b, '"')
}

// content writes what a message would say.
func (r *row) content(e *event.Event) {
	switch e.State {
	case event.StateOpen, event.StateUpdate, event.StateResolved:
		r.must("state", string(e.State))
	case event.StateNone:
	}
	severity := e.Severity
	if !slices.Contains(event.Severities, severity) {
		severity = event.Info
	}
	r.must("severity", string(severity))
	r.must("title", title(e))
	r.text("url", sink.WebURL(e.URL, maxURLBytes))
	r.text("place", line(e.Place.Name, maxName))
	r.text("actor", line(e.Actor.Name, maxName))
	if g := e.Gauge; g != nil {
		r.name("gauge")
		r.b = append(r.b, '{')
		r.text("label", line(g.Label, maxFactName))
		r.number("value", g.Value)
		r.number("min", g.Min)
		r.number("max", g.Max)
		r.b = append(r.b, '}')
	}
}

// title is the headline, never empty.
func title(e *event.Event) string {
	for _, s := range []string{e.Title, e.Type, e.Product} {
		if s = line(s, maxTitle); s != "" {
			return s
		}
	}
	return "Event"
}

// facts writes those that have a name and a value.
func (r *row) facts(fields []event.Field) {
	r.name("facts")
	r.b = append(r.b, '[')
	n := 0
	for _, f := range fields {
		name, value := line(f.Name, maxFactName), line(f.Value, maxValue)
		if name == "" || value == "" || n == maxFacts {
			continue
		}
		if n++; n > 1 {
			r.b = append(r.b, ',')
		}
		r.b = append(r.b, '{')
		r.text("name", name)
		r.text("value", value)
		r.text("url", sink.WebURL(f.URL, maxURLBytes))
		r.b = append(r.b, '}')
	}
	r.b = append(r.b, ']')
}

// payload writes what the sender posted, as the text of JSON that a JSON column
// wants, and how much of it that is.
func (r *row) payload(e *event.Event, keep keeping) {
	size := max(e.RawBytes, len(e.Raw))
	if size == 0 {
		return
	}
	const after = 100 // bytes of the columns below, and of the end
	cut := keep == payloadGiven
	if keep == payloadKept {
		begin, ok := len(r.b), false
		r.name("payload")
		r.b = append(r.b, '"')
		if r.b, cut, ok = appendPayload(r.b, e.Raw, e.RawBytes > len(e.Raw), maxBytes-after); ok {
			r.b = append(r.b, '"')
		} else {
			r.b = r.b[:begin]
		}
	}
	r.number("payload_bytes", size)
	if cut {
		r.name("payload_cut")
		r.b = append(r.b, "true"...)
	}
}
