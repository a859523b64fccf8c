package gcp

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sigpost/sigpost/functions/gcp/gcptest"
	"github.com/sigpost/sigpost/pkg/secret"
	"github.com/sigpost/sigpost/pkg/secret/secrettest"
)

// hidden is part of every secret here, and may stand in no error and no log.
const hidden = "hidden-word"

// setting is an environment.
type setting map[string]string

func (s setting) get(name string) string { return s[name] }

// openSecrets is the secrets of an environment with a stand-in behind them.
func openSecrets(t *testing.T, more setting) (*secrets, *gcptest.Secrets) {
	t.Helper()
	fake := gcptest.NewSecrets(t)
	env := setting{secretsEmulator: strings.TrimPrefix(fake.URL, "http://"), projectVariable: gcptest.Project}
	for k, v := range more {
		env[k] = v
	}
	return newSecrets(env.get, &projectID{env: env.get}), fake
}

func TestSecretsConform(t *testing.T) {
	for _, prefix := range []string{"", "sigpost-prod-"} {
		t.Run("prefix "+prefix, func(t *testing.T) {
			secrettest.Run(t, func(t *testing.T) secrettest.Fixture {
				t.Helper()
				s, fake := openSecrets(t, setting{prefixVariable: prefix})
				return secrettest.Fixture{
					Manager: s,
					Put:     func(name, value string) { fake.Put(prefix+name, value) },
					Deny:    func(name string) { fake.Deny(prefix + name) },
					Down:    fake.Down,
				}
			})
		})
	}
}

// fetched wants a value.
func fetched(t *testing.T, s *secrets, name, version, want string) {
	t.Helper()
	got, err := s.Fetch(t.Context(), name, version)
	if err != nil || got.Value.Reveal() != want {
		t.Errorf("%s version %q: not the value that was put: %v", name, version, err)
	}
}

// refusedWith wants an error of a kind that says all of words and no value.
func refusedWith(t *testing.T, s *secrets, name, version string, kind error, words ...string) {
	t.Helper()
	_, err := s.Fetch(t.Context(), name, version)
	if err == nil {
		t.Fatalf("%s version %q: no error", name, version)
	}
	if kind != nil && !errors.Is(err, kind) {
		t.Errorf("%s version %q: %v doesn't wrap %q", name, version, err, kind)
	}
	if kind == nil && (errors.Is(err, secret.ErrNotFound) || errors.Is(err, secret.ErrDenied)) {
		t.Errorf("%s version %q: passing trouble is taken for an answer: %v", name, version, err)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("%s version %q: the error doesn't say %q: %v", name, version, w, err)
		}
	}
	if strings.Contains(strings.ToLower(err.Error()), hidden) || strings.Contains(err.Error(), "\n") {
		t.Errorf("%s version %q: error %q", name, version, err)
	}
}

func TestDamagedValueIsFetchedAgain(t *testing.T) {
	s, fake := openSecrets(t, nil)
	fake.Put("hook", hidden)
	fake.Damage(1)
	fetched(t, s, "hook", "", hidden)
	fake.Damage(100)
	refusedWith(t, s, "hook", "", nil, "hook", "checksum")
	if n := len(fake.Requests()); n != 2+len(waits)+1 {
		t.Errorf("%d requests", n)
	}
}

func TestDisabledVersions(t *testing.T) {
	s, fake := openSecrets(t, nil)
	for _, v := range []string{"1", "2", "3", "4"} {
		fake.Put("hook", hidden+v)
	}
	fetched(t, s, "hook", secret.Previous, hidden+"3")
	// An older one doesn't take the place of one that was disabled.
	fake.Set("hook", 3, gcptest.Destroyed)
	refusedWith(t, s, "hook", secret.Previous, secret.ErrNotFound, "hook", "before number 4")
	fake.Set("hook", 3, gcptest.Disabled)
	refusedWith(t, s, "hook", secret.Previous, secret.ErrNotFound, "hook", "before number 4")
	refusedWith(t, s, "hook", "3", secret.ErrNotFound, "version 3 of secret hook", "disabled", "gcloud secrets versions list hook")
	fake.Set("hook", 4, gcptest.Disabled)
	for _, version := range []string{"", secret.Previous} {
		refusedWith(t, s, "hook", version, secret.ErrNotFound, "latest version is disabled",
			"gcloud secrets versions enable NUMBER --secret=hook --project="+gcptest.Project, "gcloud secrets versions add hook")
	}
}

