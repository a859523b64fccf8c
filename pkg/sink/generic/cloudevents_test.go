package generic

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	cloudevents "github.com/cloudevents/sdk-go/v2"

	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/event/eventtest"
	"github.com/sigpost/sigpost/pkg/sink"
	"github.com/sigpost/sigpost/pkg/sink/sinktest"
)

// received is a posting as the official SDK reads it. It doesn't decode what the
// binary form's headers have percent-encoded,
// https://github.com/cloudevents/sdk-go/issues/1331, so that is done here.
func received(tb testing.TB, p sink.Posting) *cloudevents.Event {
	tb.Helper()
	req, err := http.NewRequestWithContext(tb.Context(), http.MethodPost, p.URL.Reveal(), bytes.NewReader(p.Body))
	if err != nil {
		tb.Fatal(err)
	}
	req.Header = headerOf(p)
	e, err := cloudevents.NewEventFromHTTPRequest(req)
	if err != nil {
		tb.Fatalf("%v: %v", err, req.Header)
	}
	if req.Header.Get("Ce-Id") != "" {
		e.SetID(decoded(tb, e.ID()))
		e.SetType(decoded(tb, e.Type()))
		e.SetSource(decoded(tb, e.Source()))
		if e.Subject() != "" {
			e.SetSubject(decoded(tb, e.Subject()))
		}
	}
	if err := e.Validate(); err != nil {
		tb.Fatalf("%v: %v", err, req.Header)
	}
	return e
}

// decoded is a header's value, which must be of the characters that may stand in
// one as they are.
func decoded(tb testing.TB, value string) string {
	tb.Helper()
	if strings.ContainsFunc(value, func(r rune) bool { return r <= ' ' || r >= 0x7f || r == '"' }) {
		tb.Fatalf("header has the value %q", value)
	}
	s, err := url.PathUnescape(value)
	if err != nil || !utf8.ValidString(s) {
		tb.Fatalf("header has the value %q: %v", value, err)
	}
	return s
}

var (
	types   = regexp.MustCompile(`^dev\.sigpost(\.[a-z0-9_-]+)+…?$`)
	sources = regexp.MustCompile(`^/([A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-F]{2})*$`)
)

// checkEvent says what is no good CloudEvent of e, beyond what the SDK says.
func checkEvent(got *cloudevents.Event, e *event.Event) error {
	switch {
	case got.SpecVersion() != "1.0" || got.DataContentType() == "":
		return fmt.Errorf("version %q, content type %q", got.SpecVersion(), got.DataContentType())
	case !types.MatchString(got.Type()):
		return fmt.Errorf("type is %q", got.Type())
	case !sources.MatchString(got.Source()):
		return fmt.Errorf("source is %q", got.Source())
	case !bytes.Equal(got.Data(), drawDocument(e)):
		return errors.New("data is not the document")
	}
	for _, s := range []string{got.ID(), got.Subject()} {
		if strings.ContainsFunc(s, unicode.IsControl) {
			return fmt.Errorf("attribute is %q", s)
		}
	}
	if y := e.Time.UTC().Year(); !e.Time.IsZero() && y > 0 && y <= 9999 && !got.Time().Equal(e.Time) {
		return fmt.Errorf("time is %v, want %v", got.Time(), e.Time)
	}
	return nil
}

func TestCloudEventsAreThoseOfTheSDK(t *testing.T) {
	for _, format := range []string{Binary, Structured} {
		s := newSink(t, func(c *Config) { c.Format = format })
		for _, c := range append(eventtest.Canonical(), eventtest.Hostile()...) {
			got := received(t, sealed(t, s, &c.Event, time.Time{}))
			if err := checkEvent(got, &c.Event); err != nil {
				t.Errorf("%s %s: %v", format, c.Name, err)
			}
		}
	}
}

