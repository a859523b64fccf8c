// Package sourcetest is the conformance kit of the sources: what every one must
// do, tried on the sample requests in its testdata folder. It knows no sender.
//
// A sample is testdata/<case>.body with <case>.headers beside it (lines
// "Name: value", without a signature) and the expected <case>.event.json, which
// go test -update writes.
package sourcetest

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sigpost/sigpost/pkg/secret"
	"github.com/sigpost/sigpost/pkg/source"
)

// Suite is the source under test.
type Suite struct {
	// New makes the source with the given secrets or tokens.
	New func(secrets ...secret.Handle) (source.Source, error)
	// Refusal is the HTTP status for a request that is not verified.
	Refusal int
}

const (
	testSecret  = "sourcetest-first-secret"
	otherSecret = "sourcetest-second-secret"
)

// Sample is one recorded request.
type Sample struct {
	Name   string
	Header http.Header
	Body   []byte
}

// Request is the sample as a new request, not sealed.
func (s Sample) Request() *source.Request {
	return &source.Request{Header: s.Header.Clone(), Body: bytes.Clone(s.Body), Received: time.Now()}
}

// Run tries all samples of the package under test.
func Run(t *testing.T, s Suite) {
	t.Helper()
	t.Run("configuration", s.configuration)
	samples := Samples(t)
	if len(samples) == 0 {
		t.Fatal("no testdata/*.body")
	}
	t.Run("unresolved", func(t *testing.T) { s.unresolved(t, samples[0]) })
	for _, sample := range samples {
		t.Run(sample.Name, func(t *testing.T) {
			t.Run("verify", func(t *testing.T) { s.verify(t, sample) })
			t.Run("parse", func(t *testing.T) { s.parse(t, sample) })
			t.Run("tolerate", func(t *testing.T) { s.tolerate(t, sample) })
		})
	}
}

// Samples reads the samples of the package under test.
func Samples(tb testing.TB) []Sample {
	tb.Helper()
	files, err := filepath.Glob("testdata/*.body")
	if err != nil {
		tb.Fatal(err)
	}
	samples := make([]Sample, 0, len(files))
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			tb.Fatal(err)
		}
		base := strings.TrimSuffix(file, ".body")
		samples = append(samples, Sample{Name: filepath.Base(base), Body: body, Header: readHeader(tb, base+".headers")})
	}
	return samples
}

func readHeader(tb testing.TB, file string) http.Header {
	tb.Helper()
	h := http.Header{}
	text, err := os.ReadFile(file)
	if os.IsNotExist(err) {
		return h
	}
	if err != nil {
		tb.Fatal(err)
	}
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		name, value, ok := strings.Cut(lines.Text(), ":")
		if ok {
			h.Add(strings.TrimSpace(name), strings.TrimSpace(value))
		}
	}
	return h
}

func (s Suite) configuration(t *testing.T) {
	t.Helper()
	if _, err := s.New(); err == nil {
		t.Error("New accepts a configuration without secrets")
	}
	var literal secret.Handle
	if err := literal.UnmarshalText([]byte("in-plain-text")); err != nil {
		t.Fatal(err)
	}
	_, err := s.New(literal)
	if err == nil {
		t.Error("New accepts a literal secret")
	} else if strings.Contains(err.Error(), "in-plain-text") {
		t.Error("the error shows the secret")
	}
}

// unresolved tries a secret that can't be had: the sender should try again, so
// the error must be no refusal.
func (s Suite) unresolved(t *testing.T, sample Sample) {
	t.Helper()
	var lost secret.Handle
	if err := lost.UnmarshalText([]byte("secret://lost")); err != nil {
		t.Fatal(err)
	}
	src, err := s.New(lost)
	if err != nil {
		t.Fatalf("New refuses a reference: %v", err)
	}
	var refusal *source.Refusal
	if err := src.Verify(context.Background(), s.seal(t, sample, testSecret)); err == nil || errors.As(err, &refusal) {
		t.Errorf("Verify without its secret: %v, want an error that is no refusal", err)
	}
}

// make returns the source with the given secrets.
func (s Suite) make(t *testing.T, secrets ...string) source.Source {
	t.Helper()
	handles := make([]secret.Handle, len(secrets))
	for i, v := range secrets {
		handles[i] = secret.Fixed(v)
	}
	src, err := s.New(handles...)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	return src
}

