package gcp

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	secretmanager "cloud.google.com/go/secretmanager/apiv1"
	"google.golang.org/api/googleapi"
	"google.golang.org/api/option"

	"github.com/sigpost/sigpost/functions/gcp/gcptest"
)

// With no emulator a client presents the service account's token. That and what
// it receives is logged nowhere, whatever the environment asks for.
func TestClientOnTheRealPlatform(t *testing.T) {
	metadata := gcptest.NewMetadata(t)
	t.Setenv("GCE_METADATA_HOST", metadata.Host)
	t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", "")
	t.Setenv("HOME", t.TempDir()) // where a developer's own credentials would be
	fake := gcptest.NewSecrets(t)
	fake.Put("hook", hidden)
	client, err := secretmanager.NewRESTClient(t.Context(), append(clientOptions(""), option.WithEndpoint(fake.URL))...)
	if err != nil {
		t.Fatal(err)
	}
	got, err := access(t.Context(), client, version{gcptest.Project, "hook", latest})
	if err != nil || got.Value.Reveal() != hidden {
		t.Fatal(err)
	}
	if auth := fake.Requests()[0].Header.Get("Authorization"); auth != "Bearer "+gcptest.Token {
		t.Error("the request was made without the token of the metadata server")
	}
}

func TestRefusals(t *testing.T) {
	for body, want := range map[string]refusal{
		`{"error":{"code":403,"status":"PERMISSION_DENIED","details":[{"@type":"x"},{"reason":"SERVICE_DISABLED"}]}}`: {403, "PERMISSION_DENIED", "SERVICE_DISABLED"},
		`{"error":{"status":"` + hidden + `","details":[{"reason":"a\nb"}]}}`:                                         {code: 403},
		`{"error":{"status":"` + strings.Repeat("A", 64) + `"}}`:                                                      {code: 403},
		`<html>`: {code: 403},
		`[]`:     {code: 403},
		``:       {code: 403},
	} {
		if got, ok := refused(&googleapi.Error{Code: http.StatusForbidden, Body: body}); !ok || got != want {
			t.Errorf("%s: %+v, want %+v", body, got, want)
		}
	}
	if _, ok := refused(errors.New("x")); ok {
		t.Error("an error of the network is a refusal")
	}
}

func TestBrief(t *testing.T) {
	inner := errors.New("connection refused")
	if got := brief(&url.Error{Op: "Get", URL: "http://" + hidden, Err: &url.Error{Op: "Get", URL: "http://" + hidden, Err: inner}}); got.Error() != inner.Error() || !errors.Is(got, inner) {
		t.Error(got)
	}
	if got := brief(errors.New("a\n b\t" + strings.Repeat("é", 1000))).Error(); len(got) > maxBrief+10 || strings.ContainsAny(got, "\n\t") || strings.ContainsRune(got, '\uFFFD') {
		t.Error(got)
	}
}
