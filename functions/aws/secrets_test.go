package main

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sigpost/sigpost/functions/aws/awstest"
	"github.com/sigpost/sigpost/pkg/secret"
	"github.com/sigpost/sigpost/pkg/secret/secrettest"
)

// testEnv is the environment of a function with its services on loopback.
func testEnv(t *testing.T, more map[string]string) func(string) string {
	t.Helper()
	env := awstest.Env()
	for k, v := range more {
		env[k] = v
	}
	return func(name string) string { return env[name] }
}

const testPrefix = "acme/"

// newTestSecrets is the manager under test in front of a Secrets Manager.
func newTestSecrets(t *testing.T) (*awstest.Secrets, *secrets) {
	t.Helper()
	fake := awstest.NewSecrets()
	t.Cleanup(fake.Close)
	t.Cleanup(func() {
		for _, text := range fake.Invalid() {
			t.Error("Secrets Manager was asked what it does not take:", text)
		}
	})
	a, err := newAccount(testEnv(t, map[string]string{"AWS_ENDPOINT_URL_SECRETS_MANAGER": fake.URL}))
	if err != nil {
		t.Fatal(err)
	}
	return fake, newSecrets(a, testPrefix)
}

func TestSecretsConformance(t *testing.T) {
	secrettest.Run(t, func(t *testing.T) secrettest.Fixture {
		t.Helper()
		fake, s := newTestSecrets(t)
		return secrettest.Fixture{
			Manager: s,
			Put:     func(name, value string) { fake.Put(testPrefix+name, value) },
			Deny:    func(name string) { fake.Deny(testPrefix + name) },
			Down:    fake.Down,
		}
	})
}

func TestSecretsVersions(t *testing.T) {
	fake, s := newTestSecrets(t)
	made := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	fake.Now = func() time.Time { return made }
	fake.Put("acme/hook", "first-word")
	fake.Put("acme/hook", "second-word")
	for version, want := range map[string]string{"": "second-word", "AWSCURRENT": "second-word", "AWSPREVIOUS": "first-word", secret.Previous: "first-word"} {
		got, err := s.Fetch(t.Context(), "hook", version)
		if err != nil || got.Value.Reveal() != want || !got.Created.Equal(made) || got.ID == "" {
			t.Errorf("version %q is another than %q, or has no id or time: %v, %v", version, want, got, err)
		}
	}
}

// TestSecretsErrors wants the thing and the fix in every error, and its kind.
func TestSecretsErrors(t *testing.T) {
	const word = "service-text-word" // of the service's own texts, which are not passed on
	for name, c := range map[string]struct {
		prepare func(*awstest.Secrets)
		version string
		kind    error
		want    []string
	}{
		"unknown": {nil, "", secret.ErrNotFound, []string{"mend the name", "SIGPOST_SECRETS_PREFIX", "aws secretsmanager put-secret-value --secret-id acme/hook"}},
		"no value": {
			func(f *awstest.Secrets) { f.Create("acme/hook") }, "", secret.ErrNotFound,
			[]string{"no value yet", "aws secretsmanager put-secret-value --secret-id acme/hook --secret-string file://"},
		},
		"no previous": {func(f *awstest.Secrets) { f.Put("acme/hook", "x") }, secret.Previous, secret.ErrNotFound, []string{"version previous"}},
		"no such id":  {func(f *awstest.Secrets) { f.Put("acme/hook", "x") }, strings.Repeat("a", 36), secret.ErrNotFound, []string{"no such version"}},
		"denied":      {func(f *awstest.Secrets) { f.Deny("acme/hook") }, "", secret.ErrDenied, []string{"secretsmanager:GetSecretValue"}},
		"key denied":  {func(f *awstest.Secrets) { f.DenyKey("acme/hook") }, "", secret.ErrDenied, []string{"kms:Decrypt"}},
		"key lost":    {func(f *awstest.Secrets) { f.Refuse(400, "DecryptionFailure", word) }, "", secret.ErrDenied, []string{"kms:Decrypt"}},
		"deleted": {
			func(f *awstest.Secrets) { f.Put("acme/hook", "x"); f.Delete("acme/hook") }, "", secret.ErrNotFound,
			[]string{"marked for deletion", "restore-secret --secret-id acme/hook"},
		},
		"odd state":   {func(f *awstest.Secrets) { f.Refuse(400, "InvalidRequestException", word) }, "", secret.ErrNotFound, []string{"describe-secret"}},
		"credentials": {func(f *awstest.Secrets) { f.Refuse(400, "UnrecognizedClientException", word) }, "", secret.ErrDenied, []string{"credentials"}},
		"name":        {func(f *awstest.Secrets) { f.Refuse(400, "ValidationException", word) }, "", secret.ErrNotFound, []string{"no such name"}},
		"internal":    {func(f *awstest.Secrets) { f.Refuse(500, "InternalServiceError", word) }, "", nil, []string{"InternalServiceError", "500"}},
		"busy":        {func(f *awstest.Secrets) { f.Refuse(400, "ThrottlingException", word) }, "", nil, []string{"ThrottlingException"}},
		"hostile":     {func(f *awstest.Secrets) { f.Refuse(400, "Bad\n"+word+" code", word) }, "", nil, []string{"an unknown code"}},
		"binary":      {func(f *awstest.Secrets) { f.PutBinary("acme/hook", []byte(word)) }, "", nil, []string{"binary", "put-secret-value"}},
		"dropped":     {func(f *awstest.Secrets) { f.Down(true) }, "", nil, []string{"can't be reached", "VPC"}},
	} {
		t.Run(name, func(t *testing.T) {
			fake, s := newTestSecrets(t)
			if c.prepare != nil {
				c.prepare(fake)
			}
			_, err := s.Fetch(t.Context(), "hook", c.version)
			if err == nil {
				t.Fatal("no error")
			}
			t.Log(err)
			for _, kind := range []error{secret.ErrNotFound, secret.ErrDenied} {
				if got := errors.Is(err, kind); got != (kind == c.kind) {
					t.Errorf("is %q: %v", kind, got)
				}
			}
			for _, want := range append(c.want, "acme/hook", awstest.Region) {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q is missing", want)
				}
			}
			if strings.Contains(err.Error(), word) {
				t.Error("repeats the service's text")
			}
		})
	}
}

