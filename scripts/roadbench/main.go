// Command roadbench measures the relay beside a minimal function under the
// same load, in one run, and prints ratios. See scripts/bench.
//
// It starts itself as the servers to be measured: "relay CONFIG" is the relay
// under functions-framework, "receive CONFIG" and "deliver CONFIG" are its halves
// in queue mode, "minimal" is a function that reads the body, checks one HMAC and
// posts a constant.
package main

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"

	"github.com/GoogleCloudPlatform/functions-framework-go/funcframework"

	"github.com/sigpost/sigpost/pkg/config"
	"github.com/sigpost/sigpost/pkg/relay"
	"github.com/sigpost/sigpost/pkg/secret"
)

// benchSecret is no secret: all of this is on loopback.
const benchSecret = "bench-secret"

func main() {
	var err error
	switch {
	case len(os.Args) == 3 && os.Args[1] == "relay":
		err = serveRelay(os.Args[2])
	case len(os.Args) == 3 && os.Args[1] == "receive":
		err = serveReceive(os.Args[2])
	case len(os.Args) == 3 && os.Args[1] == "deliver":
		err = serveDeliver(os.Args[2])
	case len(os.Args) == 3 && os.Args[1] == "minimal":
		err = serve(minimal(os.Args[2]))
	case len(os.Args) == 1:
		err = measure(context.Background(), os.Stdout, false)
	case len(os.Args) == 2 && os.Args[1] == "start":
		err = measure(context.Background(), os.Stdout, true)
	default:
		err = errors.New("usage: roadbench [start]")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "roadbench:", err)
		os.Exit(1)
	}
}

func serve(h http.HandlerFunc) error {
	if err := os.Setenv("FUNCTION_TARGET", "bench"); err != nil {
		return err
	}
	if err := funcframework.RegisterHTTPFunctionContext(context.Background(), "/", h); err != nil {
		return err
	}
	return funcframework.StartHostPort("127.0.0.1", os.Getenv("PORT"))
}

func serveRelay(file string) error {
	c, err := config.Load(file, secret.NewLocal(os.LookupEnv, nil))
	if err != nil {
		return err
	}
	r, err := relay.New(c, relay.Options{Log: slog.New(slog.NewJSONHandler(os.Stderr, nil))})
	if err != nil {
		return err
	}
	return serve(r.ServeHTTP)
}

// minimal is the least that a function of this kind could do.
func minimal(target string) http.HandlerFunc {
	constant := []byte(`{"text":"An issue was opened"}`)
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		m := hmac.New(sha256.New, []byte(benchSecret))
		m.Write(body)
		want := "sha256=" + hex.EncodeToString(m.Sum(nil))
		if !hmac.Equal([]byte(want), []byte(r.Header.Get("X-Hub-Signature-256"))) {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		req, err := http.NewRequestWithContext(r.Context(), http.MethodPost, target, bytes.NewReader(constant))
		if err != nil {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		req.Header.Set("Content-Type", "application/json")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
	}
}
