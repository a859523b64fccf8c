package certifyclouds

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/secret"
	"github.com/sigpost/sigpost/pkg/source"
	"github.com/sigpost/sigpost/pkg/source/sourcetest"
)

func TestConformance(t *testing.T) {
	sourcetest.Run(t, sourcetest.Suite{
		New: func(secrets ...secret.Handle) (source.Source, error) {
			s, err := New(Config{Tokens: secrets})
			if err != nil {
				return nil, err
			}
			return s, nil
		},
		Refusal: http.StatusUnauthorized,
	})
}

func TestHeadline(t *testing.T) {
	for _, c := range []struct{ title, text, want, body string }{
		{"Alert", "Found 3 secrets expiring within 30 days", "3 secrets expire within 30 days", ""},
		{"Alert", "Found 1 secret expiring within 1 day", "1 secret expires within 1 day", ""},
		{"Alert", "Found 2 expired secrets", "2 secrets expired", ""},
		{"Alert", "1 certificate has expired.", "1 certificate expired", ""},
		{"Sync Failed", "Could not write", "Could not write", ""},
		{"Sync Failed", "", "Sync failed", ""},
		{"Sync Failed", "one\ntwo", "Sync failed", "one\ntwo"},
		{"Sync of MyApp Failed", "", "Sync of MyApp Failed", ""},
		{"Scan Completed", "scan completed", "Scan completed", ""},
		{"Rotation Successful", "Successfully rotated secret for MyApp/client-secret", "Secret MyApp/client-secret rotated", ""},
		{"", "one\ntwo", "CertifyClouds notice", "one\ntwo"},
	} {
		got, body := headline(&notice{title: c.title, text: c.text})
		if got != c.want || body != c.body {
			t.Errorf("%q %q: %q, %q", c.title, c.text, got, body)
		}
	}
}

func TestSeverity(t *testing.T) {
	for color, want := range map[string]event.Severity{
		"#EF4444": event.Error, "f97316": event.Warning, "22C55E": event.Success, "#3b82f6": event.Info, "good": event.Success,
	} {
		if got, ok := severityOf(color); !ok || got != want {
			t.Errorf("%s: %s", color, got)
		}
	}
	if _, ok := severityOf("#000000"); ok {
		t.Error("black is in no table")
	}
}

func TestSubjectPairs(t *testing.T) {
	vault := []event.Field{{Name: "Vault", Value: "kv"}, {Name: "Secrets", Value: "api-key (expires 2024-12-20)"}}
	rotated := []event.Field{{Name: "Vault", Value: "kv"}, {Name: "Secret", Value: "api-key"}}
	a, b := subject(secretExpiring, vault), subject(rotationSuccess, rotated)
	if a != b || a != "secrets:kv/api-key" {
		t.Errorf("%q and %q", a, b)
	}
	if c := subject(vaultError, vault); c == a || c != "vault:kv" {
		t.Errorf("%q", c)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range sourcetest.Samples(f) {
		f.Add(s.Body)
	}
	s, err := New(Config{Tokens: []secret.Handle{secret.Fixed("key")}})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		p, err := s.Parse(&source.Request{Header: http.Header{}, Body: body})
		if err != nil {
			if _, ok := err.(*source.Refusal); !ok {
				t.Fatalf("%v is no refusal", err)
			}
			return
		}
		if len(p.Events) == 0 {
			t.Fatal("no event")
		}
		for i := range p.Events {
			sourcetest.Check(t, &p.Events[i])
			if p.Events[i].Original == nil {
				t.Error("no original")
			}
			if _, err := p.Events[i].Time.MarshalJSON(); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestRelativeDates(t *testing.T) {
	now := time.Date(2024, 12, 14, 23, 59, 0, 0, time.FixedZone("", -3600)) // the 15th in UTC
	for in, want := range map[string]string{
		"2024-12-15": "2024-12-15, today", "2024-12-16": "2024-12-16, tomorrow", "2024-12-14": "2024-12-14, yesterday",
		"2024-12-21": "2024-12-21, in 6 days", "2024-12-13": "2024-12-13, 2 days ago", "9999-12-31": "9999-12-31, in 2912824 days",
		"soon": "soon", "": "", "2024-13-01": "2024-13-01",
	} {
		if got := withRelative(in, now); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	if got := withRelative("2024-12-21", time.Time{}); got != "2024-12-21" {
		t.Errorf("without a clock: %q", got)
	}
}

func TestSoonestVaultComesFirst(t *testing.T) {
	n := &notice{title: "Secrets Expiring Soon", fields: []event.Field{
		{Name: "kv-c", Value: "c (expires 2025-01-03)"},
		{Name: "kv-b", Value: "b2 (expires 2025-01-04), b1 (expires 2025-01-02)"},
		{Name: "kv-a", Value: "a (expires 2025-01-03)"},
	}}
	e := convertNotice(n, time.Date(2025, 1, 1, 12, 0, 0, 0, time.UTC))
	var got []string
	for _, l := range e.Lists {
		got = append(got, l.Name+": "+l.Items[0].Text+" "+l.Items[0].Note)
	}
	want := "kv-b: b1 expires 2025-01-02, tomorrow|kv-c: c expires 2025-01-03, in 2 days|kv-a: a expires 2025-01-03, in 2 days"
	if strings.Join(got, "|") != want {
		t.Errorf("%q", got)
	}
}

func TestRotationSaysTheNewExpiry(t *testing.T) {
	now := time.Date(2024, 12, 14, 12, 0, 0, 0, time.UTC)
	for _, name := range []string{"New Expiry", "new expiry date", "Expires On"} {
		n := &notice{title: "Rotation Successful", text: "Successfully rotated secret for MyApp/client-secret", color: "#22C55E", fields: []event.Field{{Name: name, Value: "2025-12-14"}}}
		if got := convertNotice(n, now).Title; got != "Secret MyApp/client-secret rotated, new expiry 2025-12-14, in 365 days" {
			t.Errorf("%s: %q", name, got)
		}
	}
}
