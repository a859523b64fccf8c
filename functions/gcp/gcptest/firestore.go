package gcptest

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// Firestore is the part of Firestore's REST interface that writes and reads one
// document, with conditions: exists and updateTime.
// https://firebase.google.com/docs/firestore/reference/rest
type Firestore struct {
	URL string

	mu       sync.Mutex
	database string
	docs     map[string]document
	clock    int64
	calls    int
	commits  int
	status   int
	failure  string
	aborts   int  // commits yet to be aborted
	lose     int  // answers to commits yet to be lost
	down     bool // breaks every connection
}

type document struct {
	Name       string                     `json:"name"`
	Fields     map[string]json.RawMessage `json:"fields"`
	UpdateTime string                     `json:"updateTime"`
}

// NewFirestore starts an empty Firestore with one database, and stops it with
// the test.
func NewFirestore(tb testing.TB, database string) *Firestore {
	tb.Helper()
	f := &Firestore{database: "projects/" + Project + "/databases/" + database, docs: map[string]document{}}
	server := httptest.NewServer(f)
	tb.Cleanup(server.Close)
	f.URL = server.URL
	return f
}

// Fail answers everything with a status and its name, or, with 0, no more.
func (f *Firestore) Fail(code int, status string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.status, f.failure = code, status
}

// Abort aborts the next commits, as contention does.
func (f *Firestore) Abort(commits int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.aborts = commits
}

// Lose does what the next commits ask, and breaks the connection instead of an
// answer.
func (f *Firestore) Lose(commits int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.lose = commits
}

// Down breaks every connection from now on, or no more.
func (f *Firestore) Down(down bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.down = down
}

// Expire removes what a TTL policy would once all has expired: every document.
func (f *Firestore) Expire() {
	f.mu.Lock()
	defer f.mu.Unlock()
	clear(f.docs)
}

// Sweep deletes what a TTL policy of the field expires would.
func (f *Firestore) Sweep(now time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	maps.DeleteFunc(f.docs, func(_ string, d document) bool {
		var expires struct{ TimestampValue time.Time }
		return json.Unmarshal(d.Fields["expires"], &expires) == nil && expires.TimestampValue.Before(now)
	})
}

// Calls is how many requests there were.
func (f *Firestore) Calls() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls
}

// Commits is how many of them were to write.
func (f *Firestore) Commits() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.commits
}

// Documents is the fields of all documents by their names.
func (f *Firestore) Documents() map[string]map[string]json.RawMessage {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := map[string]map[string]json.RawMessage{}
	for name, d := range f.docs {
		all[name] = maps.Clone(d.Fields)
	}
	return all
}

// ServeHTTP answers documents.get and documents.commit.
func (f *Firestore) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls++
	path := strings.TrimPrefix(r.URL.Path, "/v1/")
	switch {
	case f.down:
		panic(http.ErrAbortHandler)
	case f.status != 0:
		fail(w, f.status, f.failure, "")
	case r.Header.Get("Authorization") != "Bearer owner":
		fail(w, http.StatusForbidden, "PERMISSION_DENIED", "")
	case !strings.HasPrefix(path, f.database+"/documents"):
		fail(w, http.StatusNotFound, "NOT_FOUND", "")
	case r.Method == http.MethodPost && path == f.database+"/documents:commit":
		f.commits++
		f.commit(w, r)
	case r.Method == http.MethodGet:
		if d, ok := f.docs[path]; ok {
			reply(w, http.StatusOK, d)
		} else {
			fail(w, http.StatusNotFound, "NOT_FOUND", "")
		}
	default:
		fail(w, http.StatusBadRequest, "INVALID_ARGUMENT", "")
	}
}

// write is one write of a commit.
type write struct {
	Update          *document
	Delete          string
	CurrentDocument *struct {
		Exists     *bool
		UpdateTime string
	}
}

func (f *Firestore) commit(w http.ResponseWriter, r *http.Request) {
	var body struct{ Writes []write }
	dec := json.NewDecoder(r.Body)
	dec.DisallowUnknownFields()
	if err := dec.Decode(&body); err != nil || len(body.Writes) != 1 {
		fail(w, http.StatusBadRequest, "INVALID_ARGUMENT", "")
		return
	}
	if f.aborts > 0 {
		f.aborts--
		fail(w, http.StatusConflict, "ABORTED", "")
		return
	}
	one := body.Writes[0]
	name := one.Delete
	if one.Update != nil {
		name = one.Update.Name
	}
	if !strings.HasPrefix(name, f.database+"/documents/") || strings.Count(name, "/") != 6 {
		fail(w, http.StatusBadRequest, "INVALID_ARGUMENT", "")
		return
	}
	if code, status := f.check(one, name); code != 0 {
		fail(w, code, status, "")
		return
	}
	f.clock++
	at := time.Unix(1_700_000_000, f.clock*1000).UTC().Format(time.RFC3339Nano)
	if one.Update != nil {
		f.docs[name] = document{Name: name, Fields: one.Update.Fields, UpdateTime: at}
	} else {
		delete(f.docs, name)
	}
	if f.lose > 0 {
		f.lose--
		panic(http.ErrAbortHandler)
	}
	reply(w, http.StatusOK, map[string]any{"writeResults": []map[string]string{{"updateTime": at}}, "commitTime": at})
}

// check is why a write's condition is not so; 0 if it is.
func (f *Firestore) check(one write, name string) (code int, status string) {
	have, ok := f.docs[name]
	on := one.CurrentDocument
	switch {
	case on == nil:
	case on.Exists != nil && !*on.Exists && ok:
		return http.StatusConflict, "ALREADY_EXISTS"
	case on.Exists != nil && *on.Exists && !ok, on.UpdateTime != "" && !ok:
		return http.StatusNotFound, "NOT_FOUND"
	case on.UpdateTime != "" && on.UpdateTime != have.UpdateTime:
		return http.StatusBadRequest, "FAILED_PRECONDITION"
	}
	return 0, ""
}