func TestNames(t *testing.T) {
	s, fake := openSecrets(t, setting{prefixVariable: "sigpost-prod-"})
	fake.Put("elsewhere", hidden+"1")
	fake.Put("elsewhere", hidden+"2")
	full := "projects/" + gcptest.ProjectNumber + "/secrets/elsewhere"
	fetched(t, s, full, "", hidden+"2")
	fetched(t, s, full, "1", hidden+"1")
	fetched(t, s, full, secret.Previous, hidden+"1")
	fetched(t, s, full+"/versions/1", "", hidden+"1")
	fetched(t, s, full+"/versions/latest", "", hidden+"2")
	refusedWith(t, s, full+"/versions/1", secret.Previous, secret.ErrNotFound, "version 1 of secret elsewhere")
	before := len(fake.Requests())
	for _, name := range []string{"a/b", "../x", "a@b", "projects/p/locations/l/secrets/s", "projects/p", "projects//secrets/s", strings.Repeat("a", 256)} {
		refusedWith(t, s, name, "", secret.ErrNotFound, name)
	}
	for _, id := range []string{"a/b", "1:access", "..", "x y"} {
		refusedWith(t, s, "hook", id, secret.ErrNotFound, "sigpost-prod-hook")
	}
	if len(fake.Requests()) != before {
		t.Error("a name that can't be was asked for")
	}
}

func TestErrorsNameTheFix(t *testing.T) {
	s, fake := openSecrets(t, nil)
	refusedWith(t, s, "hook", "", secret.ErrNotFound, "gcloud secrets versions add hook --data-file=- --project="+gcptest.Project)
	refusedWith(t, s, "hook", "7", secret.ErrNotFound, "version 7 of secret hook", "gcloud secrets versions list hook")
	fake.Put("hook", hidden)
	fake.Deny("hook")
	refusedWith(t, s, "hook", "", secret.ErrDenied, "roles/secretmanager.secretAccessor", "gcloud secrets add-iam-policy-binding hook", "or it does not exist")
	fake.DenyFor("SERVICE_DISABLED")
	refusedWith(t, s, "hook", "", secret.ErrDenied, "gcloud services enable secretmanager.googleapis.com")
	fake.Fail(http.StatusServiceUnavailable)
	refusedWith(t, s, "hook", "", nil, "503 UNAVAILABLE")
	fake.Fail(http.StatusTeapot)
	refusedWith(t, s, "hook", "", nil, "418")
}

func TestTroubleThatPasses(t *testing.T) {
	s, fake := openSecrets(t, nil)
	fake.Put("hook", hidden)
	fake.Fail(http.StatusTooManyRequests)
	time.AfterFunc(waits[0]/4, func() { fake.Fail(0) })
	fetched(t, s, "hook", "", hidden)
}

func TestDeadlineIsKept(t *testing.T) {
	s, fake := openSecrets(t, nil)
	fake.Down(true)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	start := time.Now()
	if _, err := s.Fetch(ctx, "hook", ""); err == nil {
		t.Error("no error")
	}
	if took := time.Since(start); took > waits[0] {
		t.Errorf("took %v after the end of its context", took)
	}
}

func TestProjectFromMetadata(t *testing.T) {
	metadata := gcptest.NewMetadata(t)
	t.Setenv("GCE_METADATA_HOST", metadata.Host)
	s, fake := openSecrets(t, setting{projectVariable: ""})
	fake.Put("hook", hidden)
	if s.project.known() != "" {
		t.Error("the project is known before it was asked for")
	}
	fetched(t, s, "hook", "", hidden)
	fetched(t, s, "hook", "", hidden)
	if n := metadata.Asked("project/project-id"); n != 1 || s.project.known() != gcptest.Project {
		t.Errorf("the metadata server was asked %d times; the project is %q", n, s.project.known())
	}
}

func TestNoProject(t *testing.T) {
	t.Setenv("GCE_METADATA_HOST", "127.0.0.1:1")
	s, _ := openSecrets(t, setting{projectVariable: ""})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := s.Fetch(ctx, "hook", "")
	if err == nil || !strings.Contains(err.Error(), "set GOOGLE_CLOUD_PROJECT") {
		t.Error(err)
	}
}
