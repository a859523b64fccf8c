package gcp

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sigpost/sigpost/functions/gcp/gcptest"
	"github.com/sigpost/sigpost/pkg/state"
	"github.com/sigpost/sigpost/pkg/state/statetest"
)

const testDatabase = "sigpost-state"

// openStore is the store of an environment with a stand-in behind it.
func openStore(t *testing.T) (*store, *gcptest.Firestore) {
	t.Helper()
	fake := gcptest.NewFirestore(t, testDatabase)
	env := setting{
		firestoreEmulator: strings.TrimPrefix(fake.URL, "http://"), projectVariable: gcptest.Project,
		collectionVariable: "claims", databaseVariable: testDatabase,
	}
	s, err := newStore(env.get, &projectID{env: env.get})
	if err != nil || s == nil {
		t.Fatal(err)
	}
	return s, fake
}

func TestStateConforms(t *testing.T) {
	statetest.Run(t, func(now func() time.Time) state.Store {
		s, _ := openStore(t)
		s.now = now
		return s
	})
}

func TestStateOfTheEnvironment(t *testing.T) {
	for _, c := range []struct{ collection, database, want, problem string }{
		{"", "", "", ""},
		{"", "sigpost-state", "", ""},
		{"claims", "", "(default)", ""},
		{"claims", "(default)", "(default)", ""},
		{"claims", "sigpost-state", "sigpost-state", ""},
		{"a/b", "", "", "SIGPOST_STATE_COLLECTION"},
		{"__x y__", "", "", "SIGPOST_STATE_COLLECTION"},
		{"claims", "../x", "", "SIGPOST_STATE_DATABASE"},
		{"claims", "Default", "", "SIGPOST_STATE_DATABASE"},
	} {
		env := setting{collectionVariable: c.collection, databaseVariable: c.database}
		s, err := newStore(env.get, &projectID{env: env.get})
		switch {
		case c.problem != "":
			if err == nil || !strings.Contains(err.Error(), c.problem) {
				t.Errorf("%+v: %v", c, err)
			}
		case err != nil || (s == nil) != (c.want == "") || s != nil && s.database != c.want:
			t.Errorf("%+v: %+v, %v", c, s, err)
		}
	}
}

// A TTL policy deletes what has expired, by this field, and nothing else of a
// key can be read in the database.
func TestStateDocuments(t *testing.T) {
	s, fake := openStore(t)
	const key = "delivery\ngithub\nhidden-word"
	before := time.Now()
	if _, err := s.Claim(t.Context(), key, time.Minute); err != nil {
		t.Fatal(err)
	}
	if err := s.Put(t.Context(), key, "v", time.Hour); err != nil {
		t.Fatal(err)
	}
	docs := fake.Documents()
	if len(docs) != 2 {
		t.Fatalf("%d documents", len(docs))
	}
	for name, fields := range docs {
		var expires struct{ TimestampValue time.Time }
		if err := json.Unmarshal(fields["expires"], &expires); err != nil || expires.TimestampValue.Before(before.Add(time.Minute-time.Second)) {
			t.Errorf("%s expires %s: %v", name, fields["expires"], err)
		}
		if strings.Contains(name, hidden) || strings.Count(name, "/") != 6 {
			t.Errorf("name %s", name)
		}
	}
}

func TestStateSurvivesContention(t *testing.T) {
	s, fake := openStore(t)
	fake.Abort(len(waits))
	if status, err := s.Claim(t.Context(), "a", time.Minute); err != nil || status != state.Claimed {
		t.Errorf("%v, %v", status, err)
	}
}

// The answer to a claim can be lost after it was taken; the second try must not
// find itself in its way.
func TestStateLostAnswer(t *testing.T) {
	s, fake := openStore(t)
	fake.Lose(1)
	if status, err := s.Claim(t.Context(), "a", time.Minute); err != nil || status != state.Claimed {
		t.Errorf("%v, %v", status, err)
	}
	if status, err := s.Claim(t.Context(), "a", time.Minute); err != nil || status != state.Busy {
		t.Errorf("another's: %v, %v", status, err)
	}
	s.now = func() time.Time { return time.Now().Add(time.Hour) }
	fake.Lose(1)
	if status, err := s.Claim(t.Context(), "a", time.Minute); err != nil || status != state.Claimed {
		t.Errorf("expired: %v, %v", status, err)
	}
}

func TestStateOneWinnerOfAnExpiredClaim(t *testing.T) {
	s, _ := openStore(t)
	if _, err := s.Claim(t.Context(), "a", time.Minute); err != nil {
		t.Fatal(err)
	}
	later := time.Now().Add(time.Hour)
	s.now = func() time.Time { return later }
	var won atomic.Int32
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			status, err := s.Claim(t.Context(), "a", time.Minute)
			if err != nil {
				t.Error(err)
			}
			if status == state.Claimed {
				won.Add(1)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 {
		t.Errorf("%d claims won", won.Load())
	}
}

func TestStateErrors(t *testing.T) {
	s, fake := openStore(t)
	claim := func(words ...string) {
		t.Helper()
		_, err := s.Claim(t.Context(), hidden, time.Minute)
		if err == nil {
			t.Fatal("no error")
		}
		for _, w := range append(words, "collection claims", gcptest.Project) {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("the error doesn't say %q: %v", w, err)
			}
		}
		if strings.Contains(err.Error(), hidden) || strings.Contains(err.Error(), "\n") {
			t.Errorf("error %q", err)
		}
	}
	fake.Fail(http.StatusForbidden, "PERMISSION_DENIED")
	claim("roles/datastore.user")
	fake.Fail(http.StatusBadRequest, "FAILED_PRECONDITION")
	claim("Native mode")
	fake.Fail(http.StatusInternalServerError, "INTERNAL")
	claim("500 INTERNAL")
	fake.Fail(0, "")
	s.database = "other"
	claim("gcloud firestore databases create --database='other'")
	fake.Down(true)
	claim("can't be reached")
	if err := s.Put(t.Context(), "a", strings.Repeat("v", state.MaxValueBytes+1), time.Minute); !errors.Is(err, state.ErrTooLong) {
		t.Error(err)
	}
}

func TestStateCalls(t *testing.T) {
	s, fake := openStore(t)
	ctx := t.Context()
	for _, c := range []struct {
		name string
		do   func() error
		most int
	}{
		{"claim", func() error { _, err := s.Claim(ctx, "a", time.Minute); return err }, 1},
		{"done", func() error { return s.Done(ctx, "a", time.Minute) }, 1},
		{"claim of what is done", func() error { _, err := s.Claim(ctx, "a", time.Minute); return err }, 2},
		{"put", func() error { return s.Put(ctx, "a", "v", time.Minute) }, 1},
		{"get", func() error { _, err := s.Get(ctx, "a"); return err }, 1},
		{"release of what is done", func() error { return s.Release(ctx, "a") }, 1},
	} {
		before := fake.Calls()
		if err := c.do(); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if n := fake.Calls() - before; n > c.most {
			t.Errorf("%s takes %d calls, want %d", c.name, n, c.most)
		}
	}
}
