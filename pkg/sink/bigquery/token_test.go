package bigquery

import (
	"cmp"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sigpost/sigpost/pkg/event/eventtest"
	"github.com/sigpost/sigpost/pkg/problem"
	"github.com/sigpost/sigpost/pkg/secret"
)

const provider = "//iam.googleapis.com/projects/123/locations/global/workloadIdentityPools/pool/providers/aws"

// serve answers with what handle makes, and keeps the server's address.
func serve(t *testing.T, handle http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(handle)
	t.Cleanup(s.Close)
	return s.URL
}

func grant(w http.ResponseWriter, token string, seconds int) {
	_ = json.NewEncoder(w).Encode(map[string]any{"access_token": token, "token_type": "Bearer", "expires_in": seconds})
}

var rsaKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

// keyFile is a service account's key, made for this run.
func keyFile(t *testing.T, uri string, change func(map[string]string)) string {
	t.Helper()
	k, err := rsaKey()
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	fields := map[string]string{
		"type": "service_account", "project_id": "acme-data", "private_key_id": "key-1", "client_email": "sigpost@acme-data.iam.gserviceaccount.com",
		"private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})), "token_uri": uri,
	}
	if change != nil {
		change(fields)
	}
	text, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestAccount(t *testing.T) {
	now := time.Now()
	uri := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost || r.PostFormValue("grant_type") != "urn:ietf:params:oauth:grant-type:jwt-bearer" {
			t.Errorf("%s with grant %q", r.Method, r.PostFormValue("grant_type"))
		}
		parts := strings.Split(r.PostFormValue("assertion"), ".")
		if len(parts) != 3 {
			t.Errorf("the assertion has %d parts", len(parts))
			return
		}
		var head struct{ Alg, Typ, Kid string }
		var claims struct {
			Iss, Scope, Aud string
			Iat, Exp        int64
		}
		decode(t, parts[0], &head)
		decode(t, parts[1], &claims)
		if head.Alg != "RS256" || head.Typ != "JWT" || head.Kid != "key-1" {
			t.Errorf("header %+v", head)
		}
		if claims.Iss != "sigpost@acme-data.iam.gserviceaccount.com" || claims.Scope != scope || claims.Aud != "http://"+r.Host ||
			claims.Iat != now.Unix() || claims.Exp != now.Unix()+3600 {
			t.Errorf("claims %+v", claims)
		}
		k, _ := rsaKey()
		sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
		signature, err := base64.RawURLEncoding.DecodeString(parts[2])
		if err != nil || rsa.VerifyPKCS1v15(&k.PublicKey, crypto.SHA256, sum[:], signature) != nil {
			t.Error("the signature is not the key's")
		}
		grant(w, "token-of-account", 3599)
	})
	s := newSink(t, func(c *Config) { c.Credentials = secret.Fixed(keyFile(t, uri, nil)) })
	if _, err := s.Endpoint(t.Context()); err != nil {
		t.Fatal(err)
	}
	p, err := s.Seal(t.Context(), testEvent(), s.Render(testEvent()), now)
	if err != nil {
		t.Fatal(err)
	}
	if got := p.Header["Authorization"].Reveal(); got != "Bearer token-of-account" {
		t.Errorf("authorization is %q", got)
	}
	if shown := fmt.Sprintf("%v %+v %#v", p.Endpoint, p.Endpoint, p.Endpoint); strings.Contains(shown, "token-of-account") {
		t.Error("the token prints itself")
	}
}

func decode(t *testing.T, part string, v any) {
	t.Helper()
	text, err := base64.RawURLEncoding.DecodeString(part)
	if err == nil {
		err = json.Unmarshal(text, v)
	}
	if err != nil {
		t.Errorf("%q: %v", part, err)
	}
}

