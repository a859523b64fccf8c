package slack

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/markdown"
	"github.com/sigpost/sigpost/pkg/sink"
)

// More lists than a reader takes in are left out.
const (
	shownLists  = 8
	usualBlocks = 8 // of a message, so that they are allocated once
)

// drawBlocks spends the size's characters on e. The headline stands above the
// coloured bar: Slack shows a message's text only where it has no blocks of
// its own, so it serves notifications and isn't shown twice.
func drawBlocks(e *event.Event, sz size) message {
	b := &builder{left: sz.total, blocks: make([]block, 0, usualBlocks)}
	head := b.take(headline(e, sz.reply))
	// The end of the message is short and has to fit.
	end := footer(e)
	open := openButton(e)
	b.left -= length(end) + buttonLimit
	if !e.Quiet {
		b.body(e, sz)
		if open != nil && !sz.reply {
			b.add(block{Type: "actions", Elements: []any{*open}})
		}
	}
	if end != "" {
		b.add(contextLine(end))
	}
	m := message{Text: fallback(e), Blocks: []block{head}, UnfurlLinks: no, UnfurlMedia: no}
	m.Attachments = []attachment{{Color: e.Color(), Blocks: b.blocks}}
	if len(b.blocks) == 0 {
		m.Attachments = []attachment{}
	}
	return m
}

// builder collects blocks while there are characters left.
type builder struct {
	blocks []block
	left   int
}

func (b *builder) add(bl block) { b.blocks = append(b.blocks, bl) }

// take pays for a block and returns it.
func (b *builder) take(bl block) block {
	if bl.Text != nil {
		b.left -= length(bl.Text.Text)
	}
	return bl
}

// spend pays for s and tells whether there is something to show and it fits.
func (b *builder) spend(s string) bool {
	n := length(s)
	if s == "" || n > b.left {
		return false
	}
	b.left -= n
	return true
}

func (b *builder) body(e *event.Event, sz size) {
	if s := whereAndWho(e); b.spend(s) {
		b.add(contextLine(s))
	}
	if e.Gauge != nil {
		if s := gauge(e.Gauge); b.spend(s) {
			b.add(section(s))
		}
		if sz.images {
			b.picture(e.Gauge)
		}
	}
	b.fields(e.Fields)
	for i, l := range e.Lists {
		if i == shownLists {
			b.more(len(e.Lists)-i, "list")
			break
		}
		if s := list(l, min(sectionLimit, b.left)); b.spend(s) {
			b.add(section(s))
		}
	}
	if limit := min(sectionLimit, b.left); limit >= worthLimit {
		s := sink.Draw(e.Text, dialect, markdown.Limit{Lines: sink.ExcerptLines, Text: sz.excerpt, Size: limit})
		if b.spend(s) {
			b.add(section(s))
		}
	}
}

// picture is the gauge's image, with words for those who don't see it.
func (b *builder) picture(g *event.Gauge) {
	if u := sink.WebURL(g.Image, imageURLLimit); u != "" {
		b.add(block{Type: "image", ImageURL: u, AltText: altText(g)})
	}
}

func (b *builder) more(n int, what string) {
	if n > 1 {
		what += "s"
	}
	if s := fmt.Sprintf("and %d more %s", n, what); b.spend(s) {
		b.add(contextLine(s))
	}
}

// fields draws short fields in two columns, and each long one on its own, and
// says how many it left out.
func (b *builder) fields(fields []event.Field) {
	var row []text
	flush := func() {
		if len(row) > 0 {
			b.add(block{Type: "section", Fields: row})
		}
		row = nil
	}
	shown, more := 0, 0
	for _, f := range fields {
		if line(f.Value) == "" {
			continue
		}
		if shown == sink.MaxFacts || more > 0 {
			more++
			continue
		}
		s := field(f)
		if !b.spend(s) {
			more++
			continue
		}
		shown++
		if !f.Short {
			flush()
			b.add(section(s))
			continue
		}
		if row = append(row, mrkdwn(s)); len(row) == maxFields {
			flush()
		}
	}
	flush()
	if more > 0 {
		b.more(more, "field")
	}
}

func field(f event.Field) string {
	value := link(f.Value, f.URL, valueLimit)
	name := safe(line(f.Name), nameLimit)
	if name == "" {
		return value
	}
	return "*" + name + "*\n" + value
}

func title(e *event.Event) string {
	for _, s := range []string{e.Title, e.Type, e.Product, e.Source} {
		if s = line(s); s != "" {
			return s
		}
	}
	return "Event"
}

// fallback is what notifications show and screen readers read.
func fallback(e *event.Event) string {
	named := event.Event{Title: title(e), Place: event.Link{Name: line(e.Place.Name)}}
	return safe(e.Severity.Glyph()+" "+named.Summary(), fallbackLimit)
}

// headline is a header block for an error, whose link is the button, else a
// bold line that is the link. A title too long for a header is a line too, and so
// is every reply's.
func headline(e *event.Event, reply bool) block {
	glyph, words := e.Severity.Glyph(), title(e)
	if e.Severity == event.Error && !e.Quiet && !reply {
		if whole := entities.Replace(glyph + " " + words); length(whole) <= headerLimit {
			t := plain(whole)
			return block{Type: "header", Text: &t}
		}
	}
	s := glyph + " *" + link(words, e.URL, titleLimit) + "*"
	if e.Quiet && !strings.Contains(words, e.Place.Name) {
		if place := link(e.Place.Name, e.Place.URL, nameLimit); place != "" {
			s += " · " + place
		}
	}
	return section(s)
}

// whereAndWho is place and actor.
func whereAndWho(e *event.Event) string {
	var parts []string
	for _, l := range []event.Link{e.Where(), e.Who()} {
		if s := link(l.Name, l.URL, nameLimit); s != "" {
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, " · ")
}

func openButton(e *event.Event) *button {
	u := sink.WebURL(e.URL, buttonURLLimit)
	if u == "" {
		return nil
	}
	words := line(e.Action)
	if words == "" {
		words = "Open"
	}
	return &button{Type: "button", Text: plain(escaped(words, buttonLimit)), URL: u}
}

// lastTime is the end of the year 9999, the last one with four digits.
const lastTime = 253402300799

// unix is the time in seconds, 0 where a reader has no use of it.
func unix(t time.Time) int64 {
	if ts := t.Unix(); ts > 0 && ts <= lastTime {
		return ts
	}
	return 0
}

// footer is the product, and the time in the reader's zone, with today and
// yesterday by name; of a quiet event also who did it:
// https://docs.slack.dev/messaging/formatting-message-text#date-formatting.
func footer(e *event.Event) string {
	s := safe(product(e), nameLimit)
	if e.Quiet {
		who := e.Who()
		if name := link(who.Name, who.URL, nameLimit); name != "" {
			s = strings.TrimSuffix(name+" · "+s, " · ")
		}
	}
	when := date(e.Time)
	if s != "" && when != "" {
		s += " · "
	}
	return s + when
}

// date is a time in the reader's zone, "" if a reader has no use of it.
func date(t time.Time) string {
	ts := unix(t)
	if ts == 0 {
		return ""
	}
	return "<!date^" + strconv.FormatInt(ts, 10) + "^{date_short_pretty} {time}|" + t.UTC().Format("2006-01-02 15:04 UTC") + ">"
}

func product(e *event.Event) string {
	if s := line(e.Product); s != "" {
		return s
	}
	return line(e.Source)
}
