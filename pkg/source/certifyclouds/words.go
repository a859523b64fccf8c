package certifyclouds

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/sigpost/sigpost/pkg/event"
)

// lazy is a regular expression that is compiled when it is first needed: all
// that is done before main lengthens the start of a function.
func lazy(expression string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expression) })
}

var expiry = lazy(`^(.+) \(((?:expires|expired) (\d{4}-\d{2}-\d{2}))\)$`)

// expiries reads "api-key (expires 2024-12-20), db-conn (expires 2024-12-25)",
// soonest first, and the first date; nil if a text is anything else.
func expiries(text string, now time.Time) (items []event.Item, soonest string) {
	if !strings.Contains(text, "(expire") {
		return nil, ""
	}
	type dated struct {
		item event.Item
		date string
	}
	var all []dated
	for part := range strings.SplitSeq(text, ", ") {
		m := expiry().FindStringSubmatch(part)
		if m == nil {
			return nil, ""
		}
		verb, _, _ := strings.Cut(m[2], " ")
		all = append(all, dated{event.Item{Text: m[1], Note: verb + " " + withRelative(m[3], now)}, m[3]})
	}
	slices.SortStableFunc(all, func(a, b dated) int { return cmp.Compare(a.date, b.date) })
	items = make([]event.Item, len(all))
	for i, d := range all {
		items[i] = d.item
	}
	return items, all[0].date
}

// withRelative is a date with how far it is from now: "2024-12-20, in 6 days". A
// text that is no date stays as it is.
func withRelative(date string, now time.Time) string {
	day, err := time.Parse(time.DateOnly, date)
	if err != nil || now.IsZero() {
		return date
	}
	const perDay = 24 * 60 * 60 // a Duration holds 292 years only
	today := now.UTC().Truncate(24 * time.Hour)
	days := int((day.Unix() - today.Unix()) / perDay)
	switch {
	case days == 0:
		return date + ", today"
	case days == 1:
		return date + ", tomorrow"
	case days == -1:
		return date + ", yesterday"
	case days > 0:
		return date + ", in " + strconv.Itoa(days) + " days"
	}
	return date + ", " + strconv.Itoa(-days) + " days ago"
}

// titleWords are the words of CertifyClouds' titles.
var titleWords = strings.Fields(`a access alert alerts app application certificate certificates complete completed
	conflict connection credential credentials detected discovery error errors expiration expired expires expiring
	expiry failed failure finished key keys of on operation registration report rotated rotation scan secret secrets
	soon succeeded success successful summary sync synced to vault vaults version warning`)

// sentenceCase is a title of those words without capitals inside: "Sync Failed"
// is "Sync failed". Any other title may name something, and stays as it is.
func sentenceCase(title string) string {
	for word := range strings.FieldsSeq(title) {
		if !slices.Contains(titleWords, strings.ToLower(word)) {
			return title
		}
	}
	lower := strings.ToLower(title)
	c, size := utf8.DecodeRuneInString(lower)
	if size == 0 {
		return title
	}
	return string(unicode.ToUpper(c)) + lower[size:]
}
