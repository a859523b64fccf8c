package sink

import (
	"regexp"
	"strings"
)

// These are the marks of GitHub Flavored Markdown that would show as noise in a
// plain excerpt. Go's regular expressions run in linear time.
var (
	comments  = regexp.MustCompile(`(?s)<!--.*?(-->|$)`)
	tags      = regexp.MustCompile(`</?[A-Za-z][^<>]*>`)
	images    = regexp.MustCompile(`!\[([^\]]*)\]\([^)]*\)`)
	links     = regexp.MustCompile(`\[([^\]]*)\]\([^)]*\)`)
	headings  = regexp.MustCompile(`(?m)^ {0,3}#{1,6}[ \t]+`)
	fences    = regexp.MustCompile("(?m)^ {0,3}(```|~~~).*$")
	quotes    = regexp.MustCompile(`(?m)^ {0,3}(> ?)+`)
	rules     = regexp.MustCompile(`(?m)^ {0,3}([-*_] ?){3,}$`)
	openTasks = regexp.MustCompile(`(?m)^([ \t]*)[-*+] \[ \] `)
	doneTasks = regexp.MustCompile(`(?m)^([ \t]*)[-*+] \[[xX]\] `)
	bullets   = regexp.MustCompile(`(?m)^([ \t]*)[-*+] `)
	strong    = regexp.MustCompile(`__([^\s_][^\n]*?)__`)
)

// marks is what becomes of each mark, in order. A text without the sign has
// no such mark, and the expression need not run.
var marks = []struct {
	sign string
	re   *regexp.Regexp
	to   string
}{
	{"<!--", comments, ""},
	{"<", tags, ""},
	{"![", images, "$1"},
	{"](", links, "$1"},
	{"#", headings, ""},
	{"```", fences, ""},
	{"~~~", fences, ""},
	{">", quotes, ""},
	{"---", rules, ""},
	{"***", rules, ""},
	{"___", rules, ""},
	{"- -", rules, ""},
	{"* *", rules, ""},
	{"_ _", rules, ""},
	{" [ ] ", openTasks, "$1☐ "},
	{"] ", doneTasks, "$1☑ "},
	{"- ", bullets, "$1• "},
	{"* ", bullets, "$1• "},
	{"+ ", bullets, "$1• "},
	{"__", strong, "$1"},
}

// pairs are the marks that are just dropped: they hardly ever stand for
// themselves in prose.
var pairs = strings.NewReplacer("**", "", "~~", "", "`", "")

// markdownBytes is how much of a body is looked at: more than six lines need.
const markdownBytes = 4 << 10

func stripMarkdown(s string) string {
	if len(s) > markdownBytes {
		s = strings.ToValidUTF8(s[:markdownBytes], "")
	}
	for _, m := range marks {
		if strings.Contains(s, m.sign) {
			s = m.re.ReplaceAllString(s, m.to)
		}
	}
	return pairs.Replace(s)
}
