package sink

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// Rate is how many messages a receiver takes in a time. The zero Rate is no
// limit.
type Rate struct {
	Count int
	Per   time.Duration
}

// maxRateCount and maxRatePer bound a Rate: what is more is no limit worth
// keeping, or a typing error.
const (
	maxRateCount = 10_000
	maxRatePer   = time.Hour
)

var errRate = errors.New(`must be a number of messages and a time, such as "1/s", "25/5m" or "100/h", or "none"`)

// UnmarshalText reads "1/s", "25/5m" or "none".
func (r *Rate) UnmarshalText(text []byte) error {
	s := string(text)
	if s == "none" {
		*r = Rate{}
		return nil
	}
	count, per, ok := strings.Cut(s, "/")
	n, err := strconv.Atoi(count)
	if !ok || err != nil || n < 1 || n > maxRateCount {
		return errRate
	}
	if per != "" && (per[0] < '0' || per[0] > '9') {
		per = "1" + per
	}
	d, err := time.ParseDuration(per)
	if err != nil || d < time.Millisecond || d > maxRatePer {
		return errRate
	}
	*r = Rate{Count: n, Per: d}
	return nil
}
