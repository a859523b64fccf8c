package certifyclouds

import (
	"net/http"
	"testing"

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

func TestInfer(t *testing.T) {
	for _, c := range []struct {
		title, text string
		color       event.Severity
		want        string
	}{
		{"Scan Completed", "Discovery scan completed successfully", event.Success, scanCompleted},
		{"Secret Expiring Alert", "", event.Error, secretExpiring},
		{"Secrets Expiring Soon", "", event.Warning, secretExpiring},
		{"Secret Expired", "", event.Error, secretExpired},
		{"Alert", "Found 2 expired secrets", event.Error, secretExpired},
		{"Vault Error", "", event.Error, vaultError},
		{"Vault Access", "", event.Error, vaultError},
		{"Vault Scan Error", "", event.Error, vaultError},
		{"Rotation Successful", "", event.Success, rotationSuccess},
		{"Secret Rotated", "", event.Success, rotationSuccess},
		{"Rotation Failed", "", event.Error, rotationFailed},
		{"Secret Rotation", "", event.Error, rotationFailed},
		{"Rotation Failed: secret expired", "", event.Error, rotationFailed},
		{"Secret expiring, rotation due", "", event.Warning, secretExpiring},
		{"Discovery Completed", "", event.Success, discoveryCompleted},
		{"Sync Successful", "", event.Success, syncSuccess},
		{"Sync Failed", "", event.Error, syncFailed},
		{"Vault Sync", "", event.Error, syncFailed},
		{"Sync Conflict", "", event.Warning, syncConflict},
		{"Sync", "", event.Warning, syncConflict},
		{"Welcome", "Hello", event.Info, unknownAlert},
	} {
		if got := infer(c.title, c.text, c.color); got != c.want {
			t.Errorf("%q %q %s: %s, want %s", c.title, c.text, c.color, got, c.want)
		}
	}
}

func TestHeadline(t *testing.T) {
	for _, c := range []struct{ title, text, want, body string }{
		{"Alert", "Found 3 secrets expiring within 30 days", "3 secrets expire within 30 days", ""},
		{"Alert", "Found 1 secret expiring within 1 day", "1 secret expires within 1 day", ""},
		{"Alert", "Found 2 expired secrets", "2 secrets expired", ""},
		{"Alert", "1 certificate has expired.", "1 certificate expired", ""},
		{"Sync Failed", "Could not write", "Could not write", ""},
		{"Sync Failed", "", "Sync Failed", ""},
		{"Sync Failed", "one\ntwo", "Sync Failed", "one\ntwo"},
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