// seal returns the sample sealed by a source whose first secret is key.
func (s Suite) seal(t *testing.T, sample Sample, key string) *source.Request {
	t.Helper()
	sealer, ok := s.make(t, key).(source.Sealer)
	if !ok {
		t.Fatal("the source is no source.Sealer")
	}
	r := sample.Request()
	if err := sealer.Seal(context.Background(), r); err != nil {
		t.Fatalf("Seal: %v", err)
	}
	return r
}

func (s Suite) verify(t *testing.T, sample Sample) {
	t.Helper()
	ctx := context.Background()
	src := s.make(t, testSecret, otherSecret)
	for _, key := range []string{testSecret, otherSecret} {
		if err := src.Verify(ctx, s.seal(t, sample, key)); err != nil {
			t.Errorf("a request sealed with %s is refused: %v", key, err)
		}
	}
	if _, ok := src.(source.Identifier); ok {
		s.identify(t, sample, src)
	}
	s.refused(t, src, s.seal(t, sample, "a-third-secret"), "a request sealed with an unknown secret")
	s.refused(t, src, sample.Request(), "a request without signature or token")

	sealed := s.seal(t, sample, testSecret)
	if _, takes := src.(source.TokenTaker); takes != (sealed.Token != "") {
		t.Errorf("the source is a source.TokenTaker: %v, but its token is %q", takes, sealed.Token)
	}
	if sealed.Token != "" {
		s.tokens(t, sample, src)
		return
	}
	if len(sealed.Body) > 0 {
		sealed.Body[len(sealed.Body)/2] ^= 1
		s.refused(t, src, sealed, "a request with a flipped bit in its body")
	}
	longer := s.seal(t, sample, testSecret)
	longer.Body = append(longer.Body, ' ')
	s.refused(t, src, longer, "a request with a longer body")
	s.signatures(t, sample, src)
}

// signatures spoils each header that Seal added, if Verify needs it.
func (s Suite) signatures(t *testing.T, sample Sample, src source.Source) {
	t.Helper()
	needed := 0
	for name := range s.seal(t, sample, testSecret).Header {
		if _, given := sample.Header[name]; given {
			continue
		}
		bad := s.seal(t, sample, testSecret)
		bad.Header.Del(name)
		if src.Verify(context.Background(), bad) == nil {
			continue // a delivery id, for one
		}
		needed++
		s.refused(t, src, bad, "a request without "+name)
		for _, value := range []string{"", "x", strings.Repeat("0", 64), "sha256=", "SHA-256=", "SHA-256=====", "\xff\xfe"} {
			bad.Header.Set(name, value)
			s.refused(t, src, bad, "a request with a bad "+name)
		}
		good := s.seal(t, sample, testSecret).Header.Get(name)
		bad.Header.Set(name, good+"00")
		s.refused(t, src, bad, "a request with a longer "+name)
	}
	if needed == 0 {
		t.Error("Verify needs no header")
	}
}

func (s Suite) tokens(t *testing.T, sample Sample, src source.Source) {
	t.Helper()
	good := s.seal(t, sample, testSecret).Token
	for _, token := range []string{"", "x", good + "x", good[1:], strings.ToUpper(good), good + "\x00"} {
		r := sample.Request()
		r.Token = token
		s.refused(t, src, r, "a request with a wrong token")
	}
}

func (s Suite) identify(t *testing.T, sample Sample, src source.Source) {
	t.Helper()
	id := src.(source.Identifier).DeliveryID
	r := s.seal(t, sample, testSecret)
	if got := id(r); got == "" || got != id(r) {
		t.Errorf("the delivery id of a sealed request is %q", got)
	}
	if a, b := id(r), id(s.seal(t, sample, testSecret)); a == b {
		t.Errorf("Seal used the delivery id %q twice", a)
	}
}

func (s Suite) refused(t *testing.T, src source.Source, r *source.Request, what string) {
	t.Helper()
	err := src.Verify(context.Background(), r)
	refusal, ok := err.(*source.Refusal) //nolint:errorlint // Verify promises the bare type
	if !ok {
		t.Errorf("%s: got %v, want a refusal", what, err)
		return
	}
	if refusal.Status != s.Refusal {
		t.Errorf("%s: status %d, want %d", what, refusal.Status, s.Refusal)
	}
	text := refusal.Public + refusal.Reason
	if slices.ContainsFunc([]string{testSecret, otherSecret}, func(k string) bool { return strings.Contains(text, k) }) {
		t.Errorf("%s: the refusal shows a secret", what)
	}
}
