// Package cloudtruth reads the audit log of CloudTruth, which posts to Slack
// itself and to nothing else. The format is that of CloudTruth's OpenAPI
// document (openapi.yml in https://github.com/cloudtruth/cloudtruth-cli). An
// entry says who did what to which object, and never holds a parameter's value.
package cloudtruth

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/sigpost/sigpost/pkg/address"
	"github.com/sigpost/sigpost/pkg/problem"
	"github.com/sigpost/sigpost/pkg/secret"
	"github.com/sigpost/sigpost/pkg/source"
)

const (
	// Type is the source's name in a configuration.
	Type = "cloudtruth"
	// Product is the name its maker writes.
	Product = "CloudTruth"

	defaultURL     = "https://api.cloudtruth.io"
	auditPath      = "/api/v1/audit/"
	defaultEvery   = time.Minute
	minEvery       = 10 * time.Second
	maxEvery       = 24 * time.Hour
	defaultOverlap = 10 * time.Minute
	minOverlap     = time.Minute
	maxOverlap     = 24 * time.Hour
	maxSince       = 30 * 24 * time.Hour
	// pageEntries is how many entries are asked for at a time.
	pageEntries = 100
	// maxPageBytes is the most that an answer may hold: an entry takes about
	// 700 bytes.
	maxPageBytes = 2 << 20
	// earliestLayout is how CloudTruth writes times.
	earliestLayout = "2006-01-02T15:04:05.000000Z"
)

// Config is the source's part of a configuration.
type Config struct {
	// APIKey is the key of a service account that may read the audit log.
	APIKey secret.Handle `yaml:"api_key"`
	// URL is the API: https://api.cloudtruth.io unless set.
	URL string `yaml:"url"`
	// Every is the time between two readings: 1m unless set, from 10s to 24h.
	Every time.Duration `yaml:"every"`
	// Overlap is how late an entry may be logged: 10m unless set, 1m to 24h.
	Overlap time.Duration `yaml:"overlap"`
	// Since is how far back the very first reading begins: as far as Every
	// unless set, at most 720h.
	Since time.Duration `yaml:"since"`
	// Include lets in entries beyond the twelve changes, by event type: "*"
	// stands for any characters.
	Include []string `yaml:"include"`
}

// Source is a source.Poller.
type Source struct {
	key      secret.Handle
	base     string
	schedule source.Schedule
	include  []string
}

var _ source.Poller = (*Source)(nil)

// New checks c; its error joins every *problem.Problem.
func New(c Config) (*Source, error) {
	s := &Source{key: c.APIKey, include: c.Include, schedule: source.Schedule{Every: c.Every, Overlap: c.Overlap, Since: c.Since}}
	if c.URL == "" {
		c.URL = defaultURL
	}
	if c.Every == 0 {
		s.schedule.Every = defaultEvery
	}
	if c.Overlap == 0 {
		s.schedule.Overlap = defaultOverlap
	}
	if c.Since == 0 {
		s.schedule.Since = s.schedule.Every
	}
	base, err := checkURL(c.URL)
	s.base = base
	errs := []error{checkKey(c.APIKey), err}
	for _, d := range []struct {
		key              string
		got, least, most time.Duration
	}{
		{"every", s.schedule.Every, minEvery, maxEvery},
		{"overlap", s.schedule.Overlap, minOverlap, maxOverlap},
		{"since", s.schedule.Since, time.Second, maxSince},
	} {
		if d.got < d.least || d.got > d.most {
			errs = append(errs, problem.New(d.key, "is out of range: use a duration from %v to %v", d.least, d.most))
		}
	}
	for i, glob := range c.Include {
		if strings.Trim(glob, "abcdefghijklmnopqrstuvwxyz0123456789_*") != "" || glob == "" {
			errs = append(errs, problem.New(fmt.Sprintf("include[%d]", i), `is no event type: write one such as "template_updated", with * for any characters; "*" lets in everything`))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return s, nil
}

func checkKey(h secret.Handle) error {
	switch {
	case h.IsZero():
		return problem.New("api_key", "is missing: write a reference such as secret://cloudtruth-api-key to the key of a CloudTruth service account")
	case h.Literal():
		return problem.New("api_key", "holds a secret in plain text: write secret://NAME, env://NAME or file://PATH instead, and make a new key if this file was shared")
	}
	return nil
}

// checkURL is the base of all questions, without a slash at its end.
func checkURL(s string) (string, error) {
	u, err := address.Parse(s)
	switch {
	case errors.Is(err, address.ErrUser):
		return "", problem.New("url", "must not carry a user name or password: the key belongs into api_key")
	case errors.Is(err, address.ErrScheme):
		return "", problem.New("url", "must begin with https:// (http:// is for loopback hosts only)")
	case err != nil || u.RawQuery != "" || u.Fragment != "":
		return "", problem.New("url", "is not the address of an API: write it like "+defaultURL)
	}
	return u.Scheme + "://" + u.Host + strings.TrimSuffix(u.EscapedPath(), "/"), nil
}

// Schedule implements source.Poller.
func (s *Source) Schedule() source.Schedule { return s.schedule }

// Question implements source.Poller. Pages are named by number: the URL that an
// answer gives for its next page is never followed, so the key goes nowhere
// else.
func (s *Source) Question(ctx context.Context, from time.Time, page int) (source.Question, error) {
	key, err := s.key.Value(ctx)
	if err != nil {
		return source.Question{}, fmt.Errorf("cloudtruth: API key: %w", err)
	}
	name := "the API key"
	if ref, ok := s.key.Ref(); ok {
		name += " " + ref.String()
	}
	q := url.Values{
		"earliest":  {from.UTC().Format(earliestLayout)},
		"ordering":  {"timestamp"},
		"page":      {strconv.Itoa(page)},
		"page_size": {strconv.Itoa(pageEntries)},
	}
	return source.Question{
		URL:      secret.NewValue(s.base + auditPath + "?" + q.Encode()),
		Header:   map[string]secret.Value{"Authorization": secret.NewValue("Api-Key " + strings.TrimSpace(key.Reveal()))},
		MaxBytes: maxPageBytes,
		Refused:  name + " is wrong, expired, or of a service account that may not read the audit log: make one at https://app.cloudtruth.io/organization/api and store it there",
	}, nil
}

// wanted tells whether an entry that is none of the twelve changes is let in.
func (s *Source) wanted(eventType string) bool {
	for _, glob := range s.include {
		if ok, err := path.Match(glob, eventType); ok && err == nil {
			return true
		}
	}
	return false
}
