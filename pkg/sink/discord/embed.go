package discord

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/markdown"
	"github.com/sigpost/sigpost/pkg/sink"
)

// plan is how much a message may hold.
type plan struct {
	total   int // characters of all texts
	excerpt int // of the body, as a reader sees it
	lists   int
	picture bool
}

var (
	full    = plan{total: totalLimit, excerpt: 800, lists: 8, picture: true}
	reduced = plan{total: totalLimit / 4, excerpt: 200, lists: 3}
)

// budget pays for texts while there are characters left.
type budget struct{ left int }

// spend pays for s and tells whether there is something to show and it fits.
func (b *budget) spend(parts ...string) bool {
	n := 0
	for _, s := range parts {
		n += length(s)
	}
	if n == 0 || n > b.left {
		return false
	}
	b.left -= n
	return true
}

// draw spends p on e: what names the event first, then facts, then lists and text.
func (s *Sink) draw(e *event.Event, p plan) message {
	b := &budget{p.total}
	em := embed{Title: safe(e.Severity.Glyph()+" "+title(e), titleLimit), URL: sink.WebURL(e.URL, linkLimit), Color: colour(e)}
	b.spend(em.Title)
	if f := plain(foot(e), 2*nameLimit); b.spend(f) {
		em.Footer = &footer{f}
	}
	em.Timestamp = stamp(e.Time)
	if !e.Quiet {
		if name, url := whereAndWho(e); b.spend(name) {
			em.Author = &author{name, url}
		}
		em.Fields = b.fields(e.Fields)
		em.Description = b.description(e, p)
		if e.Gauge != nil && p.picture {
			em.Image = &image{"attachment://" + fileName}
		}
	}
	m := message{Embeds: []embed{em}}
	m.Content, m.Allowed = s.called(e)
	return m
}

// linkLimit is the most bytes of an embed's url: https://docs.discord.com/developers/resources/message#embed-object
// names none, and 2,048 is what was seen to be taken.
const linkLimit = 2048

// title is the headline's words, never empty.
func title(e *event.Event) string {
	for _, s := range []string{e.Title, e.Type, e.Product, e.Source} {
		if s = line(s); s != "" {
			return s
		}
	}
	return "Event"
}

func colour(e *event.Event) int64 {
	n, err := strconv.ParseInt(strings.TrimPrefix(e.Color(), "#"), 16, 64)
	if err != nil { // the colours are constants
		return 0
	}
	return n
}

// stamp is the time, which Discord shows in the reader's zone; empty where a
// reader has no use of it.
func stamp(t time.Time) string {
	if t.Unix() <= 0 || t.UTC().Year() > 9999 {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// whereAndWho is place and actor in one line, which leads to the first that
// leads anywhere.
func whereAndWho(e *event.Event) (name, url string) {
	var parts []string
	for _, l := range []event.Link{e.Where(), e.Who()} {
		if s := plain(l.Name, nameLimit); s != "" {
			parts = append(parts, s)
			if url == "" {
				url = sink.WebURL(l.URL, linkLimit)
			}
		}
	}
	return strings.Join(parts, " · "), url
}

// foot is the product, and of a quiet event also where and who.
func foot(e *event.Event) string {
	product := line(e.Product)
	if product == "" {
		product = line(e.Source)
	}
	if !e.Quiet {
		return product
	}
	name, _ := whereAndWho(e)
	return strings.Trim(strings.Join([]string{name, product}, " · "), " ·")
}

// fields draws the facts, short ones beside each other (Discord puts three in a
// row), and says how many it left out.
func (b *budget) fields(fields []event.Field) (out []field) {
	more := 0
	for _, f := range fields {
		name, value := safe(f.Name, nameLimit), link(f.Value, f.URL, valueLimit)
		if length(value) > fieldValueLimit { // without its address it is shorter
			value = safe(f.Value, valueLimit)
		}
		if value == "" {
			continue
		}
		if name == "" {
			name = zeroWidth // neither may be empty
		}
		if len(out) == sink.MaxFacts || more > 0 || !b.spend(name, value) {
			more++
			continue
		}
		out = append(out, field{name, value, f.Short})
	}
	if more > 0 {
		words := "and " + strconv.Itoa(more) + " more field"
		if more > 1 {
			words += "s"
		}
		if b.spend(zeroWidth, words) {
			out = append(out, field{Name: zeroWidth, Value: words})
		}
	}
	return out
}

// description is the gauge in words, the lists and the body.
func (b *budget) description(e *event.Event, p plan) string {
	room := &budget{min(b.left, descriptionLimit)}
	var parts []string
	add := func(s string) {
		if s != "" && room.spend(s, "\n") {
			parts = append(parts, s)
		}
	}
	if g := e.Gauge; g != nil {
		add("**" + safe(gaugeWords(g), nameLimit) + "**")
	}
	for i, l := range e.Lists {
		if i == p.lists {
			add(fmt.Sprintf("-# and %d more lists", len(e.Lists)-i))
			break
		}
		add(list(l, room.left-1))
	}
	if room.left > worthLimit {
		s := sink.Draw(e.Text, dialect, markdown.Limit{Lines: sink.ExcerptLines, Text: p.excerpt, Size: room.left - 1})
		if strings.TrimSpace(s) != "" {
			add(strings.TrimRight(s, " \n\t"))
		}
	}
	s := strings.Join(parts, "\n")
	b.spend(s)
	return s
}

// gaugeWords is the gauge for who can't see it.
func gaugeWords(g *event.Gauge) string {
	label := line(g.Label)
	if label == "" {
		label = "Score"
	}
	return fmt.Sprintf("%s %d of %d", sink.Cut(label, nameLimit/2), g.Value, g.Max)
}
