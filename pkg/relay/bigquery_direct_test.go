package relay

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sigpost/sigpost/pkg/config"
	"github.com/sigpost/sigpost/pkg/deliver"
	"github.com/sigpost/sigpost/pkg/secret"
	"github.com/sigpost/sigpost/pkg/secret/secrettest"
)

// TestNoWaitForAPerson wants a sender answered at once where BigQuery says what a
// person must mend: the sender has seconds, and the other tries would be the same.
func TestNoWaitForAPerson(t *testing.T) {
	for answer, reason := range map[string]string{
		`401 {"error":{"code":401,"errors":[{"reason":"authError"}]}}`:           "unauthenticated",
		`403 {"error":{"code":403,"errors":[{"reason":"accessDenied"}]}}`:        "accessDenied (who writes needs the permission tables.updateData on the table, as the role BigQuery Data Editor has it)",
		`403 {"error":{"code":403,"errors":[{"reason":"accessNotConfigured"}]}}`: "accessNotConfigured (the project's BigQuery API is not enabled)",
		`403 {"error":{"code":403,"errors":[{"reason":"billingNotEnabled"}]}}`:   "billingNotEnabled",
		`404 {"error":{"code":404,"errors":[{"reason":"notFound"}]}}`:            "notFound (there is no such project, dataset or table)",
	} {
		w := newWarehouse(t)
		w.relay.opt.Queue = nil
		calls := 0
		w.relay.opt.Client = deliver.New(deliver.Config{
			Now: w.clock, Sleep: func(context.Context, time.Duration) error { return nil },
			Transport: roundTrip(func(*http.Request) (*http.Response, error) {
				calls++
				rec := httptest.NewRecorder()
				var status int
				_, _ = fmt.Sscan(answer, &status)
				rec.WriteHeader(status)
				_, _ = io.WriteString(rec, answer[4:])
				return rec.Result(), nil
			}),
		})
		if status := w.post("issues.opened", "one"); status != http.StatusServiceUnavailable || calls != 1 {
			t.Errorf("%s: %d after %d requests", answer, status, calls)
		}
		if !strings.Contains(w.log.String(), "receiver answered "+reason+`"`) {
			t.Errorf("%s: what to mend isn't said: %s", answer, w.log.String())
		}
	}
}

// TestATokenIsReplacedWhileTheSenderWaits: many senders don't send again.
func TestATokenIsReplacedWhileTheSenderWaits(t *testing.T) {
	w := newWarehouse(t)
	w.relay.opt.Queue = nil
	w.api.Want(hidden + "-1")
	if status := w.post("issues.opened", "one"); status != http.StatusOK {
		t.Fatal(status)
	}
	w.now = w.now.Add(10 * time.Minute)
	w.api.Want(hidden + "-2")
	if status := w.post("issues.closed-completed", "two"); status != http.StatusOK || w.given.Load() != 2 || len(w.api.Rows()) != 2 {
		t.Errorf("%d with %d tokens, %d rows", status, w.given.Load(), len(w.api.Rows()))
	}
	w.api.Want("none")
	for i := range 20 { // whatever comes now costs one token a minute
		if status := w.post("issues.opened", fmt.Sprint("late-", i)); status != http.StatusServiceUnavailable {
			t.Errorf("%d", status)
		}
	}
	if w.given.Load() != 2 {
		t.Errorf("%d tokens within a minute", w.given.Load())
	}
}

// vault is a secret manager with a key of a service account, and the token server
// that takes the key of one name only.
type vault struct {
	secrettest.Memory
	private string
	uri     string
	taken   atomic.Value // string
	asked   atomic.Int32
}

func newVault(t *testing.T) *vault {
	t.Helper()
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	v := &vault{private: string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))}
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		v.asked.Add(1)
		var head struct{ Kid string }
		text, _, _ := strings.Cut(r.PostFormValue("assertion"), ".")
		decoded, err := base64.RawURLEncoding.DecodeString(text)
		if err != nil || json.Unmarshal(decoded, &head) != nil || head.Kid != v.taken.Load() {
			rw.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(rw, `{"error":"invalid_grant","error_description":"`+hidden+`"}`)
			return
		}
		fmt.Fprintf(rw, `{"access_token":"%s-%s","expires_in":3599,"token_type":"Bearer"}`, hidden, head.Kid)
	}))
	t.Cleanup(server.Close)
	v.uri = server.URL
	return v
}

// store stores a key of that name.
func (v *vault) store(t *testing.T, name string) {
	t.Helper()
	text, err := json.Marshal(map[string]string{
		"type": "service_account", "private_key_id": name, "private_key": v.private,
		"client_email": "sigpost@acme-data.iam.gserviceaccount.com", "token_uri": v.uri,
	})
	if err != nil {
		t.Fatal(err)
	}
	v.Put("key", string(text))
}

// TestAKeyThatWasReplaced deletes a service account's key while an instance knows
// no other yet. The next event finds the new one.
func TestAKeyThatWasReplaced(t *testing.T) {
	w := newWarehouse(t)
	v := newVault(t)
	v.Now = w.clock
	v.Put("github", "github-key")
	v.store(t, "first")
	v.taken.Store("first")
	cfg, err := config.Parse("test.yaml", []byte(strings.Replace(warehouseConfig, "dataset: sigpost", "dataset: sigpost, credentials: secret://key", 1)),
		secret.NewCache(v, nil, secret.CacheConfig{Now: w.clock}))
	if err != nil {
		t.Fatal(err)
	}
	opt := w.relay.opt
	opt.Queue = nil
	w.cfg = cfg
	if w.relay, err = New(cfg, opt); err != nil {
		t.Fatal(err)
	}
	for i, passed := range []time.Duration{0, 56 * time.Minute} { // the last one reads the key again
		w.now = w.now.Add(passed)
		if status := w.post("issues.opened", fmt.Sprint("before-", i)); status != http.StatusOK {
			t.Fatalf("%d: %s", status, w.log.String())
		}
	}
	v.taken.Store("second")
	v.store(t, "second")
	w.now = w.now.Add(2 * time.Minute) // the token is over, the key is still in the cache
	if status := w.post("issues.opened", "after"); status != http.StatusOK || len(w.api.Rows()) != 3 {
		t.Errorf("%d, %d rows: %s", status, len(w.api.Rows()), w.log.String())
	}
	if v.asked.Load() != 3 {
		t.Errorf("asked for %d tokens", v.asked.Load())
	}
	v.taken.Store("none")
	w.now = w.now.Add(time.Hour)
	v.asked.Store(0)
	if status := w.post("issues.opened", "lost"); status != http.StatusServiceUnavailable || v.asked.Load() != 1 {
		t.Errorf("%d after asking for %d tokens", status, v.asked.Load())
	}
	if !strings.Contains(w.log.String(), "invalid_grant") {
		t.Error("the log doesn't say why")
	}
}
