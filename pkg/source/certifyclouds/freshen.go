package certifyclouds

import (
	"bytes"
	"crypto/rand"
	"strconv"
	"time"

	"github.com/sigpost/sigpost/pkg/source"
)

var (
	stamps = lazy(`("timestamp":\s*)"([^"]*)"`)
	unixes = lazy(`("ts":\s*"?)(\d+)(?:\.\d+)?`)
	days   = lazy(`\b\d{4}-\d{2}-\d{2}\b`)
)

// Freshen makes r say that it happens now: its time, and all its dates by as
// many days. A MessageCard has no time; it gets a new correlationId.
func (s *Source) Freshen(r *source.Request) {
	now := s.now().UTC()
	if m := stamps().FindSubmatch(r.Body); m != nil {
		if then, ok := source.ParseTime(string(m[2])); ok {
			r.Body = shiftDays(r.Body, then, now)
		}
		r.Body = stamps().ReplaceAll(r.Body, []byte(`${1}"`+now.Format("2006-01-02T15:04:05.000000")+`"`))
		return
	}
	if m := unixes().FindSubmatch(r.Body); m != nil {
		if sec, err := strconv.ParseInt(string(m[2]), 10, 64); err == nil {
			r.Body = shiftDays(r.Body, time.Unix(sec, 0), now)
		}
		// More than the whole seconds that CertifyClouds writes, so that the next
		// one within the second is another delivery.
		ts := strconv.FormatFloat(float64(now.UnixMicro())/1e6, 'f', 6, 64)
		r.Body = unixes().ReplaceAll(r.Body, []byte("${1}"+ts))
		return
	}
	r.Body = bytes.Replace(r.Body, []byte("{"), []byte(`{"correlationId": "`+rand.Text()+`",`), 1)
}

func shiftDays(body []byte, then, now time.Time) []byte {
	by := int(now.Truncate(24*time.Hour).Sub(then.UTC().Truncate(24*time.Hour)) / (24 * time.Hour))
	return days().ReplaceAllFunc(body, func(date []byte) []byte {
		d, err := time.Parse(time.DateOnly, string(date))
		if err != nil {
			return date
		}
		return []byte(d.AddDate(0, 0, by).Format(time.DateOnly))
	})
}
