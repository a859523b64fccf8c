package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/sigpost/sigpost/pkg/config"
	"github.com/sigpost/sigpost/pkg/relay"
	"github.com/sigpost/sigpost/pkg/secret"
	"github.com/sigpost/sigpost/pkg/source"
)

func TestEachSampleSentArrives(t *testing.T) {
	receiver := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(receiver.Close)
	file := write(t, "sigpost.yaml", `
sources:
  github:    { type: github,        secrets: [secret://key] }
  array:     { type: cloudiq,       secrets: [secret://key] }
  terraform: { type: scalr,         secrets: [secret://key] }
  certs:     { type: certifyclouds, tokens:  [secret://key] }
sinks:
  archive: { type: generic, url: `+receiver.URL+` }
routes:
  - { to: [archive] }
`)
	dotenv := write(t, ".env", "SIGPOST_SECRET_KEY="+hidden+"\n")
	c, err := config.Load(file, secret.NewLocal(func(string) (string, bool) { return hidden, true }, nil))
	if err != nil {
		t.Fatal(err)
	}
	r, err := relay.New(c, relay.Options{})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	send := func(name, want string, args ...string) {
		t.Helper()
		args = append([]string{"send", name, "--config", file, "--secrets", dotenv, "--url", server.URL + "/" + name}, args...)
		if code, out, errOut := sigpost(t, args...); code != 0 || !strings.Contains(out, want) {
			t.Errorf("%v: exit %d, %s%s", args[:2], code, out, errOut)
		}
	}
	for _, name := range []string{"github", "array", "terraform", "certs"} {
		for range 3 {
			send(name, `"status":"delivered"`)
		}
	}
	for _, sample := range source.Samples("certifyclouds") {
		send("certs", `"status":"delivered"`, "--event", sample)
		send("certs", `"status":"delivered"`, "--event", sample)
	}
	own := write(t, "own.json", `{"title":"Own","message":"words","timestamp":"2024-12-14T12:00:00.000000"}`)
	send("certs", `"status":"delivered"`, "--file", own)
	send("certs", `"status":"duplicate"`, "--file", own)
}
