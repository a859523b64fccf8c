package discord

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/sigpost/sigpost/pkg/markdown"
	"github.com/sigpost/sigpost/pkg/sink"
)

// Discord's limits, in characters, here UTF-16 units, the larger of the ways to
// count: https://docs.discord.com/developers/resources/message#embed-object-embed-limits
const (
	titleLimit       = 256
	descriptionLimit = 4096
	fieldNameLimit   = 256
	fieldValueLimit  = 1024
	footerLimit      = 2048
	authorLimit      = 256
	totalLimit       = 6000 // of all of these texts together
)

// What this package allows itself of them.
const (
	nameLimit  = 120
	valueLimit = 400
	itemLimit  = 300
	urlLimit   = 1000
	worthLimit = 24 // less than this of a text is not worth showing
)

const zeroWidth = "\u200b"

// length is how long Discord thinks a text is, at most.
func length(s string) int {
	n := 0
	for _, r := range s {
		if n++; r > 0xffff {
			n++
		}
	}
	return n
}

// line is the one visible line of s, uncut and not yet safe; "" if there is
// nothing to see.
func line(s string) string {
	const enough = utf8.UTFMax * (fieldValueLimit + 1) // no line gets more
	if len(s) > enough {
		s = s[:enough]
	}
	s = sink.Line(s)
	if !strings.ContainsFunc(s, func(r rune) bool { return unicode.IsGraphic(r) && !unicode.IsSpace(r) }) {
		return ""
	}
	return s
}

// plain is one line where Discord reads no Markdown: author and footer.
func plain(s string, limit int) string {
	s = line(s)
	return fit(s, limit, unmention)
}

// safe is one line where it does.
func safe(s string, limit int) string { return fit(line(s), limit, escape) }

// fit cuts s to what has at most limit characters after quote made it safe.
func fit(s string, limit int, quote func(string) string) string {
	for n := limit; n > 0; {
		q := quote(sink.Cut(s, n))
		size := length(q)
		if size <= limit {
			return q
		}
		n = min(n*limit/size, n-1)
	}
	return ""
}

// Discord reads these as Markdown or as something of its own anywhere in a text
// (mentions, channels, commands, times and emoji begin with <), and shows them
// as they are behind a backslash:
// https://support.discord.com/hc/en-us/articles/210298617
const meaning = "\\*_~`|[]<"

func escape(s string) string { return string(appendEscaped(make([]byte, 0, len(s)+8), s, '\n')) }

// appendEscaped is escape for s behind a character: a line feed before the
// first of a line.
func appendEscaped(b []byte, s string, before rune) []byte {
	mark := -1
	if before == '\n' {
		mark = lineMark(s)
	}
	for i := range len(s) {
		c := s[i]
		if i == mark || strings.IndexByte(meaning, c) >= 0 || c == ':' && begins(s[i+1:]) {
			b = append(b, '\\')
		}
		if b = append(b, c); c == '@' && calls(s[i+1:]) {
			b = append(b, zeroWidth...)
		}
	}
	return b
}

// begins tells whether a colon in front of s may begin the name of an emoji or
// the host of an address, which would become a link.
func begins(s string) bool { return s != "" && s[0] != ' ' }

// lineMark is where the line has a mark that would make a heading, small print,
// a quotation or an item of it; -1 if it has none.
func lineMark(s string) int {
	i := len(s) - len(strings.TrimLeft(s, " \t"))
	if i == len(s) {
		return -1
	}
	if strings.IndexByte("#>-+", s[i]) >= 0 {
		return i
	}
	n := i
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	if n > i && n < len(s) && (s[n] == '.' || s[n] == ')') {
		return n
	}
	return -1
}

// calls tells whether an @ in front of s calls all.
func calls(s string) bool {
	for _, word := range []string{"everyone", "here"} {
		if len(s) >= len(word) && strings.EqualFold(s[:len(word)], word) {
			return true
		}
	}
	return false
}

// unmention parts what would call all, for texts that have no escapes.
func unmention(s string) string {
	if !strings.Contains(s, "@") {
		return s
	}
	var b strings.Builder
	for i := range len(s) {
		b.WriteByte(s[i])
		if s[i] == '@' && calls(s[i+1:]) {
			b.WriteString(zeroWidth)
		}
	}
	return b.String()
}

// code is s as it may stand in code, which backticks would end.
func code(s string) string { return strings.ReplaceAll(s, "`", "'") }

// webAddress encodes what would end an address in a masked link.
var webAddress = strings.NewReplacer("(", "%28", ")", "%29", "[", "%5B", "]", "%5D", "*", "%2A", "'", "%27")

// webURL is u as it may stand in a link; empty if it may not.
func webURL(u string) string {
	return sink.WebURL(webAddress.Replace(sink.WebURL(u, urlLimit)), urlLimit)
}

// brackets have no escape inside of a masked link's words.
var brackets = strings.NewReplacer("[", "(", "]", ")")

// appendLink is a masked link. Discord draws none whose words have an address in
// them: such words are followed by the address, unless they are it.
func appendLink(b []byte, words, url string) []byte {
	if strings.Contains(words, "://") {
		if webURL(words) != url {
			b = append(appendEscaped(b, words, ' '), ' ')
		}
		return append(append(append(b, '<'), url...), '>')
	}
	b = appendEscaped(append(b, '['), brackets.Replace(words), ' ')
	return append(append(append(b, "]("...), url...), ')')
}

// link is label as a link, or safe if there is no address.
func link(label, url string, limit int) string {
	label = line(label)
	u := webURL(url)
	if u == "" || label == "" {
		return fit(label, limit, escape)
	}
	return fit(label, limit+length(u), func(s string) string { return string(appendLink(nil, sink.Cut(s, limit), u)) })
}

// dialect is Discord's Markdown in an embed's description:
// https://support.discord.com/hc/en-us/articles/210298617
var dialect = &markdown.Dialect{
	Bold: "**", Italic: "*", Strike: "~~", Code: "`", Part: zeroWidth,
	Fence: "```", Quote: "> ", Break: "\n", ItemBreak: "\n",
	Item: func(b []byte, m markdown.Marker) []byte {
		b = append(b, m.Indent("  ")...)
		if m.Kind == markdown.Bullet {
			return append(b, "- "...)
		}
		return append(b, m.Glyph()...)
	},
	Text: appendEscaped,
	Raw:  func(b []byte, words string) []byte { return append(b, code(words)...) },
	URL:  webURL,
	Link: appendLink,
	Size: func(text []byte) int { return length(string(text)) },
}
