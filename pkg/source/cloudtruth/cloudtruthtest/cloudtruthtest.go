// Package cloudtruthtest is a stand-in for CloudTruth's API: the audit log, as
// its OpenAPI document describes it, and the faults that a real one may have.
package cloudtruthtest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"time"
)

const (
	auditPath = "/api/v1/audit/"
	// timeLayout is how CloudTruth writes times.
	timeLayout       = "2006-01-02T15:04:05.000000Z"
	defaultPageSize  = 25
	unauthorizedBody = `{"detail":"Authentication credentials were not provided."}`
)

// Server is the API, an http.Handler. Its fields are set before it is used.
type Server struct {
	// Key is the one API key.
	Key string
	// Now is its clock; nil is time.Now.
	Now func() time.Time
	// MaxPageSize bounds the page_size that is asked for; 0 does not.
	MaxPageSize int
	// Unordered, Unfiltered and Unpaged ignore the parameters ordering (the
	// newest entry then comes first), earliest, and page.
	Unordered, Unfiltered, Unpaged bool
	// Intercept may answer in its stead, and then returns true. May be nil.
	Intercept func(w http.ResponseWriter, r *http.Request) bool

	mu      sync.Mutex
	entries []Entry
	asked   int
}

// User is who did something.
type User struct {
	ID    string  `json:"id"`
	Type  string  `json:"type"`
	Name  *string `json:"name"`
	Email *string `json:"email"`
}

// Entry is one record of the log.
type Entry struct {
	URL        string  `json:"url"`
	ID         string  `json:"id"`
	Action     string  `json:"action"`
	ObjectID   string  `json:"object_id"`
	ObjectName *string `json:"object_name"`
	ObjectType string  `json:"object_type"`
	Timestamp  string  `json:"timestamp"`
	User       *User   `json:"user"`

	at time.Time
}

// Add logs that Alice did something, and returns the entry's id.
func (s *Server) Add(at time.Time, action, objectType, objectID, objectName string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	name, email := "Alice Smith", "alice@example.com"
	id := fmt.Sprintf("%08x-6f1c-4d0e-9a53-2b7d1c0e9f10", len(s.entries)+1)
	s.entries = append(s.entries, Entry{
		URL: "https://api.cloudtruth.io" + auditPath + id + "/", ID: id,
		Action: action, ObjectID: objectID, ObjectName: &objectName, ObjectType: objectType,
		Timestamp: at.UTC().Format(timeLayout), at: at.UTC().Truncate(time.Microsecond),
		User: &User{ID: "auth0|6194a1", Type: "interactive", Name: &name, Email: &email},
	})
	return id
}

// Asked is how many requests came.
func (s *Server) Asked() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked
}

// ServeHTTP answers GET /api/v1/audit/.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.asked++
	now := time.Now
	if s.Now != nil {
		now = s.Now
	}
	s.mu.Unlock()
	w.Header().Set("Date", now().UTC().Format(http.TimeFormat))
	w.Header().Set("Content-Type", "application/json")
	switch {
	case s.Intercept != nil && s.Intercept(w, r):
	case r.URL.Path != auditPath || r.Method != http.MethodGet:
		http.NotFound(w, r)
	case r.Header.Get("Authorization") != "Api-Key "+s.Key:
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = w.Write([]byte(unauthorizedBody))
	default:
		s.page(w, r)
	}
}

// page writes the page that r asks for.
func (s *Server) page(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	list := s.list(q)
	size := number(q, "page_size", defaultPageSize)
	if s.MaxPageSize > 0 {
		size = min(size, s.MaxPageSize)
	}
	n := number(q, "page", 1)
	start := (n - 1) * size
	if s.Unpaged {
		start = 0
	}
	if n > 1 && start >= len(list) {
		w.WriteHeader(http.StatusNotFound)
		_, _ = w.Write([]byte(`{"detail":"Invalid page."}`))
		return
	}
	end := min(start+size, len(list))
	answer := struct {
		Count    int     `json:"count"`
		Next     *string `json:"next"`
		Previous *string `json:"previous"`
		Results  []Entry `json:"results"`
	}{Count: len(list), Results: list[start:end]}
	if end < len(list) {
		q.Set("page", strconv.Itoa(n+1))
		next := "https://api.cloudtruth.io" + auditPath + "?" + q.Encode()
		answer.Next = &next
	}
	_ = json.NewEncoder(w).Encode(answer)
}

// list is the entries that q asks for, in its order.
func (s *Server) list(q url.Values) []Entry {
	s.mu.Lock()
	list := append([]Entry{}, s.entries...)
	s.mu.Unlock()
	if earliest, err := time.Parse(time.RFC3339, q.Get("earliest")); err == nil && !s.Unfiltered {
		list = slices.DeleteFunc(list, func(e Entry) bool { return e.at.Before(earliest) })
	}
	sign := -1
	if q.Get("ordering") == "timestamp" && !s.Unordered {
		sign = 1
	}
	slices.SortStableFunc(list, func(a, b Entry) int {
		return sign * cmp.Or(a.at.Compare(b.at), cmp.Compare(a.ID, b.ID))
	})
	return list
}

func number(q url.Values, name string, otherwise int) int {
	n, err := strconv.Atoi(q.Get(name))
	if err != nil || n < 1 {
		return otherwise
	}
	return n
}