func TestKeysThatAreNone(t *testing.T) {
	small, err := rsa.GenerateKey(rand.Reader, 1024) //nolint:gosec // to see it refused
	if err != nil {
		t.Fatal(err)
	}
	const uri = "https://oauth2.googleapis.com/token"
	for name, text := range map[string]string{
		"no JSON": "top-secret-word", "empty": `{}`, "a list": `["top-secret-word"]`,
		"a user's":     `{"type":"authorized_user","refresh_token":"top-secret-word"}`,
		"no key":       keyFile(t, uri, func(f map[string]string) { delete(f, "private_key") }),
		"no PEM":       keyFile(t, uri, func(f map[string]string) { f["private_key"] = "top-secret-word" }),
		"a broken PEM": keyFile(t, uri, func(f map[string]string) { f["private_key"] = f["private_key"][:400] }),
		"a public key": keyFile(t, uri, func(f map[string]string) { f["private_key"] = strings.ReplaceAll(f["private_key"], "MII", "AAA") }),
		"a small key": keyFile(t, uri, func(f map[string]string) {
			f["private_key"] = string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(small)}))
		}),
		"a plain address": keyFile(t, "http://example.com/token", nil),
		"no address":      keyFile(t, "", nil),
	} {
		s := newSink(t, func(c *Config) { c.Credentials = secret.Fixed(text) })
		_, err := s.Endpoint(t.Context())
		_, err2 := s.Seal(t.Context(), testEvent(), s.Render(testEvent()), time.Now())
		for _, err := range []error{err, err2} {
			if p := problem.All(err); len(p) != 1 || p[0].Key != "credentials" {
				t.Errorf("%s: %v", name, err)
			} else if strings.Contains(err.Error(), "top-secret-word") || strings.Contains(err.Error(), "MII") {
				t.Errorf("%s: the error shows the key: %v", name, err)
			}
		}
	}
	pkcs1 := keyFile(t, uri, func(f map[string]string) {
		k, _ := rsaKey()
		f["private_key"] = string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(k)}))
	})
	if _, err := parseKey(secret.NewValue(pkcs1)); err != nil {
		t.Errorf("PKCS #1: %v", err)
	}
}

func TestPlatform(t *testing.T) {
	host := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != metadataPath || r.Header.Get("Metadata-Flavor") != "Google" || r.URL.Query().Get("scopes") != scope {
			t.Errorf("asked for %s, flavor %q", r.URL, r.Header.Get("Metadata-Flavor"))
		}
		grant(w, "token-of-platform", 1800)
	})
	t.Setenv(metadataVariable, strings.TrimPrefix(host, "http://"))
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1")
	s := newSink(t, nil)
	p, err := s.Seal(t.Context(), testEvent(), s.Render(testEvent()), time.Now())
	if err != nil || p.Header["Authorization"].Reveal() != "Bearer token-of-platform" {
		t.Errorf("%v, %v", p.Header["Authorization"].Reveal(), err)
	}
	if got := p.URL.Reveal(); got != "https://bigquery.googleapis.com/bigquery/v2/projects/acme-data/datasets/sigpost/tables/events/insertAll" {
		t.Errorf("address is %s", got)
	}
}

func TestNoPlatform(t *testing.T) {
	host := serve(t, http.NotFound)
	t.Setenv(metadataVariable, strings.TrimPrefix(host, "http://"))
	t.Setenv("K_SERVICE", "")
	s := newSink(t, nil)
	if _, err := s.Endpoint(t.Context()); err != nil {
		t.Errorf("a configuration can't be checked elsewhere: %v", err)
	}
	_, err := s.Seal(t.Context(), testEvent(), s.Render(testEvent()), time.Now())
	if !errors.Is(err, errPlatform) {
		t.Errorf("outside of Google Cloud: %v", err)
	}
	t.Setenv("K_SERVICE", "sigpost")
	if _, err = s.Seal(t.Context(), testEvent(), s.Render(testEvent()), time.Now()); err == nil || !strings.Contains(err.Error(), "status 404") {
		t.Errorf("in a function: %v", err)
	}
}

// signatures are those of the same requests by AWS's own library for Go,
// aws/signer/v4 of aws-sdk-go-v2 1.47.7.
var signatures = []struct{ region, session, signature string }{
	{"eu-central-1", "", "72f14151189b210b16c12220dc417048fecb98566d526632076b31c9a5fc2565"},
	{"eu-central-1", "session/token+==", "9faec79a54442310f9d4475aa5e6ed16eefb88def04cd98fe45520829b0b0928"},
	{"us-east-1", "", "18b6c2e5f9c7e15d5ccc80c7b9329acdc573b85c7617d43cc59ef360a0defce9"},
	{"us-east-1", "session/token+==", "fea568987242d4d0c6b720760448778957be9494527d532c8d54a59294d164a7"},
	{"ap-southeast-3", "", "d363874a32984cf6656023221d13f68f9678a672fdc3c5612a49392dc58711bb"},
	{"ap-southeast-3", "session/token+==", "04191e9715cd6ab5a23fc85971a561c36a65a9fd19ef2c5f53bc7a3861d6b67e"},
}

