package github

import (
	"context"
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // the legacy signature is what is tested
	"encoding/hex"
	"errors"
	"net/http"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/sigpost/sigpost/pkg/secret"
	"github.com/sigpost/sigpost/pkg/source"
	"github.com/sigpost/sigpost/pkg/source/sourcetest"
)

const vectorSecret = "It's a Secret to Everybody"

func TestSuite(t *testing.T) {
	sourcetest.Run(t, sourcetest.Suite{
		New:     func(secrets ...secret.Handle) (source.Source, error) { return New(Config{Secrets: secrets}) },
		Refusal: http.StatusUnauthorized,
	})
}

func newSource(tb testing.TB, allowSHA1 bool) *Source {
	tb.Helper()
	s, err := New(Config{Secrets: []secret.Handle{secret.Fixed(vectorSecret)}, AllowSHA1: allowSHA1})
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func TestSignatures(t *testing.T) {
	const (
		body   = "Hello, World!"
		sha256 = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
	)
	m := hmac.New(sha1.New, []byte(vectorSecret))
	m.Write([]byte(body))
	legacy := "sha1=" + hex.EncodeToString(m.Sum(nil))
	for _, c := range []struct {
		name      string
		new, old  string
		allowSHA1 bool
		ok        bool
	}{
		{"published vector", sha256, "", false, true},
		{"published vector where SHA-1 is allowed", sha256, legacy, true, true},
		{"SHA-1 alone is not enough", "", legacy, false, false},
		{"SHA-1 alone where it is allowed", "", legacy, true, true},
		{"a wrong SHA-256 can't fall back", "sha256=" + strings.Repeat("0", 64), legacy, true, false},
		{"a malformed SHA-256 can't fall back", "sha256=zz", legacy, true, false},
		{"SHA-1 in the header of SHA-256", legacy, "", true, false},
		{"no prefix", strings.TrimPrefix(sha256, "sha256="), "", false, false},
		{"cut short", sha256[:len(sha256)-2], "", false, false},
		{"nothing", "", "", true, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := &source.Request{Header: http.Header{}, Body: []byte(body)}
			if c.new != "" {
				r.Header.Set(headerSHA256, c.new)
			}
			if c.old != "" {
				r.Header.Set(headerSHA1, c.old)
			}
			err := newSource(t, c.allowSHA1).Verify(context.Background(), r)
			var refusal *source.Refusal
			if c.ok != (err == nil) || err != nil && (!errors.As(err, &refusal) || refusal.Status != http.StatusUnauthorized) {
				t.Errorf("Verify: %v", err)
			}
		})
	}
}

func request(name, contentType, body string) *source.Request {
	r := &source.Request{Header: http.Header{}, Body: []byte(body)}
	r.Header.Set(headerEvent, name)
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	return r
}

func TestRefusals(t *testing.T) {
	const form = "application/x-www-form-urlencoded"
	for _, c := range []struct {
		name, event, contentType, body string
		status                         int
	}{
		{"no event", "", "application/json", "{}", http.StatusBadRequest},
		{"event is not a word", "a b", "application/json", "{}", http.StatusBadRequest},
		{"event with capitals", "Issues", "application/json", "{}", http.StatusBadRequest},
		{"event with an action", "issues.opened", "application/json", "{}", http.StatusBadRequest},
		{"event with a digit in the middle", "issue5_x", "application/json", "{}", http.StatusBadRequest},
		{"event with a line break", "issues\n", "application/json", "{}", http.StatusBadRequest},
		{"event in another script", "issuеs", "application/json", "{}", http.StatusBadRequest},
		{"ping that isn't", "Ping", "application/json", "{}", http.StatusBadRequest},
		{"longest event", strings.Repeat("a", 63) + "_", "application/json", "{}", 0},
		{"event too long", strings.Repeat("a", 65), "application/json", "{}", http.StatusBadRequest},
		{"plain text", "issues", "text/plain", "{}", http.StatusUnsupportedMediaType},
		{"no object", "issues", "application/json", "[]", http.StatusBadRequest},
		{"form without payload", "issues", form, "a=b", http.StatusBadRequest},
		{"form with a broken escape", "issues", form, "payload=%7", http.StatusBadRequest},
		{"form with a wrong escape", "issues", form, "payload=%zz", http.StatusBadRequest},
		{"no content type", "issues", "", "{}", 0},
		{"form", "issues", form, "a=b&payload=%7B%7d&c=d", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := newSource(t, false).Parse(request(c.event, c.contentType, c.body))
			var refusal *source.Refusal
			if errors.As(err, &refusal) {
				if refusal.Status != c.status {
					t.Errorf("status %d, want %d", refusal.Status, c.status)
				}
			} else if c.status != 0 || err != nil {
				t.Errorf("error %v, want status %d", err, c.status)
			}
		})
	}
}