func TestCloudEventAttributes(t *testing.T) {
	at := time.Date(2026, time.March, 2, 9, 30, 0, 5_000_000, time.FixedZone("CET", 3600))
	for _, format := range []string{Binary, Structured} {
		s := newSink(t, func(c *Config) { c.Format = format })
		e := event.Event{ID: "wd-1", Source: "terraform", Kind: "scalr", Type: "run:errored", Key: `Größe 100% "a"` + "\u2028\U0001F600", Title: "x", Time: at}
		got := received(t, sealed(t, s, &e, time.Time{}))
		if got.ID() != "wd-1" || got.Source() != "/terraform" || got.Type() != "dev.sigpost.scalr.run.errored" ||
			got.Subject() != `Größe 100% "a" `+"\U0001F600" || !got.Time().Equal(at) || got.DataContentType() != map[string]string{Binary: jsonType, Structured: "application/json"}[format] {
			t.Errorf("%s: %v", format, got)
		}
	}
	if got, want := encodeHeader(`Euro € "😀" 50%`), `Euro%20%E2%82%AC%20%22%F0%9F%98%80%22%2050%25`; got != want {
		t.Errorf("header is %s, want %s", got, want)
	}
}

func TestTypes(t *testing.T) {
	for _, c := range []struct{ kind, typ, want string }{
		{"github", "issues.opened", "dev.sigpost.github.issues.opened"},
		{"cloudiq", "health-issue-change", "dev.sigpost.cloudiq.health-issue-change"},
		{"certifyclouds", "secret_expiring", "dev.sigpost.certifyclouds.secret_expiring"},
		{"github", "Ping", "dev.sigpost.github.ping"},
		{"", "", "dev.sigpost.event"},
		{"a", ".. :b", "dev.sigpost.a.b"},
	} {
		if got := typeOf(&event.Event{Kind: c.kind, Type: c.typ}); got != c.want {
			t.Errorf("%v is %s", c, got)
		}
	}
}

func TestStructured(t *testing.T) {
	s := newSink(t, func(c *Config) { c.Format = Structured })
	sinktest.Run(t, sinktest.Suite{Sink: s, Dir: "testdata/structured", Check: func(body []byte) error {
		var e struct {
			Data json.RawMessage `json:"data"`
		}
		if err := json.Unmarshal(body, &e); err != nil {
			return err
		}
		return check(e.Data)
	}})
}

// TestHeaders holds the headers of each format against a golden file.
func TestHeaders(t *testing.T) {
	for _, format := range []string{Binary, Raw} {
		s := newSink(t, func(c *Config) { c.Format = format })
		var b strings.Builder
		for _, c := range eventtest.Canonical() {
			if format == Raw {
				c.Event.Raw = []byte(`{"a":1}`)
			}
			var h bytes.Buffer
			if err := headerOf(sealed(t, s, &c.Event, time.Time{})).Write(&h); err != nil {
				t.Fatal(err)
			}
			b.WriteString("# " + c.Name + "\n" + strings.ReplaceAll(h.String(), "\r", "") + "\n")
		}
		path := filepath.Join("testdata", "headers-"+format+".txt")
		if f := flag.Lookup("update"); f.Value.String() == "true" {
			if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil || string(want) != b.String() {
			t.Errorf("%s differs (see with -update and git diff), %v; got:\n%s", path, err, b.String())
		}
	}
}

func FuzzCloudEvents(f *testing.F) {
	f.Add("id", "github", "github", "issues.opened", "acme/api#1")
	f.Add("", "\x00/\xff?#", "İ", "😀\ufffe\U0001FFFF", "\u2029 %\"")
	f.Add("\ufdd0", "..", "//", "a\r\nce-type: b", "\r\n\r\n")
	binary, whole := newSink(f, func(c *Config) { c.Format = Binary }), newSink(f, func(c *Config) { c.Format = Structured })
	f.Fuzz(func(t *testing.T, id, source, kind, typ, key string) {
		e := event.Event{ID: id, Source: source, Kind: kind, Type: typ, Key: key, Title: "x"}
		for _, s := range []*Sink{binary, whole} {
			if err := checkEvent(received(t, sealed(t, s, &e, time.Time{})), &e); err != nil {
				t.Fatal(err)
			}
		}
	})
}