// TestFederation is what Google's token service does: it sends the signed request
// on.
func TestFederation(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "not/a+secret")
	now := time.Date(2026, 11, 28, 2, 0, 0, 0, time.FixedZone("east", 4*3600)) // where it is tomorrow
	for _, c := range signatures {
		t.Setenv("AWS_REGION", c.region)
		t.Setenv("AWS_SESSION_TOKEN", c.session)
		service := serve(t, func(w http.ResponseWriter, r *http.Request) {
			for name, want := range map[string]string{
				"grant_type": "urn:ietf:params:oauth:grant-type:token-exchange", "audience": provider, "scope": scope,
				"requested_token_type": "urn:ietf:params:oauth:token-type:access_token",
				"subject_token_type":   "urn:ietf:params:aws:token-type:aws4_request",
			} {
				if got := r.PostFormValue(name); got != want {
					t.Errorf("%s is %q", name, got)
				}
			}
			compare(t, r.PostFormValue("subject_token"), c.region, c.session, c.signature)
			grant(w, "token-of-role", 3600)
		})
		token, life, err := federation{provider: provider, url: service}.issue(t.Context(), secret.Value{}, now)
		if err != nil || token.Reveal() != "token-of-role" || life != time.Hour {
			t.Errorf("%v, %s, %v", token.Reveal(), life, err)
		}
	}
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	if _, _, err := (federation{provider: provider}).issue(t.Context(), secret.Value{}, now); !errors.Is(err, errIdentity) {
		t.Errorf("outside of AWS: %v", err)
	}
}

func compare(t *testing.T, subject, region, session, signature string) {
	t.Helper()
	text, err := url.QueryUnescape(subject)
	if err != nil {
		t.Fatal(err)
	}
	var signed struct {
		URL, Method string
		Headers     []struct{ Key, Value string }
	}
	if err := json.Unmarshal([]byte(text), &signed); err != nil {
		t.Fatal(err)
	}
	if signed.URL != "https://sts."+region+".amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15" || signed.Method != http.MethodPost {
		t.Errorf("%s %s", signed.Method, signed.URL)
	}
	got, names := map[string]string{}, "host;x-amz-date;x-goog-cloud-target-resource"
	for _, h := range signed.Headers {
		got[h.Key] = h.Value
	}
	want := map[string]string{"host": "sts." + region + ".amazonaws.com", "x-goog-cloud-target-resource": provider, "x-amz-date": "20261127T220000Z"}
	if session != "" {
		want["x-amz-security-token"], names = session, "host;x-amz-date;x-amz-security-token;x-goog-cloud-target-resource"
	}
	want["Authorization"] = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261127/" + region + "/sts/aws4_request, SignedHeaders=" + names + ", Signature=" + signature
	for name, value := range want {
		if got[name] != value {
			t.Errorf("%s is\n%s, AWS's own is\n%s", name, got[name], value)
		}
	}
	if len(got) != len(want) {
		t.Errorf("headers are %v", got)
	}
}

// TestTokenServersThatLie asks every sort of server that isn't one.
func TestTokenServersThatLie(t *testing.T) {
	const hidden = "hidden-word"
	for name, handle := range map[string]http.HandlerFunc{
		"an error's text": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, `{"error":"invalid_grant","error_description":"hidden-word"}`)
		},
		"an unknown error": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, `{"error":"hidden-word"}`)
		},
		"a page":         func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>hidden-word") },
		"null":           func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "null") },
		"no token":       func(w http.ResponseWriter, _ *http.Request) { grant(w, "", 3600) },
		"a line break":   func(w http.ResponseWriter, _ *http.Request) { grant(w, "hidden-word\r\nX-Evil: 1", 3600) },
		"no life":        func(w http.ResponseWriter, _ *http.Request) { grant(w, hidden, 0) },
		"less than none": func(w http.ResponseWriter, _ *http.Request) { grant(w, hidden, -5) },
		"another kind": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, `{"access_token":"hidden-word","token_type":"mac","expires_in":9}`)
		},
		"a redirect": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://evil.example/hidden-word", http.StatusTemporaryRedirect)
		},
		"an endless page": func(w http.ResponseWriter, _ *http.Request) {
			for err := error(nil); err == nil; {
				_, err = io.WriteString(w, `{"access_token":"hidden-word","token_type":"Bearer","expires_in":3600}`)
			}
		},
		"a reset": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	} {
		var asked atomic.Int32
		uri := serve(t, func(w http.ResponseWriter, r *http.Request) { asked.Add(1); handle(w, r) })
		s := newSink(t, func(c *Config) { c.Credentials = secret.Fixed(keyFile(t, uri, nil)) })
		_, err := s.Seal(t.Context(), testEvent(), s.Render(testEvent()), time.Now())
		switch {
		case err == nil:
			t.Errorf("%s was taken for a token", name)
		case strings.Contains(err.Error(), hidden), strings.Contains(err.Error(), "127.0.0.1"), !strings.HasPrefix(err.Error(), "no access token: "):
			t.Errorf("%s: the error is %v", name, err)
		case name == "an error's text" && !strings.Contains(err.Error(), "(invalid_grant): the key was deleted"):
			t.Errorf("what is wrong isn't said: %v", err)
		}
		if name == "an endless page" && !strings.HasSuffix(err.Error(), "something else") {
			t.Errorf("an endless page is read on: %v", err)
		}
		if n := asked.Load(); n == 0 || n > 1 && name != "a reset" {
			t.Errorf("%s: asked %d times", name, n)
		}
	}
}

