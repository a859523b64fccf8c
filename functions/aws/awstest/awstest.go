// Package awstest is the parts of AWS that a function speaks to, as servers on
// loopback, for tests and benchmarks: the Runtime API of Lambda, Secrets Manager,
// DynamoDB and SQS. They speak the services' own protocols and check signatures.
// They do what sigpost uses and no more.
package awstest

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// What the servers take for credentials; no real ones.
const (
	Region       = "eu-west-1"
	AccessKey    = "test-access-key"
	SecretKey    = "test-secret-key"
	SessionToken = "test-session-token"
)

// Env is the environment of a function, without the endpoints.
func Env() map[string]string {
	return map[string]string{
		"AWS_REGION": Region, "AWS_ACCESS_KEY_ID": AccessKey,
		"AWS_SECRET_ACCESS_KEY": SecretKey, "AWS_SESSION_TOKEN": SessionToken,
	}
}

// maxRequest is the most that is read of a request, in bytes.
const maxRequest = 8 << 20

// service is what the JSON services have in common.
type service struct {
	name    string // in signatures
	target  string // what X-Amz-Target begins with
	kind    string // the content type
	mu      sync.Mutex
	down    bool
	hang    chan struct{} // requests wait for it to be closed
	refuse  error         // the answer to all requests
	calls   int
	invalid []string // requests that the real service would not take
	answers []time.Time
}

// failure is an error of a service.
type failure struct {
	status int
	code   string
	text   string
	extra  map[string]any
}

func (f *failure) Error() string { return f.code + ": " + f.text }

// Down makes the service drop every connection, and take them again.
func (s *service) Down(down bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = down
}

// Hang makes requests wait until the function that it returns is called.
func (s *service) Hang() (goOn func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	hang := make(chan struct{})
	s.hang = hang
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.hang == hang {
			s.hang = nil
			close(hang)
		}
	}
}

// Refuse makes the service answer every request with an error; status 0 ends that.
func (s *service) Refuse(status int, code, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refuse = nil
	if status != 0 {
		s.refuse = &failure{status: status, code: code, text: text}
	}
}

// Calls is how many requests came, the dropped ones included.
func (s *service) Calls() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls
}

// Answers is when each answer was written.
func (s *service) Answers() []time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]time.Time(nil), s.answers...)
}

// Invalid is what was wrong with the requests: wrong signatures, unknown
// operations. It should be empty at a test's end.
func (s *service) Invalid() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.invalid...)
}

// serve answers one request with what do makes of its operation and body.
func (s *service) serve(w http.ResponseWriter, r *http.Request, do func(operation string, body []byte) (any, error)) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxRequest))
	if err != nil {
		return
	}
	s.mu.Lock()
	s.calls++
	down, hang, refuse := s.down, s.hang, s.refuse
	s.mu.Unlock()
	if hang != nil {
		select {
		case <-hang:
		case <-r.Context().Done():
		}
	}
	if down {
		panic(http.ErrAbortHandler)
	}
	operation, known := strings.CutPrefix(r.Header.Get("X-Amz-Target"), s.target)
	var answer any
	switch {
	case !known || r.Header.Get("Content-Type") != s.kind:
		err = s.reject("UnknownOperationException", "wrong target or content type")
	case s.checkSignature(r, body) != nil:
		err = s.reject("InvalidSignatureException", s.checkSignature(r, body).Error())
	case refuse != nil:
		err = refuse
	default:
		answer, err = do(operation, body)
	}
	w.Header().Set("Content-Type", s.kind)
	var f *failure
	if errors.As(err, &f) {
		answer = map[string]any{"__type": "com.amazonaws." + s.name + "#" + f.code, "message": f.text}
		for k, v := range f.extra {
			answer.(map[string]any)[k] = v //nolint:forcetypeassert // just made
		}
		w.WriteHeader(f.status)
	}
	_ = json.NewEncoder(w).Encode(answer)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers = append(s.answers, time.Now())
}

// reject notes a request that the real service would not take.
func (s *service) reject(code, text string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.invalid = append(s.invalid, code+": "+text)
	return &failure{status: http.StatusBadRequest, code: code, text: text}
}

// checkSignature signs the request as its signature says it was, and compares.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html
func (s *service) checkSignature(r *http.Request, body []byte) error {
	got := r.Header.Get("Authorization")
	_, rest, _ := strings.Cut(got, "SignedHeaders=")
	signed, _, _ := strings.Cut(rest, ",")
	at, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
	switch {
	case err != nil:
		return errors.New("no X-Amz-Date")
	case r.Header.Get("X-Amz-Security-Token") != SessionToken:
		return errors.New("no session token")
	}
	again := &http.Request{Method: r.Method, URL: r.URL, Host: r.Host, Header: http.Header{}, ContentLength: int64(len(body))}
	for name := range strings.SplitSeq(signed, ";") {
		if v := r.Header.Get(name); v != "" && name != "host" && name != "content-length" && name != "x-amz-date" {
			again.Header.Set(name, v)
		}
	}
	if !strings.Contains(";"+signed+";", ";content-length;") {
		again.ContentLength = 0
	}
	sum := sha256.Sum256(body)
	creds := aws.Credentials{AccessKeyID: AccessKey, SecretAccessKey: SecretKey, SessionToken: SessionToken}
	if err := v4.NewSigner().SignHTTP(r.Context(), creds, again, hex.EncodeToString(sum[:]), s.name, Region, at); err != nil {
		return err
	}
	if again.Header.Get("Authorization") != got {
		return errors.New("the signature does not match")
	}
	return nil
}
