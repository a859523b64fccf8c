package gauge

import (
	"bytes"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/problem"
	"github.com/sigpost/sigpost/pkg/secret"
)

var at = time.Date(2026, time.March, 2, 9, 30, 0, 0, time.UTC)

func links(t *testing.T, c Config) *Links {
	t.Helper()
	c.Key = secret.Fixed("a key for tests")
	l, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestALinkLeadsToItsPicture(t *testing.T) {
	l := links(t, Config{URL: "https://example.com/base/", Keep: time.Hour})
	for _, g := range []event.Gauge{usual(), {}, {Label: strings.Repeat("é", 99), Value: math.MinInt, Min: math.MinInt, Max: math.MaxInt, Severity: event.Info}} {
		a, err := l.Address(t.Context(), &g, at)
		again, _ := l.Address(t.Context(), &g, at)
		path, ok := strings.CutPrefix(a, "https://example.com/base")
		if err != nil || !ok || a != again || strings.Trim(path, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./") != "" {
			t.Fatalf("%s, then %s: %v", a, again, err)
		}
		got, left, err := l.Picture(t.Context(), path, at.Add(time.Minute))
		if err != nil || left != 59*time.Minute {
			t.Fatalf("%s: %v, %v", a, left, err)
		}
		if len(g.Label) < maxLabelBytes && !bytes.Equal(got, Draw(&g)) {
			t.Error("the link leads to another picture")
		}
		if _, _, err := l.Picture(t.Context(), path, at.Add(time.Hour)); !errors.Is(err, ErrExpired) {
			t.Errorf("an hour later: %v", err)
		}
	}
}

func TestForgedLinks(t *testing.T) {
	l := links(t, Config{URL: "https://example.com"})
	g := usual()
	a, err := l.Address(t.Context(), &g, at)
	if err != nil {
		t.Fatal(err)
	}
	path := strings.TrimPrefix(a, "https://example.com")
	for p, want := range map[string]error{
		strings.Replace(path, "64.", "99.", 1):         ErrForged,
		strings.TrimSuffix(path, ".png") + "A.png":     ErrForged,
		path[:strings.LastIndex(path, "/")+1] + ".png": ErrForged,
		Path: ErrUnknown, Path + "a/b.png": ErrUnknown, "/healthz": ErrUnknown, path + "/": ErrUnknown, path + "x": ErrUnknown,
		strings.TrimSuffix(path, ".png"): ErrUnknown, Path + strings.Repeat("1", maxPath) + "/x.png": ErrUnknown,
		strings.Replace(path, "64.", "99999999999999999999.", 1): ErrUnknown,
	} {
		if _, _, err := l.Picture(t.Context(), p, at); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", p, err, want)
		}
	}
	other, err := New(Config{URL: "https://example.com", Key: secret.Fixed("another key")})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := other.Picture(t.Context(), path, at); !errors.Is(err, ErrForged) {
		t.Errorf("signed with another key: %v", err)
	}
}

func TestNewTellsAllThatIsWrong(t *testing.T) {
	_, err := New(Config{URL: "http://example.com?x", Keep: time.Minute})
	var keys []string
	for _, p := range problem.All(err) {
		keys = append(keys, p.Key)
	}
	if strings.Join(keys, " ") != "key url keep" {
		t.Errorf("got %v", keys)
	}
	if _, err := New(Config{QuickChart: true, URL: "https://example.com"}); err == nil {
		t.Error("both were accepted")
	}
}

func TestTheAddressMayComeFromTheEnvironment(t *testing.T) {
	g := usual()
	if a, err := links(t, Config{}).Address(t.Context(), &g, at); a != "" || err != nil {
		t.Errorf("without one: %q, %v", a, err)
	}
	t.Setenv(Variable, "https://example.com/")
	if a, err := links(t, Config{}).Address(t.Context(), &g, at); !strings.HasPrefix(a, "https://example.com/gauge/") || err != nil {
		t.Errorf("%q, %v", a, err)
	}
}

func TestQuickChartGetsNumbersOnly(t *testing.T) {
	l, err := New(Config{QuickChart: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range []event.Gauge{{Label: "hush", Value: 64, Max: 100, Severity: `"}hush`}, {Label: "hush", Value: 5, Min: 9, Max: 3}} {
		a, err := l.Address(t.Context(), &g, at)
		if err != nil || strings.Contains(a, "hush") || !strings.HasPrefix(a, "https://quickchart.io/chart?") {
			t.Errorf("%s: %v", a, err)
		}
		if _, _, err := l.Picture(t.Context(), Path+"0/a.png", at); !errors.Is(err, ErrUnknown) {
			t.Errorf("it serves pictures: %v", err)
		}
	}
}