// TestTokenTroubleThatPasses wants a token in spite of it: the sender may not send
// its message again.
func TestTokenTroubleThatPasses(t *testing.T) {
	for name, trouble := range map[string]http.HandlerFunc{
		"busy":        func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTooManyRequests) },
		"unavailable": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) },
		"a reset":     func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	} {
		var asked atomic.Int32
		uri := serve(t, func(w http.ResponseWriter, r *http.Request) {
			if asked.Add(1) < maxAsks {
				trouble(w, r)
				return
			}
			if r.PostFormValue("assertion") == "" {
				t.Errorf("%s: nothing is asked the last time", name)
			}
			grant(w, "token", 3600)
		})
		s := newSink(t, func(c *Config) { c.Credentials = secret.Fixed(keyFile(t, uri, nil)) })
		if _, err := s.Seal(t.Context(), testEvent(), s.Render(testEvent()), time.Now()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		asked.Store(-10) // it doesn't pass
		s = newSink(t, func(c *Config) { c.Credentials = secret.Fixed(keyFile(t, uri, nil)) })
		if _, err := s.Seal(t.Context(), testEvent(), s.Render(testEvent()), time.Now()); err == nil || asked.Load() < maxAsks-10 || asked.Load() > 2*maxAsks-10 {
			t.Errorf("%s: %v after %d requests", name, err, asked.Load()+10)
		}
	}
}

func TestTokenServerThatHangs(t *testing.T) {
	begun := make(chan struct{})
	uri := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // who has not read all isn't told that the caller left
		close(begun)
		<-r.Context().Done()
	})
	s := newSink(t, func(c *Config) { c.Credentials = secret.Fixed(keyFile(t, uri, nil)) })
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-begun; cancel() }()
	if _, err := s.Seal(ctx, testEvent(), s.Render(testEvent()), time.Now()); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v", err)
	}
}

// count is an issuer that counts.
type count struct {
	asked atomic.Int32
	fail  atomic.Bool
	enter chan struct{} // if not nil, received from before an answer
	life  time.Duration // an hour if 0
}

func (c *count) issue(_ context.Context, key secret.Value, _ time.Time) (secret.Value, time.Duration, error) {
	n := c.asked.Add(1)
	if key.Reveal() == "bad" {
		return secret.Value{}, 0, errors.New("a bad key")
	}
	if c.enter != nil {
		<-c.enter
	}
	if c.fail.Load() {
		return secret.Value{}, 0, errors.New("not now")
	}
	return secret.NewValue(fmt.Sprint("token-", n)), cmp.Or(c.life, time.Hour), nil
}

func TestTokensAreKept(t *testing.T) {
	c := &count{}
	k, now, key := newTokens(c), eventtest.Now, secret.NewValue("key-1")
	expect := func(why, want string) {
		t.Helper()
		if v, err := k.get(t.Context(), key, now); err != nil || v.Reveal() != want {
			t.Errorf("%s: %s, %v, want %s", why, v.Reveal(), err, want)
		}
	}
	expect("at first", "token-1")
	now = now.Add(time.Hour - renewBefore - time.Second)
	expect("while it is good", "token-1")
	now = now.Add(2 * time.Second)
	expect("before it ends", "token-2")
	key = secret.NewValue("key-2")
	expect("of another key", "token-3")
	k.drop()
	expect("refused at once", "token-3")
	now = now.Add(dropEvery)
	expect("refused before", "token-4")
	c.fail.Store(true)
	now = now.Add(time.Hour)
	if _, err := k.get(t.Context(), key, now); err == nil {
		t.Error("an old token is used on")
	}
	c.fail.Store(false)
	expect("after trouble", "token-6")
}

// TestTokensAreAskedForOnce lets many come at once, of whom one asks.
func TestTokensAreAskedForOnce(t *testing.T) {
	for _, fail := range []bool{false, true} {
		c := &count{enter: make(chan struct{})}
		c.fail.Store(fail)
		k := newTokens(c)
		var wg sync.WaitGroup
		var failed atomic.Int32
		begun := make(chan struct{}, 20)
		for range cap(begun) {
			wg.Go(func() {
				_, _, tries := k.kept(secret.Value{}, eventtest.Now)
				if tries != 0 {
					t.Error("one came too late")
				}
				begun <- struct{}{}
				if _, err := k.get(t.Context(), secret.Value{}, eventtest.Now); err != nil {
					failed.Add(1)
				}
			})
		}
		for range cap(begun) {
			<-begun
		}
		close(c.enter)
		wg.Wait()
		if n := c.asked.Load(); !fail && n != 1 {
			t.Errorf("asked %d times", n)
		}
		if fail != (failed.Load() == 20) || !fail && failed.Load() > 0 {
			t.Errorf("%d of 20 failed", failed.Load())
		}
	}
}
