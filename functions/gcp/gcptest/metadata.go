package gcptest

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// Token is what the metadata server gives as an access token. It is no secret.
const Token = "hidden-word-token"

// Metadata is the part of the metadata server that clients ask: the project and
// the token of the function's service account.
// https://cloud.google.com/run/docs/container-contract#metadata-server
type Metadata struct {
	Host string // for GCE_METADATA_HOST

	mu    sync.Mutex
	asked map[string]int
}

// NewMetadata starts a metadata server, and stops it with the test.
func NewMetadata(tb testing.TB) *Metadata {
	tb.Helper()
	m := &Metadata{asked: map[string]int{}}
	server := httptest.NewServer(m)
	tb.Cleanup(server.Close)
	m.Host = strings.TrimPrefix(server.URL, "http://")
	return m
}

// Asked is how often a path below computeMetadata/v1 was asked for.
func (m *Metadata) Asked(path string) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.asked[path]
}

// ServeHTTP answers what is known, and 404.
func (m *Metadata) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimPrefix(r.URL.Path, "/computeMetadata/v1/")
	m.mu.Lock()
	m.asked[path]++
	m.mu.Unlock()
	w.Header().Set("Metadata-Flavor", "Google")
	switch {
	case path == "project/project-id":
		_, _ = io.WriteString(w, Project)
	case path == "universe/universe-domain":
		_, _ = io.WriteString(w, "googleapis.com")
	case strings.HasSuffix(path, "/token"):
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"access_token":"`+Token+`","expires_in":3600,"token_type":"Bearer"}`)
	default:
		http.NotFound(w, r)
	}
}
