package queue

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/event/eventtest"
)

// sqsLimit is the smallest limit of the queues that are used: 1 MiB.
const sqsLimit = 1 << 20

var accepted = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func job(e event.Event) Job {
	e.ID, e.Source = "id", "github"
	return Job{Sink: "ops", Event: e, Accepted: accepted}
}

func encode(t *testing.T, j Job) (Item, Job) {
	t.Helper()
	item, err := j.Item(sqsLimit)
	if err != nil {
		t.Fatal(err)
	}
	if len(item.Body) > sqsLimit {
		t.Fatalf("%d bytes, sqsLimit %d", len(item.Body), sqsLimit)
	}
	got, err := Decode(item.Body)
	if err != nil {
		t.Fatal(err)
	}
	return item, got
}

func TestAJobComesBackAsItWas(t *testing.T) {
	for _, c := range eventtest.Canonical() {
		name, e := c.Name, c.Event
		e.Raw = []byte(`{"a":"body"}`)
		j := job(e)
		_, got := encode(t, j)
		j.RawBytes = len(e.Raw)
		want, _ := json.Marshal(j)
		have, _ := json.Marshal(got)
		if !bytes.Equal(want, have) {
			t.Errorf("%s:\n%s\nwant\n%s", name, have, want)
		}
	}
}

func TestHostileEventsFit(t *testing.T) {
	for _, c := range eventtest.Hostile() {
		if _, err := job(c.Event).Item(sqsLimit); err != nil {
			t.Errorf("%s: %v", c.Name, err)
		}
	}
}

func TestAnyEventFitsAndTheRawBodyGoesFirst(t *testing.T) {
	huge := strings.Repeat("é", 5<<20)
	e := event.Event{Title: "small", Raw: []byte(huge)}
	_, got := encode(t, job(e))
	if got.Event.Title != "small" || got.RawBytes != len(huge) || len(got.Event.Raw) < 700<<10 || !strings.HasPrefix(huge, string(got.Event.Raw)) {
		t.Errorf("kept %d of %d bytes", len(got.Event.Raw), got.RawBytes)
	}
	got.Resent++
	if _, again := encode(t, got); again.RawBytes != len(huge) {
		t.Errorf("resent it says that its body had %d bytes, not %d", again.RawBytes, len(huge))
	}
	e = event.Event{
		Title: huge, URL: "https://example.com/" + huge, Key: huge, Text: event.Text{Body: huge}, Recovery: huge, Action: huge,
		Place: event.Link{Name: huge, URL: huge}, Actor: event.Link{Name: huge, URL: huge},
		Original: &event.Original{Title: huge, Text: huge, Fields: fields(3000, huge[:64<<10])}, Fields: fields(3000, huge[:64<<10]), Raw: []byte(huge),
	}
	for range 5 {
		items := make([]event.Item, 2000)
		for i := range items {
			items[i] = event.Item{Label: "l", Text: huge[:2000], Detail: huge[:2000], Note: huge[:2000], URL: "https://example.com/"}
		}
		e.Lists = append(e.Lists, event.List{Name: huge, Items: items})
	}
	before, _ := json.Marshal(e.Lists[0].Items[0])
	item, got := encode(t, job(e))
	if !utf8.Valid(item.Body) || !strings.HasPrefix(got.Event.Title, "éé") || len(got.Event.Lists) == 0 || len(got.Event.Fields) == 0 {
		t.Error("too much is gone")
	}
	if l := got.Event.Lists[0]; len(l.Items)+l.Omitted != 2000 {
		t.Errorf("%d items and %d omitted, of 2000", len(l.Items), l.Omitted)
	}
	if item.Group != job(e).Group() {
		t.Error("the group changed")
	}
	if after, _ := json.Marshal(e.Lists[0].Items[0]); !bytes.Equal(before, after) || len(e.Title) != len(huge) {
		t.Error("the event itself was changed")
	}
	if _, err := job(event.Event{Title: "x"}).Item(50); err == nil {
		t.Error("a job fits in 50 bytes")
	}
}

func fields(n int, s string) []event.Field {
	out := make([]event.Field, n)
	for i := range out {
		out[i] = event.Field{Name: s, Value: s, URL: s}
	}
	return out
}

func TestIDsAndGroups(t *testing.T) {
	base := job(event.Event{Title: "t", Key: "k"})
	change := func(f func(*Job)) Job {
		j := base
		f(&j)
		return j
	}
	same := change(func(j *Job) { j.Event.Title, j.Accepted = "other", accepted.Add(1) })
	if same.ID() != base.ID() || same.Group() != base.Group() {
		t.Error("the same event and sink is another job")
	}
	for what, j := range map[string]Job{
		"event":  change(func(j *Job) { j.Event.ID = "x" }),
		"source": change(func(j *Job) { j.Event.Source = "x" }),
		"sink":   change(func(j *Job) { j.Sink = "x" }),
		"resent": change(func(j *Job) { j.Resent = 1 }),
		"border": change(func(j *Job) { j.Event.Source, j.Event.ID = "githubi", "d" }),
	} {
		if j.ID() == base.ID() {
			t.Errorf("another %s has the same ID", what)
		}
	}
	for what, j := range map[string]Job{
		"key":    change(func(j *Job) { j.Event.Key = "x" }),
		"source": change(func(j *Job) { j.Event.Source = "x" }),
		"sink":   change(func(j *Job) { j.Sink = "x" }),
	} {
		if j.Group() == base.Group() {
			t.Errorf("another %s is in the same group", what)
		}
	}
	a, b := change(func(j *Job) { j.Event.Key = "" }), change(func(j *Job) { j.Event.Key, j.Event.ID = "", "x" })
	if a.Group() == b.Group() {
		t.Error("two events without a subject wait for each other")
	}
}

func TestDecodeRefuses(t *testing.T) {
	for body, want := range map[string]error{
		"": ErrNotAJob, "null": ErrNotAJob, "[]": ErrNotAJob, "{}": ErrNotAJob, `{"version":1}`: ErrNotAJob, "\xff": ErrNotAJob,
		`{"version":0,"sink":"a","event":{"id":"1","source":"s","title":"t"}}`:         ErrNotAJob,
		`{"version":3,"sink":{"new":"shape"}}`:                                         ErrNewer,
		`{"version":3,"sink":"a","event":{"id":"1","source":"s","title":"t"},"new":1}`: ErrNewer,
		`{"version":1,"sink":"a","event":{"id":"","source":"s","title":"t"}}`:          ErrNotAJob,
	} {
		if j, err := Decode([]byte(body)); !errors.Is(err, want) || !reflect.DeepEqual(j, Job{}) {
			t.Errorf("%q: %v, want %v", body, err, want)
		}
	}
}

func FuzzDecode(f *testing.F) {
	item, err := job(event.Event{Title: "t"}).Item(sqsLimit)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(item.Body)
	f.Add([]byte(`{"version":9}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		j, err := Decode(body)
		if err != nil {
			return
		}
		item, err := j.Item(sqsLimit)
		if err != nil || len(item.Body) > sqsLimit {
			t.Fatalf("%d bytes, %v", len(item.Body), err)
		}
		if again, err := Decode(item.Body); err != nil || again.ID() != j.ID() {
			t.Fatalf("it doesn't come back: %v", err)
		}
	})
}
