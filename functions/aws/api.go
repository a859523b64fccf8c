package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"time"

	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// api calls a service of AWS in its JSON protocol, signed by the SDK's signer.
// It is no client of the SDK because that one, for a handful of operations,
// builds the schemas of the whole service before main, at every start.
type api struct {
	account *account
	title   string // the service in messages
	signing string // its name in signatures
	target  string // what X-Amz-Target begins with
	where   string // what messages begin with: the table or queue, and the region
	url     string
	timeout time.Duration // of one try
	signer  *v4.Signer
}

// newAPI is a service at its endpoint in the account's region. The variable is
// how AWS_ENDPOINT_URL_<variable> names it, host is the first part of its address.
func newAPI(a *account, variable, host string) *api {
	url, err := a.endpoint(variable) // newAccount has looked at it
	if err != nil || url == "" {
		url = "https://" + host + "." + a.region + "." + domain(a.region)
	}
	return &api{account: a, signing: host, url: url + "/", signer: v4.NewSigner()}
}

// domains are where the services of partitions other than the common one are,
// by how the names of their regions begin.
var domains = [][2]string{
	{"cn-", "amazonaws.com.cn"},
	{"eusc-", "amazonaws.eu"},
	{"us-iso-", "c2s.ic.gov"},
	{"us-isob-", "sc2s.sgov.gov"},
	{"us-isof-", "csp.hci.ic.gov"},
	{"eu-isoe-", "cloud.adc-e.uk"},
}

func domain(region string) string {
	for _, d := range domains {
		if strings.HasPrefix(region, d[0]) {
			return d[1]
		}
	}
	return "amazonaws.com"
}

// apiError is a service's own refusal. Its text is not kept: it may repeat what
// was sent.
type apiError struct {
	status int
	code   string // without its namespace
	body   []byte
	where  string
	title  string
}

func (e *apiError) Error() string {
	return fmt.Sprintf("%s: %s can't answer now: %s, HTTP status %d", e.where, e.title, word(e.code), e.status)
}

const maxAnswerBytes = 1 << 20 // an item has at most 400 KB

// firstBackoff is the pause before a call is made again, the next is twice as
// long. Tests shorten it.
var firstBackoff = 50 * time.Millisecond

// call does one operation, again where that may help, and decodes the answer
// into out unless it is nil. The error is an apiError, or says why there was no
// answer.
func (c *api) call(ctx context.Context, operation string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	for attempt := 1; ; attempt++ {
		answer, again, err := c.try(ctx, operation, body)
		if err == nil && out != nil && json.Unmarshal(answer, out) != nil {
			return fmt.Errorf("%s: what answers at the endpoint of %s is not %s", c.where, c.title, c.title)
		}
		if err == nil || !again || attempt == maxAttempts || !pause(ctx, attempt) {
			return err
		}
	}
}

// pause waits before the next attempt, longer each time; false if the time is over.
func pause(ctx context.Context, attempt int) bool {
	wait := firstBackoff << (attempt - 1)
	select {
	case <-ctx.Done():
		return false
	case <-time.After(wait/2 + rand.N(wait)): //nolint:gosec // spreads load, guards nothing
		return true
	}
}

// try does one operation once, and tells whether it may be tried again.
func (c *api) try(ctx context.Context, operation string, body []byte) (answer []byte, again bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, bytes.NewReader(body))
	if err != nil {
		return nil, false, fmt.Errorf("the URL of %s is not valid", c.title)
	}
	req.Header.Set("Content-Type", "application/x-amz-json-1.0")
	req.Header.Set("X-Amz-Target", c.target+operation)
	sum := sha256.Sum256(body)
	err = c.signer.SignHTTP(ctx, c.account.creds, req, hex.EncodeToString(sum[:]), c.signing, c.account.region, time.Now())
	if err != nil {
		return nil, false, fmt.Errorf("a request to %s can't be signed", c.title)
	}
	resp, err := c.account.client.Do(req)
	if err != nil {
		return nil, true, fmt.Errorf("%s: %s can't be reached: %s", c.where, c.title, unreachable(err))
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err = io.ReadAll(io.LimitReader(resp.Body, maxAnswerBytes))
	if err != nil {
		return nil, true, fmt.Errorf("%s: the answer of %s broke off: %s", c.where, c.title, unreachable(err))
	}
	if resp.StatusCode == http.StatusOK {
		return answer, false, nil
	}
	code := errorCode(resp.Header.Get("X-Amzn-Errortype"), answer)
	again = resp.StatusCode >= http.StatusInternalServerError || resp.StatusCode == http.StatusTooManyRequests || slices.Contains(busy, code)
	return nil, again, &apiError{resp.StatusCode, code, answer, c.where, c.title}
}

// errorCode is a refusal's code, which may stand in a header or in one of two
// fields, after a namespace and before an address. It is empty if there is none:
// then the status says enough.
// https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html#operation-error-serialization
func errorCode(header string, body []byte) string {
	var refused struct {
		Type string `json:"__type"`
		Code string `json:"code"`
	}
	_ = json.Unmarshal(body, &refused) // as much of it as is one
	code, _, _ := strings.Cut(cmp.Or(header, refused.Type, refused.Code), ":")
	return code[strings.LastIndexByte(code, '#')+1:]
}

// busy are the codes of errors that pass.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/CommonErrors.html
var busy = []string{
	"ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded",
	"TransactionConflictException", "InternalServerError", "ServiceUnavailable",
	"RequestThrottled", "KmsThrottled", "Throttling", "ThrottledException", "RequestThrottledException",
	"TooManyRequestsException", "RequestTimeout", "RequestTimeoutException", "SlowDown",
}

// badCredentials are the codes for credentials that a service doesn't take.
var badCredentials = []string{
	"UnrecognizedClientException", "InvalidSignatureException", "IncompleteSignatureException", "MissingAuthenticationTokenException",
	"IncompleteSignature", "InvalidClientTokenId", "SignatureDoesNotMatch", "InvalidSecurity", "MissingAuthenticationToken",
	"ExpiredTokenException", "ExpiredToken",
}

// refusal is the apiError in err, with what is the same for all services said
// already.
func refusal(err error) (*apiError, error) {
	var e *apiError
	if !errors.As(err, &e) {
		return nil, err
	}
	if slices.Contains(badCredentials, e.code) {
		return nil, fmt.Errorf("%s: %s refuses the function's credentials (%s)", e.where, e.title, e.code)
	}
	return e, nil
}
