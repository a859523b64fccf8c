package discord

import (
	"fmt"
	"strings"

	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/sink"
)

// list draws a list in at most limit characters; see sink.Lines.
func list(l event.List, limit int) string {
	heading := safe(l.Name, nameLimit)
	if heading != "" {
		heading = "**" + heading + "**"
	}
	return sink.Lines(l, limit, heading, length, item, func(n int) string { return fmt.Sprintf("-# and %d more", n) })
}

// item is one line, and one more for what to do about it.
func item(it event.Item) string {
	label := link(it.Label, it.URL, nameLimit)
	if it.Code {
		label = codeLink(it.Label, it.URL)
	}
	body := safe(it.Text, itemLimit)
	if label == "" && body != "" {
		body = link(it.Text, it.URL, itemLimit)
	}
	s, sep := label, " "
	if label != "" && !it.Code {
		sep = ": "
	}
	switch {
	case s == "" && body == "":
		return ""
	case s == "":
		s = body
	case body != "":
		s += sep + body
	}
	if it.Done {
		s = "~~" + s + "~~"
	}
	s = "- " + s
	if note := safe(it.Note, nameLimit); note != "" {
		s += " — " + note
	}
	if detail := safe(it.Detail, itemLimit); detail != "" {
		s += "\n  *Resolution:* " + detail
	}
	return s
}

// codeLink is s in code, as a link if there is an address.
func codeLink(s, url string) string {
	if s = code(sink.Cut(line(s), nameLimit/2)); s == "" {
		return ""
	}
	if u := webURL(url); u != "" && !strings.Contains(s, "://") {
		return "[`" + brackets.Replace(s) + "`](" + u + ")"
	}
	return "`" + s + "`"
}
