package markdown

import (
	"net/url"
	"slices"
	"strings"
)

// endings are how words end that a reader takes for a site's name.
var endings = []string{"com", "org", "net", "io", "dev", "app", "co", "cloud", "gov", "edu", "ai", "de", "uk", "eu"}

// disguised is the host that address leads to, where words read as the name of
// another site; else "".
func disguised(words, address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" {
		return ""
	}
	host := site(u.Hostname())
	for word := range strings.FieldsSeq(words) {
		if named := namedSite(word); named != "" && named != host {
			return u.Hostname()
		}
	}
	return ""
}

// namedSite is the site that a word names: an address, or a host with a usual
// ending; "" if it names none.
func namedSite(word string) string {
	word = strings.Trim(word, "\"'()[]<>,;!?")
	_, rest, address := strings.Cut(word, "://")
	if !address {
		rest = word
	}
	if i := strings.IndexAny(rest, "/?#\\"); i >= 0 {
		rest = rest[:i]
	}
	if i := strings.LastIndexByte(rest, '@'); i >= 0 {
		rest = rest[i+1:]
	}
	rest, _, _ = strings.Cut(rest, ":")
	rest = site(strings.TrimRight(rest, "."))
	dot := strings.LastIndexByte(rest, '.')
	if !address && (dot <= 0 || !slices.Contains(endings, rest[dot+1:])) {
		return ""
	}
	return rest
}

// site is a host as it is compared: "www." says nothing.
func site(host string) string {
	return strings.TrimPrefix(strings.ToLower(host), "www.")
}