// TestSecretsHang wants the caller's time kept.
func TestSecretsHang(t *testing.T) {
	fake, s := newTestSecrets(t)
	defer fake.Hang()()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := s.Fetch(ctx, "hook", "")
	if err == nil || !strings.Contains(err.Error(), "no answer in time") || !strings.Contains(err.Error(), "VPC") {
		t.Error(err)
	}
}

func TestSecretsRetriesAreBounded(t *testing.T) {
	fake, s := newTestSecrets(t)
	fake.Refuse(500, "InternalServiceError", "")
	if _, err := s.Fetch(t.Context(), "hook", ""); err == nil {
		t.Error("no error")
	}
	if n := fake.Calls(); n != maxAttempts {
		t.Errorf("%d calls, want %d", n, maxAttempts)
	}
}

func TestEndpoints(t *testing.T) {
	for name, c := range map[string]struct {
		env  map[string]string
		want string
	}{
		"none":    {nil, ""},
		"common":  {map[string]string{"AWS_ENDPOINT_URL": "http://127.0.0.1:1/"}, "http://127.0.0.1:1"},
		"own":     {map[string]string{"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_ENDPOINT_URL_SECRETS_MANAGER": "https://vpce.example"}, "https://vpce.example"},
		"others":  {map[string]string{"AWS_ENDPOINT_URL_DYNAMODB": "http://127.0.0.1:1"}, ""},
		"ignored": {map[string]string{"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}, ""},
	} {
		a, err := newAccount(testEnv(t, c.env))
		if err != nil {
			t.Error(name, err)
			continue
		}
		if got, err := a.endpoint("SECRETS_MANAGER"); err != nil || got != c.want {
			t.Errorf("%s: %q, %v, want %q", name, got, err, c.want)
		}
	}
}

func TestAccountNamesWhatIsMissing(t *testing.T) {
	for name, value := range map[string]string{
		"AWS_REGION": "", "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "",
		"AWS_ENDPOINT_URL": "localhost:4566", "AWS_ENDPOINT_URL_SECRETS_MANAGER": "ftp://h", "AWS_ENDPOINT_URL_DYNAMODB": "%",
	} {
		_, err := newAccount(testEnv(t, map[string]string{name: value}))
		if err == nil || !strings.Contains(err.Error(), name+" is") {
			t.Errorf("%s=%q: %v", name, value, err)
		}
	}
}

// TestNoRedirect keeps a signed request from going elsewhere.
func TestNoRedirect(t *testing.T) {
	a, err := newAccount(testEnv(t, nil))
	if err != nil {
		t.Fatal(err)
	}
	if err := a.client.CheckRedirect(nil, nil); !errors.Is(err, http.ErrUseLastResponse) {
		t.Error("redirects are followed")
	}
}

// TestSecretsWhileDown wants a value that was fetched to bridge an outage, for a
// bounded time, and a rotation during it to be found afterwards.
func TestSecretsWhileDown(t *testing.T) {
	fake, s := newTestSecrets(t)
	var passed time.Duration
	start := time.Now()
	cache := secret.NewCache(s, nil, secret.CacheConfig{Now: func() time.Time { return start.Add(passed) }})
	ref := secret.Ref{Scheme: secret.SchemeSecret, Name: "hook"}
	want := func(value string) {
		t.Helper()
		got, err := cache.Get(t.Context(), ref)
		if value == "" && err == nil || value != "" && (err != nil || got.Reveal() != value) {
			t.Errorf("after %v: another value than %q, or %v", passed, value, err)
		}
	}
	fake.Put("acme/hook", "first-word")
	want("first-word")
	fake.Down(true)
	passed = 50 * time.Minute
	want("first-word")
	passed = 2 * time.Hour
	want("")
	fake.Put("acme/hook", "second-word")
	fake.Down(false)
	passed += time.Minute
	want("second-word")
}
