package teams

import (
	"regexp"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/sigpost/sigpost/pkg/sink"
)

// zeroWidth parts characters that would mean something side by side.
const zeroWidth = "\u200b"

// markdownMarks is what Teams could read as Markdown anywhere in a text.
// https://learn.microsoft.com/microsoftteams/platform/task-modules-and-cards/cards/cards-format
const markdownMarks = "\\`*_[]()#~>"

// entities are characters by their HTML names, which would show as what they name.
var entities = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`&(#?[0-9A-Za-z]+);`) })

// inert takes the meaning from what isn't Markdown: mentions (<at>), dates
// ({{DATE(…)}}), templates (${…}) and entities (&lt;).
// https://learn.microsoft.com/adaptive-cards/authoring-cards/text-features
func inert(s string) string {
	if !strings.ContainsAny(s, "<{&") {
		return s
	}
	s = entities().ReplaceAllString(s, "&"+zeroWidth+"${1};")
	var b strings.Builder
	var last rune
	for _, r := range s {
		if last == '<' && r != ' ' && r != '=' || r == '{' && (last == '{' || last == '$') {
			b.WriteString(zeroWidth)
		}
		b.WriteRune(r)
		last = r
	}
	return b.String()
}

// bounded is as much of s as may matter to a text of limit characters, so that a
// huge text costs no more than a long one.
func bounded(s string, limit int) string {
	if most := 16 * limit; len(s) > most {
		return strings.ToValidUTF8(s[:most], "") + sink.Ellipsis
	}
	return s
}

// plain is one line for a property that isn't read as Markdown.
func plain(s string, limit int) string {
	return inert(sink.Cut(sink.Line(bounded(s, limit)), limit))
}

// line is one line for a property that is read as Markdown.
func line(s string, limit int) string {
	return escape(sink.Cut(sink.Line(bounded(s, limit)), limit))
}

// escape makes text show as it stands where Markdown is read. A line break
// becomes a paragraph, since Teams joins single lines.
func escape(s string) string {
	var b []byte
	for i, l := range strings.Split(s, "\n") {
		if i > 0 {
			b = append(b, "\n\n"...)
		}
		b = appendEscaped(b, l, '\n')
	}
	return string(b)
}

// appendEscaped is escape for a part of a line behind a character: a line feed
// before the first. Spaces that begin a line don't break, or they would make
// code of it.
func appendEscaped(b []byte, s string, before rune) []byte {
	s = inert(s)
	mark := -1
	if before == '\n' {
		text := strings.TrimLeft(s, " \t")
		indent := strings.ReplaceAll(s[:len(s)-len(text)], "\t", "    ")
		b = append(b, strings.ReplaceAll(indent, " ", "\u00a0")...)
		s, mark = text, listMark(text)
	}
	for i := range len(s) {
		if i == mark || strings.IndexByte(markdownMarks, s[i]) >= 0 {
			b = append(b, '\\')
		}
		b = append(b, s[i])
	}
	return b
}

// listMark is where the line has a mark that would begin a list or a heading's
// underline: "-", "+", "=", or the end of "12." and "12)"; -1 if it has none.
func listMark(l string) int {
	i := len(l) - len(strings.TrimLeft(l, " \t"))
	if i < len(l) && strings.IndexByte("-+=", l[i]) >= 0 {
		return i
	}
	n := i
	for n < len(l) && l[n] >= '0' && l[n] <= '9' {
		n++
	}
	if n > i && n < len(l) && l[n] == '.' {
		return n
	}
	return -1
}

// light escapes for a MessageCard only what would change how a text looks, so
// that a sender's notice stays word for word as it is.
func light(s string, limit int) string {
	s = inert(sink.Cut(strings.TrimSpace(sink.Clean(bounded(s, limit))), limit))
	var b strings.Builder
	for i, l := range strings.Split(s, "\n") {
		if i > 0 {
			b.WriteByte('\n')
		}
		first := len(l) - len(strings.TrimLeft(l, " \t"))
		mark := listMark(l)
		for j, r := range l {
			switch {
			case strings.ContainsRune("\\`*[]~", r),
				j == mark,
				j == first && (r == '#' || r == '>'),
				r == '_' && !insideWord(l, j):
				b.WriteByte('\\')
			}
			b.WriteRune(r)
		}
	}
	return b.String()
}

func insideWord(l string, i int) bool {
	before, _ := utf8.DecodeLastRuneInString(l[:i])
	after, _ := utf8.DecodeRuneInString(l[i+1:])
	return wordRune(before) && wordRune(after)
}

func wordRune(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// urlSafe encodes what would end a Markdown link or begin a template.
var urlSafe = strings.NewReplacer("(", "%28", ")", "%29", "{", "%7B", "}", "%7D", "[", "%5B", "]", "%5D", "*", "%2A")

// webURL is u as it may stand in a card; empty if it may not.
func webURL(u string) string {
	u = urlSafe.Replace(sink.WebURL(u, maxURLBytes))
	if strings.Contains(u, ";") { // an entity would become another address
		u = entities().ReplaceAllString(u, "&${1}%3B")
	}
	return sink.WebURL(u, maxURLBytes)
}

// link is name as a Markdown link to u, or name alone. Name is escaped already.
func link(name, u string) string {
	if u = webURL(u); u == "" || name == "" {
		return name
	}
	return "[" + name + "](" + u + ")"
}

// joined puts a dot between the parts that aren't empty.
func joined(parts ...string) string {
	kept := parts[:0:0]
	for _, p := range parts {
		if p != "" {
			kept = append(kept, p)
		}
	}
	return strings.Join(kept, " · ")
}
