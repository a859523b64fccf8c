package gauge

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sigpost/sigpost/pkg/address"
	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/problem"
	"github.com/sigpost/sigpost/pkg/secret"
)

const (
	// Path begins the path of every picture.
	Path = "/gauge/"
	// Variable is the environment variable with the address that the function
	// is reached at, where Config has none.
	Variable = "SIGPOST_URL"
	// DefaultKeep is how long a link is good, from the event's time: 30 days.
	DefaultKeep = 30 * 24 * time.Hour
	maxKeep     = 366 * 24 * time.Hour
)

// Config is the part gauge of a configuration.
type Config struct {
	// URL is where the function that receives is reached, without a path or
	// with the one that stands before /gauge/. Default: the variable SIGPOST_URL.
	URL string `yaml:"url"`
	// Key signs links. It must be the same wherever links are made and served.
	Key secret.Handle `yaml:"key"`
	// Keep is how long a link is good. Default DefaultKeep.
	Keep time.Duration `yaml:"keep"`
	// QuickChart lets quickchart.io draw instead, which then sees the numbers
	// and nothing else.
	QuickChart bool `yaml:"quickchart"`
}

// Links makes and checks the addresses of pictures.
type Links struct {
	base       string
	key        secret.Handle
	keep       time.Duration
	quickChart bool
}

// New checks c. Its error joins all problems, by key.
func New(c Config) (*Links, error) {
	if c.QuickChart {
		if c.URL != "" || !c.Key.IsZero() || c.Keep != 0 {
			return nil, problem.New("quickchart", "draws all gauges: remove url, key and keep, or this")
		}
		return &Links{quickChart: true}, nil
	}
	var errs []error
	switch {
	case c.Key.IsZero():
		errs = append(errs, problem.New("key", "is required: a secret of your own that signs the links, e.g. secret://gauge-key"))
	case c.Key.Literal():
		errs = append(errs, problem.New("key", "must be a reference such as secret://gauge-key, not the secret itself"))
	}
	if c.URL == "" {
		c.URL = os.Getenv(Variable)
	}
	if !goodBase(c.URL) {
		errs = append(errs, problem.New("url", "must be the https:// address of the function that receives, without ? and #"))
	}
	if c.Keep == 0 {
		c.Keep = DefaultKeep
	}
	if c.Keep < time.Hour || c.Keep > maxKeep {
		errs = append(errs, problem.New("keep", "must be from 1h to 8784h (a year)"))
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return &Links{base: strings.TrimRight(c.URL, "/"), key: c.Key, keep: c.Keep}, nil
}

// goodBase tells whether links may begin with s, or there are none.
func goodBase(s string) bool {
	u, err := address.Parse(s)
	return s == "" || err == nil && u.RawQuery == "" && !u.ForceQuery && u.Fragment == ""
}

// Addressed tells whether pictures have an address. A nil Links has none.
func (l *Links) Addressed() bool { return l != nil && (l.quickChart || l.base != "") }

// Address is where a picture of g, of an event at that time, is to be had; empty
// if the own address isn't known. It is the same for the same gauge and time.
func (l *Links) Address(ctx context.Context, g *event.Gauge, at time.Time) (string, error) {
	if l.quickChart {
		return quickChart(g), nil
	}
	if l.base == "" {
		return "", nil
	}
	key, err := l.key.Value(ctx)
	if err != nil {
		return "", err
	}
	what := pack(g, at.Add(l.keep))
	return l.base + Path + what + "/" + sign(key, what) + ".png", nil
}

// The errors of Picture. Others are of the key, which can't be had.
var (
	ErrUnknown = errors.New("no such picture")
	ErrForged  = errors.New("the link's signature is wrong")
	ErrExpired = errors.New("the link has expired")
)

// maxPath is the bytes of a path that is looked at.
const maxPath = 512

// Picture is the PNG under a path of Address's, and how long it is good.
func (l *Links) Picture(ctx context.Context, path string, now time.Time) ([]byte, time.Duration, error) {
	rest, ok := strings.CutPrefix(path, Path)
	what, mac, two := strings.Cut(rest, "/")
	mac, png := strings.CutSuffix(mac, ".png")
	if !ok || !two || !png || len(path) > maxPath || l.quickChart {
		return nil, 0, ErrUnknown
	}
	g, until, err := unpack(what)
	if err != nil {
		return nil, 0, err
	}
	keys, err := secret.Values(ctx, []secret.Handle{l.key})
	if err != nil {
		return nil, 0, err
	}
	if !slices.ContainsFunc(keys, func(key secret.Value) bool { return hmac.Equal([]byte(sign(key, what)), []byte(mac)) }) {
		return nil, 0, ErrForged
	}
	if !now.Before(until) {
		return nil, 0, ErrExpired
	}
	return Draw(g), until.Sub(now), nil
}

func sign(key secret.Value, what string) string {
	h := hmac.New(sha256.New, []byte(key.Reveal()))
	_, _ = h.Write([]byte(Path + what))
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}

// severities are written as their places in the list.
var severities = event.Severities

const (
	maxLabelBytes = 60
	fields        = 8
)

// pack is g and a time as an element of a path: numbers, and the label.
func pack(g *event.Gauge, until time.Time) string {
	label := oneLine(g.Label)
	for len(label) > maxLabelBytes {
		_, n := utf8.DecodeLastRuneInString(label)
		label = label[:len(label)-n]
	}
	return fmt.Sprintf("%d.%d.%d.%d.%d.%d.%d.%s", g.Value, g.Min, g.Max, g.Warning, g.Success,
		slices.Index(severities, g.Severity), until.Unix(), base64.RawURLEncoding.EncodeToString([]byte(label)))
}

func unpack(what string) (*event.Gauge, time.Time, error) {
	parts := strings.Split(what, ".")
	if len(parts) != fields {
		return nil, time.Time{}, ErrUnknown
	}
	var n [fields - 1]int64
	for i := range n {
		var err error
		if n[i], err = strconv.ParseInt(parts[i], 10, 64); err != nil {
			return nil, time.Time{}, ErrUnknown
		}
	}
	label, err := base64.RawURLEncoding.DecodeString(parts[fields-1])
	if err != nil || len(label) > maxLabelBytes {
		return nil, time.Time{}, ErrUnknown
	}
	g := &event.Gauge{Label: string(label), Value: int(n[0]), Min: int(n[1]), Max: int(n[2]), Warning: int(n[3]), Success: int(n[4])}
	if i := n[5]; i >= 0 && i < int64(len(severities)) {
		g.Severity = severities[i]
	}
	return g, time.Unix(n[6], 0), nil
}

// quickChart is a radial gauge of Chart.js 2, of numbers only: the service runs
// what it is given as JavaScript. https://quickchart.io/documentation/
func quickChart(g *event.Gauge) string {
	s := scaleOf(g)
	part := 0
	if s.value > 0 { // not NaN
		part = int(s.value * 100)
	}
	chart := fmt.Sprintf(`{"type":"radialGauge","data":{"datasets":[{"data":[%d],"backgroundColor":"%s"}]}}`, part, g.Severity.Color())
	return "https://quickchart.io/chart?w=240&h=150&v=2&c=" + url.QueryEscape(chart)
}
