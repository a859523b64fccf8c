package scalr

import (
	"regexp"
	"time"

	"github.com/sigpost/sigpost/pkg/source"
)

// Freshen makes the run of r end now, after as long as it took. To the
// microsecond, which Scalr doesn't write: two runs within a second must differ,
// since a signature covers no more than body and second, and counts once.
func (s *Source) Freshen(r *source.Request) {
	// Compiled here, since only samples need them.
	updates := regexp.MustCompile(`("updated[-_]at":\s*)"([^"]*)"`)
	begins := regexp.MustCompile(`("created[-_]at":\s*)"([^"]*)"`)
	ended, begun := updates.FindSubmatch(r.Body), begins.FindSubmatch(r.Body)
	if ended == nil || begun == nil {
		return
	}
	last, okLast := source.ParseTime(string(ended[2]))
	first, okFirst := source.ParseTime(string(begun[2]))
	if !okLast || !okFirst {
		return
	}
	now := s.now().UTC()
	set := func(body []byte, re *regexp.Regexp, at time.Time) []byte {
		return re.ReplaceAll(body, []byte(`${1}"`+at.Format("2006-01-02T15:04:05.000000")+`"`))
	}
	r.Body = set(set(r.Body, updates, now), begins, now.Add(first.Sub(last)))
}
