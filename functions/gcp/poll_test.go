package gcp

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sigpost/sigpost/functions/gcp/gcptest"
	"github.com/sigpost/sigpost/pkg/source/cloudtruth/cloudtruthtest"
)

// TestProcessPoll wants a change delivered once, by whichever instance.
func TestProcessPoll(t *testing.T) {
	const key = "hidden-api-key-word"
	changes := &cloudtruthtest.Server{Key: key}
	api := httptest.NewServer(changes)
	defer api.Close()
	kept := gcptest.NewFirestore(t, "(default)")
	file := filepath.Join(t.TempDir(), "sigpost.yaml")
	write(t, file, fmt.Sprintf(`sources: { changes: { type: cloudtruth, api_key: secret://cloudtruth, url: %q, since: 1h } }
sinks: { ops: { type: slack, url: secret://slack-ops } }
routes: [ { to: [ops] } ]
`, api.URL))
	instance := func(key string) *process {
		p := start(t, "Poll", setting{"SIGPOST_CONFIG": file, firestoreEmulator: kept.URL, collectionVariable: "sigpost-state"})
		p.put("cloudtruth", key)
		p.put("slack-ops", p.chat.hook("first"))
		return p
	}
	poll := func(p *process, status int) {
		t.Helper()
		if a := p.do(http.MethodPost, "/", nil, strings.NewReader(bodyWord), status); status == http.StatusOK && a != `{"status":"polled"}`+"\n" {
			t.Errorf("the answer is %s", a)
		}
	}
	first := instance(key)
	changes.Add(time.Now(), "update", "Value", "v-1", bodyWord+":Production")
	poll(first, 200)
	poll(first, 200)
	second := instance(key)
	changes.Add(time.Now(), "create", "Project", "p-1", bodyWord)
	poll(second, 200)
	if a, b := first.chat.count(), second.chat.count(); a != 1 || b != 1 {
		t.Errorf("two instances delivered %d and %d messages, want one each", a, b)
	}
	kept.Down(true)
	poll(second, 503)
	second.logged(`"severity":"ERROR"`, `"message":"poll"`, "Firestore can't be reached")
	kept.Down(false)
	wrong := instance("hidden-wrong-key-word")
	poll(wrong, 503)
	wrong.logged(`"severity":"ERROR"`, "CloudTruth refused the key with status 401")
}

// TestProcessState wants a delivery once although another instance sees it again.
func TestProcessState(t *testing.T) {
	kept := gcptest.NewFirestore(t, "sigpost-state")
	env := setting{firestoreEmulator: strings.TrimPrefix(kept.URL, "http://"), collectionVariable: "sigpost-state", databaseVariable: "sigpost-state"}
	first, second := start(t, "Receive", env), start(t, "Receive", env)
	first.putAll()
	second.putAll()
	if a := first.post("hidden-webhook-word", 200); !strings.Contains(a, `"delivered"`) {
		t.Errorf("the answer is %s", a)
	}
	if a := second.post("hidden-webhook-word", 200); !strings.Contains(a, `"duplicate"`) {
		t.Errorf("the answer is %s", a)
	}
	kept.Down(true)
	first.post("hidden-webhook-word", 503)
	first.logged(`"severity":"ERROR"`, "Firestore can't be reached")
	kept.Down(false)
	kept.Fail(http.StatusForbidden, "PERMISSION_DENIED")
	first.post("hidden-webhook-word", 503)
	first.logged(`"severity":"ERROR"`, "collection sigpost-state", "roles/datastore.user")
	if n := second.chat.count(); n != 0 {
		t.Errorf("the second instance delivered %d messages", n)
	}
}
