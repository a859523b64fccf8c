package main

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sigpost/sigpost/pkg/queue"
)

// deadFilter chooses among the dead. What is empty matches all.
type deadFilter struct {
	source, sink, reason string // * matches anything
	since, until         string // an RFC 3339 time, or how long ago
	ids                  []string

	patterns [3]*regexp.Regexp // of source, sink and reason
	from, to time.Time
}

const (
	// minIDLen is how much of an ID must be given.
	minIDLen = 4
	// hexDigits are what IDs are made of.
	hexDigits = "0123456789abcdef"
)

func (f *deadFilter) filterFlags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.source, "source", "", "those of this `SOURCE`; * matches anything")
	cmd.Flags().StringVar(&f.sink, "sink", "", "those for this `SINK`; * matches anything")
	cmd.Flags().StringVar(&f.reason, "reason", "", "those whose reason has this `TEXT` in it, or whose status it is; with a *, those whose whole reason it matches")
	cmd.Flags().StringVar(&f.since, "since", "", "those that died at this `TIME` or later: 2026-03-01T08:00:00Z, or how long ago: 90m, 24h, 7d")
	cmd.Flags().StringVar(&f.until, "until", "", "those that died before this `TIME`")
}

// empty tells whether nothing was chosen by.
func (f *deadFilter) empty() bool {
	return f.source+f.sink+f.reason+f.since+f.until == "" && len(f.ids) == 0
}

// which is the choice in words, after a blank; "" if there was none.
func (f *deadFilter) which() string {
	var b strings.Builder
	for _, kv := range [][2]string{
		{"source", f.source},
		{"sink", f.sink},
		{"reason", f.reason},
		{"since", f.since},
		{"until", f.until},
		{"id", strings.Join(f.ids, ",")},
	} {
		if kv[1] != "" {
			fmt.Fprintf(&b, " --%s %s", kv[0], kv[1])
		}
	}
	return b.String()
}

// prepare reads the choice. The error names every part that is wrong.
func (f *deadFilter) prepare(now time.Time) error {
	reason := f.reason
	if !strings.Contains(reason, "*") {
		reason = "*" + reason + "*"
	}
	f.patterns = [3]*regexp.Regexp{pattern(f.source), pattern(f.sink), pattern(reason)}
	var errs []error
	var err error
	if f.from, err = when(f.since, now); err != nil {
		errs = append(errs, fmt.Errorf("--since %w", err))
	}
	if f.to, err = when(f.until, now); err != nil {
		errs = append(errs, fmt.Errorf("--until %w", err))
	}
	for _, id := range f.ids {
		if len(id) < minIDLen || strings.Trim(id, hexDigits) != "" {
			errs = append(errs, fmt.Errorf("%q is no ID: give at least the first %d of its characters, as `sigpost dead list` shows them", id, minIDLen))
		}
	}
	return errors.Join(errs...)
}

// pattern matches a whole text, in which a * of p stands for anything.
func pattern(p string) *regexp.Regexp {
	if p == "" {
		p = "*"
	}
	parts := strings.Split(p, "*")
	for i := range parts {
		parts[i] = regexp.QuoteMeta(parts[i])
	}
	return regexp.MustCompile("(?is)^" + strings.Join(parts, ".*") + "$")
}

// when reads a time, or how long ago it was. Nothing is the zero time.
func when(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return t, nil
	}
	if days, ok := strings.CutSuffix(text, "d"); ok {
		if n, err := strconv.Atoi(days); err == nil && n >= 0 {
			return now.AddDate(0, 0, -n), nil
		}
	}
	if d, err := time.ParseDuration(text); err == nil && d >= 0 {
		return now.Add(-d), nil
	}
	return time.Time{}, fmt.Errorf("%q is no time: write 2026-03-01T08:00:00Z, or how long ago: 90m, 24h, 7d", text)
}

func (f *deadFilter) match(d *queue.Dead) bool {
	for i, text := range []string{d.Source, d.Sink} {
		if !f.patterns[i].MatchString(text) {
			return false
		}
	}
	if byStatus := d.Status != 0 && f.reason == strconv.Itoa(d.Status); !byStatus && !f.patterns[2].MatchString(d.Reason) {
		return false
	}
	if d.Buried.Before(f.from) || !f.to.IsZero() && !d.Buried.Before(f.to) {
		return false
	}
	for _, id := range f.ids {
		if strings.HasPrefix(d.ID, id) {
			return true
		}
	}
	return len(f.ids) == 0
}

// checkIDs wants each ID to be that of one job that was found.
func (f *deadFilter) checkIDs(found []queue.Dead) error {
	var errs []error
	for _, id := range f.ids {
		var same []string
		for i := range found {
			if strings.HasPrefix(found[i].ID, id) {
				same = append(same, found[i].ID)
			}
		}
		switch len(same) {
		case 0:
			errs = append(errs, fmt.Errorf("no dead job %s: `sigpost dead list` has those that there are", id))
		case 1:
		default:
			errs = append(errs, fmt.Errorf("%s is the beginning of %d IDs, give more of it: %s", id, len(same), strings.Join(same, ", ")))
		}
	}
	return errors.Join(errs...)
}
