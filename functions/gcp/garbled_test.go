package gcp

import (
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/sigpost/sigpost/functions/gcp/gcptest"
)

func TestAGarbledAnswerIsNotRepeated(t *testing.T) {
	whole := base64.StdEncoding.EncodeToString([]byte(hidden))
	for name, body := range map[string]string{
		"not base64":     `{"name":"projects/1/secrets/hook/versions/1","payload":{"data":"` + hidden + `!"}}`,
		"broken base64":  `{"payload":{"data":"` + whole + `%"}}`,
		"not in quotes":  `{"payload":{"data":` + whole + `}}`,
		"bare":           hidden,
		"another shape":  `{"payload":"` + hidden + `"}`,
		"unknown number": `{"payload":{"data":"","dataCrc32c":"` + hidden + `"}}`,
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				_, _ = io.WriteString(w, body)
			}))
			defer server.Close()
			env := setting{secretsEmulator: strings.TrimPrefix(server.URL, "http://"), projectVariable: gcptest.Project}
			_, err := newSecrets(env.get, &projectID{env: env.get}).Fetch(t.Context(), "hook", "")
			if err == nil {
				t.Fatal("a garbled answer is taken")
			}
			if strings.Contains(err.Error(), hidden) || strings.Contains(err.Error(), whole) {
				t.Errorf("the value is in the error: %v", err)
			}
		})
	}
}
