// Package gcptest is stand-ins for the services of Google Cloud that the
// functions use: Secret Manager, Firestore, Pub/Sub and the keys of identity
// tokens, on the wire, as far as they are used. They keep what they are given in
// memory and know no accounts.
package gcptest

import (
	"encoding/base64"
	"encoding/json"
	"hash/crc32"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// Project is the project of the stand-ins, and ProjectNumber the number that
// their answers name it by, as the real ones do.
const (
	Project       = "sigpost-test"
	ProjectNumber = "1234567890"
)

// State is what became of a version.
type State string

// The states of a version.
const (
	Enabled   State = "ENABLED"
	Disabled  State = "DISABLED"
	Destroyed State = "DESTROYED"
)

type version struct {
	value string
	state State
}

// Secrets is Secret Manager's method to access a version.
type Secrets struct {
	URL string

	mu       sync.Mutex
	versions map[string][]version
	denied   map[string]bool
	reason   string
	status   int  // answered to everything if it is not 0
	down     bool // breaks every connection
	hang     chan struct{}
	damage   int // answers yet to be damaged
	seen     []*http.Request
}

// NewSecrets starts an empty Secret Manager, and stops it with the test.
func NewSecrets(tb testing.TB) *Secrets {
	tb.Helper()
	s := &Secrets{versions: map[string][]version{}, denied: map[string]bool{}, reason: "IAM_PERMISSION_DENIED"}
	server := httptest.NewServer(s)
	tb.Cleanup(func() { server.CloseClientConnections(); server.Close() })
	s.URL = server.URL
	return s
}

// Put adds a version to a secret, which is made if there is none of that name.
func (s *Secrets) Put(name, value string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.versions[name] = append(s.versions[name], version{value, Enabled})
}

// Set changes what became of a version; the first is number 1.
func (s *Secrets) Set(name string, number int, state State) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.versions[name][number-1].state = state
}

// Deny refuses the permission to read a secret from now on.
func (s *Secrets) Deny(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.denied[name] = true
}

// DenyFor is the reason that refusals give.
func (s *Secrets) DenyFor(reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reason = reason
}

// Down breaks every connection from now on, or no more.
func (s *Secrets) Down(down bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = down
}

// Hang lets requests wait until the function that it returns is called.
func (s *Secrets) Hang() (goOn func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	hang := make(chan struct{})
	s.hang = hang
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		close(hang)
		s.hang = nil
	}
}

// Fail answers everything with a status, or, with 0, no more.
func (s *Secrets) Fail(status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status = status
}

// Damage changes the values, but not the checksums, of the next answers.
func (s *Secrets) Damage(answers int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.damage = answers
}

// Requests is what was asked so far.
func (s *Secrets) Requests() []*http.Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]*http.Request(nil), s.seen...)
}

var accessPath = regexp.MustCompile(`^/v1/projects/(` + Project + `|` + ProjectNumber + `)/secrets/([A-Za-z0-9_-]+)/versions/([A-Za-z0-9_-]+):access$`)

// ServeHTTP implements
// https://cloud.google.com/secret-manager/docs/reference/rest/v1/projects.secrets.versions/access
func (s *Secrets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.seen = append(s.seen, r)
	hang := s.hang
	s.mu.Unlock()
	if hang != nil {
		select {
		case <-hang:
		case <-r.Context().Done():
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	path := accessPath.FindStringSubmatch(r.URL.Path)
	switch {
	case s.down:
		panic(http.ErrAbortHandler)
	case s.status != 0:
		fail(w, s.status, "UNAVAILABLE", "")
	case path == nil || r.Method != http.MethodGet:
		fail(w, http.StatusNotFound, "", "")
	case s.denied[path[2]]:
		fail(w, http.StatusForbidden, "PERMISSION_DENIED", s.reason)
	default:
		s.access(w, path[2], path[3])
	}
}

func (s *Secrets) access(w http.ResponseWriter, name, id string) {
	all := s.versions[name]
	number, err := strconv.Atoi(id)
	switch {
	case id == "latest":
		number = len(all)
	case err != nil:
		number = 0
	}
	if number < 1 || number > len(all) {
		fail(w, http.StatusNotFound, "NOT_FOUND", "")
		return
	}
	v := all[number-1]
	if v.state != Enabled {
		fail(w, http.StatusBadRequest, "FAILED_PRECONDITION", "")
		return
	}
	sum := crc32.Checksum([]byte(v.value), crc32.MakeTable(crc32.Castagnoli))
	if s.damage > 0 {
		s.damage--
		v.value = strings.ToUpper(v.value)
	}
	reply(w, http.StatusOK, map[string]any{
		"name": "projects/" + ProjectNumber + "/secrets/" + name + "/versions/" + strconv.Itoa(number),
		"payload": map[string]string{
			"data":       base64.StdEncoding.EncodeToString([]byte(v.value)),
			"dataCrc32c": strconv.FormatUint(uint64(sum), 10),
		},
	})
}

// fail answers as Google's APIs do: https://cloud.google.com/apis/design/errors
func fail(w http.ResponseWriter, code int, status, reason string) {
	body := map[string]any{"code": code, "message": "no", "status": status}
	if reason != "" {
		body["details"] = []map[string]string{{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason}}
	}
	reply(w, code, map[string]any{"error": body})
}

func reply(w http.ResponseWriter, code int, body any) {
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(body)
}
