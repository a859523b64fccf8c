package github

import (
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/source"
)

// The lengths of names and titles: nothing sensible is longer.
const (
	titleRunes = 250
	nameRunes  = 120
)

// oneLine is s without line breaks, control characters and runs of spaces, cut
// after limit characters.
func oneLine(s string, limit int) string {
	var b strings.Builder
	n, space := 0, false
	for _, c := range s {
		if unicode.IsSpace(c) || unicode.IsControl(c) {
			space = n > 0
			continue
		}
		if n >= limit {
			return b.String() + "…"
		}
		if space {
			b.WriteByte(' ')
			n, space = n+1, false
		}
		b.WriteRune(c)
		n++
	}
	return b.String()
}

// subjectLine is the first line of a commit's message that says something.
func subjectLine(message source.Excerpt) string {
	first, _, _ := strings.Cut(strings.TrimSpace(string(message)), "\n")
	return oneLine(first, titleRunes)
}

// words is an identifier as words: "review_requested" is "review requested".
func words(s string) string { return strings.NewReplacer("_", " ", ".", " ").Replace(s) }

// sentence is s with a capital first letter.
func sentence(s string) string {
	c, size := utf8.DecodeRuneInString(s)
	if size == 0 {
		return ""
	}
	return string(unicode.ToUpper(c)) + s[size:]
}

// about is a headline: what happened, and the name of what it happened to.
func about(what string, title source.Excerpt) string {
	if t := oneLine(string(title), titleRunes); t != "" {
		return what + ": " + t
	}
	return what
}

// numbered is "Issue #7", or "Issue" where the number is missing.
func numbered(noun string, n int64) string {
	if n <= 0 {
		return noun
	}
	return noun + " #" + strconv.FormatInt(n, 10)
}

// join puts the parts that are not empty together.
func join(sep string, parts ...string) string {
	kept := make([]string, 0, len(parts))
	for _, p := range parts {
		if p != "" {
			kept = append(kept, p)
		}
	}
	return strings.Join(kept, sep)
}

// with is prefix and s, or nothing if s is empty.
func with(prefix, s string) string {
	if s == "" {
		return ""
	}
	return prefix + s
}

// count is "1 commit", "3 commits".
func count(n int64, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return strconv.FormatInt(n, 10) + " " + noun
}

// plural is the noun for n things: one, or many.
func plural(n int, one, many string) string {
	if n > 1 {
		return many
	}
	return one
}

// span is the time between two of the sender's times in its two largest units:
// "3 d 4 h"; empty where one is missing or they are out of order.
func span(from, to string) string {
	a, okA := source.ParseTime(from)
	b, okB := source.ParseTime(to)
	if !okA || !okB || b.Before(a) {
		return ""
	}
	d := b.Sub(a)
	switch {
	case d >= 24*time.Hour:
		return units(int64(d/(24*time.Hour)), "d", int64(d%(24*time.Hour)/time.Hour), "h")
	case d >= time.Hour:
		return units(int64(d/time.Hour), "h", int64(d%time.Hour/time.Minute), "min")
	case d >= time.Minute:
		return units(int64(d/time.Minute), "min", int64(d%time.Minute/time.Second), "s")
	}
	return strconv.FormatInt(int64(d/time.Second), 10) + " s"
}

func units(big int64, bigUnit string, small int64, smallUnit string) string {
	s := strconv.FormatInt(big, 10) + " " + bigUnit
	if small > 0 {
		s += " " + strconv.FormatInt(small, 10) + " " + smallUnit
	}
	return s
}

// webURL is u if a reader can follow it, else empty.
func webURL(u string) string {
	if len(u) > 2048 || !strings.HasPrefix(u, "https://") && !strings.HasPrefix(u, "http://") {
		return ""
	}
	if strings.ContainsFunc(u, func(c rune) bool { return unicode.IsControl(c) || unicode.IsSpace(c) }) {
		return ""
	}
	return u
}

// addField adds a fact, if there is one.
func addField(e *event.Event, name, value, url string, short bool) {
	if value = oneLine(value, titleRunes); value != "" {
		e.Fields = append(e.Fields, event.Field{Name: name, Value: value, URL: webURL(url), Short: short})
	}
}

// addFact adds a short fact without a link, if there is one.
func addFact(e *event.Event, name, value string) { addField(e, name, value, "", true) }

// addPerson adds who has a part in it, if someone has.
func addPerson(e *event.Event, name string, a *account) {
	l := a.link()
	addField(e, name, l.Name, l.URL, true)
}

// addAuthor adds who wrote it, if that isn't who acts now.
func addAuthor(e *event.Event, a *account) {
	if l := a.link(); l != e.Actor {
		addField(e, "Author", l.Name, l.URL, true)
	}
}

// addCommit adds a commit of the event's repository, if there is one.
func addCommit(e *event.Event, sha string) {
	url := ""
	if e.Place.URL != "" && sha != "" {
		url = e.Place.URL + "/commit/" + sha
	}
	addField(e, "Commit", short(sha), url, true)
}

// setText sets the body, which GitHub writes in Markdown.
func setText(e *event.Event, body source.Excerpt) {
	if s := strings.TrimSpace(string(body)); s != "" {
		e.Text = event.Text{Body: s, Format: event.Markdown}
	}
}

// setPlain sets a body that is no Markdown.
func setPlain(e *event.Event, body source.Excerpt) {
	if s := strings.TrimSpace(string(body)); s != "" {
		e.Text = event.Text{Body: s}
	}
}

// setTime takes the first of the sender's times that can be read.
func setTime(e *event.Event, times ...string) {
	for _, s := range times {
		if t, ok := source.ParseTime(s); ok {
			e.Time = t
			return
		}
	}
}
