package slack

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/sigpost/sigpost/pkg/sink"
)

// Slack's limits, in characters unless said otherwise. Here a character is a
// UTF-16 unit of the escaped text, the largest of the ways to count.
const (
	// https://docs.slack.dev/reference/block-kit/blocks
	maxBlocks = 50 // blocks
	// https://docs.slack.dev/reference/block-kit/blocks/section-block
	sectionLimit = 3000
	maxFields    = 10 // fields
	fieldLimit   = 2000
	// https://docs.slack.dev/reference/block-kit/blocks/header-block
	headerLimit = 150
	// https://docs.slack.dev/reference/block-kit/block-elements/button-element
	buttonLimit    = 75
	buttonURLLimit = 3000
	// https://docs.slack.dev/reference/block-kit/blocks/image-block
	imageURLLimit = 3000
	altTextLimit  = 2000
	// https://docs.slack.dev/reference/methods/chat.postMessage#truncating: 4,000
	// are advised; a notification shows far less.
	fallbackLimit = 300
	// Slack documents no total. Above some 13,200 characters of block text it was
	// seen to answer msg_blocks_too_long.
	totalLimit = 12000
)

// What this package allows itself of them, in escaped characters.
const (
	titleLimit   = 600
	nameLimit    = 120
	valueLimit   = 400
	linkURLLimit = 1000
	itemLimit    = 300
	excerptLimit = 800
	worthLimit   = 24 // less than this of a text is not worth showing
)

const zeroWidth = "\u200b"

// addresses escapes what stands in an address, which must stay what it is.
var addresses = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// entities also breaks Markdown links, which Discord would draw.
var entities = strings.NewReplacer("](", "]"+zeroWidth+"(", "&", "&amp;", "<", "&lt;", ">", "&gt;")

// length is how Slack counts s at most.
func length(s string) int {
	n := 0
	for _, r := range s {
		n += units(r)
	}
	return n
}

func units(r rune) int {
	if r > 0xffff {
		return 2
	}
	return 1
}

// fit cuts s to what has at most limit characters after quote made it safe.
func fit(s string, limit int, quote func(string) string) string {
	if len(s) <= utf8.UTFMax*limit { // longer ones can't fit
		if q := quote(s); length(q) <= limit {
			return q
		}
	}
	// A character grows to five at most ("&amp;"), so this many may fit.
	runes := 0
	spent := 0
	for _, r := range s {
		switch r {
		case '&':
			spent += 5
		case '<':
			spent += 4
		case '>':
			spent += 4 + 1
		case '*', '_', '~', '`':
			spent += 3
		case '(':
			spent += 1 + 1
		default:
			spent += units(r)
		}
		if spent >= limit {
			break
		}
		runes++
	}
	return quote(sink.Cut(s, runes))
}

// escaped is s for a text without formatting.
func escaped(s string, limit int) string { return fit(s, limit, escape) }

// escape leaves most texts as they are without a copy.
func escape(s string) string {
	if !strings.ContainsAny(s, "&<>(") {
		return s
	}
	return entities.Replace(s)
}

// safe is s for a mrkdwn text: no link, mention or formatting of its own.
func safe(s string, limit int) string { return fit(s, limit, inert) }

// line is the one visible line of s, uncut and not yet safe; "" if there is nothing to see.
func line(s string) string {
	// No line gets more characters than a field's value.
	const enough = utf8.UTFMax * (fieldLimit + 1)
	if len(s) > enough {
		end := enough
		for end > enough-utf8.UTFMax && !utf8.RuneStart(s[end]) {
			end--
		}
		s = s[:end]
	}
	s = sink.Line(s)
	if !strings.ContainsFunc(s, func(r rune) bool { return unicode.IsGraphic(r) && !unicode.IsSpace(r) }) {
		return ""
	}
	return s
}

// inert escapes s, and puts a zero-width space on both sides of each formatting
// character that isn't inside of a word, where Slack takes it as it is.
func inert(s string) string {
	if !strings.ContainsAny(s, meaning) {
		return s
	}
	return string(appendInert(make([]byte, 0, len(s)+len(s)/8), s, '\n'))
}

// meaning are the characters that inert changes.
const meaning = "*_~`&<>("

// appendInert is inert for s behind a character: a line feed before the first.
func appendInert(b []byte, s string, before rune) []byte {
	if !strings.ContainsAny(s, meaning) {
		return append(b, s...)
	}
	for i, r := range s {
		after := ' '
		if rest := s[i+utf8.RuneLen(r):]; rest != "" {
			after, _ = utf8.DecodeRuneInString(rest)
		}
		b = inertRune(b, before, r, after)
		before = r
	}
	return b
}

// inertRune appends r, which stands between two other characters.
func inertRune(b []byte, before, r, after rune) []byte {
	switch r {
	case '*', '_', '~', '`':
		if r != '`' && wordly(before) && wordly(after) {
			return utf8.AppendRune(b, r)
		}
		return append(utf8.AppendRune(append(b, zeroWidth...), r), zeroWidth...)
	case '&':
		return append(b, "&amp;"...)
	case '<':
		return append(b, "&lt;"...)
	case '(':
		if before == ']' { // a Markdown link, where Discord takes this format
			b = append(b, zeroWidth...)
		}
		return append(b, '(')
	case '>':
		if before == '\n' { // a quotation
			b = append(b, zeroWidth...)
		}
		return append(b, "&gt;"...)
	}
	return utf8.AppendRune(b, r)
}

func wordly(r rune) bool { return r < 0x80 && (unicode.IsLetter(r) || unicode.IsDigit(r)) }

// link is label as a link to url, or as safe text if url is none. The label is
// one line of at most limit characters after escaping.
func link(label, url string, limit int) string {
	label = line(label)
	u := sink.WebURL(url, linkURLLimit)
	u = addresses.Replace(u)
	if u == "" || length(u) > linkURLLimit {
		return safe(label, limit)
	}
	if label == "" {
		return ""
	}
	return "<" + u + "|" + safe(strings.ReplaceAll(label, "|", "¦"), limit) + ">"
}

// codeText is s between backticks, as a link if there is a url.
func codeText(s, url string, limit int) string {
	s = strings.NewReplacer("`", "'", "|", "¦").Replace(line(s))
	if s == "" {
		return ""
	}
	s = escaped(s, limit)
	if u := addresses.Replace(sink.WebURL(url, linkURLLimit)); u != "" && length(u) <= linkURLLimit {
		s = "<" + u + "|" + s + ">"
	}
	return "`" + s + "`"
}
