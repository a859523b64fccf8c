package slack

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/sigpost/sigpost/pkg/event"
)

// turn makes a first message show that its subject is resolved or open again: in
// the colour and with the glyph of that, and with a line that says what did it.
func (d drawer) turn(m *message, e *event.Event) {
	now := settled(e)
	glyph, color := now.Severity.Glyph(), now.Color()
	m.Text = reglyphed(m.Text, glyph)
	if len(m.Blocks) > 0 && m.Blocks[0].Text != nil {
		t := *m.Blocks[0].Text
		t.Text = reglyphed(t.Text, glyph)
		m.Blocks[0].Text = &t
	}
	if len(m.Attachments) == 0 {
		m.Attachments = []attachment{{}}
	}
	a := &m.Attachments[0]
	a.Color = color
	if d.attachment {
		a.Title, a.Fallback = reglyphed(a.Title, glyph), reglyphed(a.Fallback, glyph)
		a.Fields = append(a.Fields, attachmentField{Title: turnedWord(e), Value: turnedBy(e)})
		return
	}
	a.Blocks = append(a.Blocks, contextLine(turnedLine(e, glyph)))
}

// settled is e as a resolved subject's: a success, unless it is muted.
func settled(e *event.Event) *event.Event {
	if e.State != event.StateResolved {
		return e
	}
	s := *e
	s.Severity = event.Success
	return &s
}

func turnedWord(e *event.Event) string {
	if e.State == event.StateResolved {
		return "Resolved"
	}
	return "Open again"
}

// turnedBy is what e is and who did it, as plain text.
func turnedBy(e *event.Event) string {
	s := escaped(title(e), titleLimit)
	if who := escaped(line(e.Actor.Name), nameLimit); who != "" {
		s += " · " + who
	}
	return s
}

// turnedLine is the same as a line of blocks, with the time.
func turnedLine(e *event.Event, glyph string) string {
	s := glyph + " " + link(title(e), e.URL, titleLimit)
	if who := link(e.Actor.Name, e.Actor.URL, nameLimit); who != "" {
		s += " · " + who
	}
	if when := date(e.Time); when != "" {
		s += " · " + when
	}
	return s
}

var glyphs = []string{event.Error.Glyph(), event.Warning.Glyph(), event.Success.Glyph(), event.Info.Glyph()}

// reglyphed is s with another glyph at its beginning, if one is there.
func reglyphed(s, glyph string) string {
	_, n := utf8.DecodeRuneInString(s)
	if !slices.Contains(glyphs, s[:n]) || !strings.HasPrefix(s[n:], " ") {
		return s
	}
	return glyph + s[n:]
}

// withoutImages tells whether there were images, and takes them out.
func (m *message) withoutImages() bool {
	before := m.blocks()
	image := func(b block) bool { return b.Type == "image" }
	m.Blocks = slices.DeleteFunc(m.Blocks, image)
	for i := range m.Attachments {
		m.Attachments[i].Blocks = slices.DeleteFunc(m.Attachments[i].Blocks, image)
	}
	return m.blocks() < before
}

func (m *message) blocks() int {
	n := len(m.Blocks)
	for _, a := range m.Attachments {
		n += len(a.Blocks)
	}
	return n
}