func TestTitles(t *testing.T) {
	const repo = `"repository":{"full_name":"acme/api","html_url":"https://github.com/acme/api"}`
	for _, c := range []struct{ event, body, title string }{
		{"gollum", `{` + repo + `}`, "Wiki changed in acme/api"},
		{"page_build", `{` + repo + `}`, "Page build event in acme/api"},
		{"public", `{` + repo + `}`, "Repository made public in acme/api"},
		{"milestone", `{"action":"created","milestone":{"title":"v1.0","html_url":"https://github.com/acme/api/milestone/1"},` + repo + `}`, "Milestone created in acme/api: v1.0"},
		{"milestone", `{"action":"created",` + repo + `}`, "Milestone created in acme/api"},
		{"pull_request_review_thread", `{"action":"un_resolved",` + repo + `}`, "Pull request review thread un resolved in acme/api"},
		{"milestone", `{"action":"<!channel>",` + repo + `}`, "Milestone event in acme/api"},
		{"___", `{}`, "___ event"},
		{"issues", `{}`, "Issue updated"},
	} {
		parsed, err := newSource(t, false).Parse(request(c.event, "application/json", c.body))
		if err != nil || parsed.Events[0].Title != c.title {
			t.Errorf("%s %s: %v, %v, want %q", c.event, c.body, parsed, err, c.title)
		}
	}
}

// Every tailored event has to make a sentence of an empty delivery.
func TestEmptyDeliveries(t *testing.T) {
	s := newSource(t, false)
	for name := range renderings {
		for _, action := range []string{"", "opened", "created", "closed", "submitted", "completed", "published", "deleted", "answered", "edited"} {
			parsed, err := s.Parse(request(name, "application/json", `{"action":"`+action+`"}`))
			if err != nil {
				t.Fatalf("%s.%s: %v", name, action, err)
			}
			e := &parsed.Events[0]
			sourcetest.Check(t, e)
			if e.Key != "" || e.URL != "" || e.Action != "" || strings.Contains(e.Title, "  ") || e.Title != strings.TrimSpace(e.Title) {
				t.Errorf("%s.%s: %+v", name, action, e)
			}
		}
	}
}

// What begins and what ends a problem has to share a key.
func TestKeysPair(t *testing.T) {
	for _, c := range []struct{ a, b, key string }{
		{"issues.opened", "issues.closed-completed", "acme/api#1347"},
		{"pull_request.opened", "pull_request.merged", "acme/api#88"},
		{"workflow_run.completed-failure", "workflow_run.completed-success", "acme/api@workflow/CI/main"},
		{"check_run.completed-failure", "check_run.completed-success", "acme/api@check/lint/main"},
		{"deployment_status.failure", "deployment_status.success", "acme/api@deployment/production"},
		{"dependabot_alert.created", "dependabot_alert.fixed", "acme/api@dependabot/4"},
	} {
		for _, name := range []string{c.a, c.b} {
			parsed, err := newSource(t, false).Parse(sample(t, name))
			if err != nil || parsed.Events[0].Key != c.key {
				t.Errorf("%s: key %q, %v", name, parsed.Events[0].Key, err)
			}
		}
	}
}

func sample(tb testing.TB, name string) *source.Request {
	tb.Helper()
	for _, s := range sourcetest.Samples(tb) {
		if s.Name == name {
			return s.Request()
		}
	}
	tb.Fatalf("no sample %s in %s", name, "testdata")
	return nil
}

func TestLongBodyIsNotKept(t *testing.T) {
	body := `{"action":"opened","issue":{"number":1,"title":"` + strings.Repeat("t", 1<<20) + `","body":"` + strings.Repeat("ä", 4<<20) + `"}}`
	parsed, err := newSource(t, false).Parse(request("issues", "application/json", body))
	if err != nil {
		t.Fatal(err)
	}
	if e := parsed.Events[0]; len(e.Text.Body) > 16<<10 || len(e.Title) > 400 {
		t.Errorf("text of %d and title of %d bytes", len(e.Text.Body), len(e.Title))
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range sourcetest.Samples(f) {
		f.Add(s.Header.Get(headerEvent), s.Header.Get("Content-Type"), s.Body)
	}
	src := newSource(f, false)
	f.Fuzz(func(t *testing.T, name, contentType string, body []byte) {
		parsed, err := src.Parse(request(name, contentType, string(body)))
		if err != nil {
			var refusal *source.Refusal
			if !errors.As(err, &refusal) {
				t.Errorf("%v is not a refusal", err)
			}
			return
		}
		if parsed.Ping {
			if len(parsed.Events) != 0 || name != "ping" {
				t.Errorf("ping of %q with %d events", name, len(parsed.Events))
			}
			return
		}
		if len(parsed.Events) != 1 {
			t.Fatalf("%d events", len(parsed.Events))
		}
		sourcetest.Check(t, &parsed.Events[0])
		if !utf8.ValidString(parsed.Events[0].Text.Body) {
			t.Error("text is not UTF-8")
		}
	})
}

func BenchmarkParse(b *testing.B) {
	body, err := os.ReadFile("testdata/issues.opened.body")
	if err != nil {
		b.Fatal(err)
	}
	src, r := newSource(b, false), request("issues", "application/json", string(body))
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := src.Parse(r); err != nil {
			b.Fatal(err)
		}
	}
}
