package pagerduty

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/sink"
)

// limits are how much of an event the details of an alert hold, so that a huge
// one doesn't become a huge alert.
type limits struct {
	facts, lists, items int
	value, excerpt      int // characters
}

var full = limits{facts: 50, lists: 10, items: 50, value: 1000, excerpt: 4000}

// maxKey is how many characters a key of the details has.
const maxKey = 64

// shortened is one part in so many of l.
func (l limits) shortened(part int) limits {
	return limits{l.facts / part, l.lists / part, l.items / part, l.value / part, l.excerpt / part}
}

// details are the custom details: an object whose keys keep their order.
type details []detail

type detail struct {
	key   string
	value any // string, int or []string
}

// MarshalJSON writes the object. The line ends in it go when it becomes a part of
// another.
func (d details) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	for i := range d {
		b.WriteByte("{,"[min(i, 1)])
		if err := enc.Encode(&d[i].key); err != nil {
			return nil, err
		}
		b.WriteByte(':')
		if err := enc.Encode(d[i].value); err != nil {
			return nil, err
		}
	}
	if len(d) == 0 {
		b.WriteByte('{')
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// own are the keys that mean the same in every event. A fact of that name gets
// a number.
var own = []string{"excerpt", "actor", "place", "sender", "event_type", "event_id"}

// detailsOf is what e says beside its headline: facts, gauge and lists under
// their own names, then what every event has.
func detailsOf(e *event.Event, l limits) details {
	d := make(details, 0, min(len(e.Fields), l.facts)+min(len(e.Lists), l.lists)+1+len(own))
	add := func(title string, v any) { d = append(d, detail{d.free(cmp.Or(snake(title), "detail")), v}) }
	for _, f := range e.Fields[:min(len(e.Fields), l.facts)] {
		if v := sink.Cut(sink.Line(f.Value), l.value); v != "" && strings.TrimSpace(f.Name) != "" {
			add(f.Name, v)
		}
	}
	if g := e.Gauge; g != nil && sink.Line(g.Label) != "" {
		add(g.Label, g.Value)
	}
	for _, list := range e.Lists[:min(len(e.Lists), l.lists)] {
		if items := itemsOf(list, l); len(items) > 0 {
			add(cmp.Or(sink.Line(list.Name), "items"), items)
		}
	}
	excerpt := ""
	if l.excerpt > 0 {
		excerpt = sink.Excerpt(e.Text, l.excerpt)
	}
	for i, v := range []string{
		excerpt, sink.Line(e.Actor.Name), sink.Line(e.Place.Name),
		sink.Line(e.Product), sink.Line(e.Type), sink.Line(delivery(e)),
	} {
		if v = sink.Cut(v, max(l.value, l.excerpt)); v != "" {
			d = append(d, detail{own[i], v})
		}
	}
	return d
}

// free is key, with a number if it is used.
func (d details) free(key string) string {
	out := key
	for n := 2; d.uses(out); n++ {
		out = key + "_" + strconv.Itoa(n)
	}
	return out
}

func (d details) uses(key string) bool {
	return slices.Contains(own, key) || slices.ContainsFunc(d, func(x detail) bool { return x.key == key })
}

// snake is a name in snake case: "New issues" is "new_issues".
func snake(s string) string {
	var b strings.Builder
	gap := false
	n := 0
	for _, r := range sink.Line(s) {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			gap = b.Len() > 0
			continue
		}
		if gap {
			b.WriteByte('_')
			n++
		}
		if n++; n > maxKey {
			break
		}
		gap = false
		b.WriteRune(unicode.ToLower(r))
	}
	return strings.Trim(b.String(), "_")
}

func itemsOf(list event.List, l limits) (items []string) {
	more := max(list.Omitted, 0)
	for i, it := range list.Items {
		if i == l.items {
			more += len(list.Items) - i
			break
		}
		if s := sink.Cut(itemText(it), l.value); s != "" {
			items = append(items, s)
		}
	}
	if more > 0 && len(items) > 0 {
		items = append(items, "and "+strconv.Itoa(more)+" more")
	}
	return items
}

// itemText is "label: text (note). Resolution: detail" on one line, and of a
// commit "abc1234 subject — author".
func itemText(it event.Item) string {
	label, text, note, detail := sink.Line(it.Label), sink.Line(it.Text), sink.Line(it.Note), sink.Line(it.Detail)
	if it.Code {
		return join(" — ", join(" ", label, text), note)
	}
	s := join(": ", label, text)
	if note != "" {
		s = join(" ", s, "("+note+")")
	}
	if detail != "" {
		s = join(". ", strings.TrimRight(s, "."), "Resolution: "+detail)
	}
	return s
}

// join joins two texts, if there are two.
func join(sep, a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + sep + b
}
