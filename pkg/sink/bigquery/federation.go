package bigquery

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/sigpost/sigpost/pkg/secret"
)

// federation is a function on AWS, whose role a workload identity provider of
// Google Cloud trusts. A signed request that would tell who the function is goes
// to Google instead, which asks AWS with it, and gives a token:
// https://cloud.google.com/iam/docs/workload-identity-federation-with-other-clouds#rest
type federation struct {
	provider string // its full name, which is the audience
	url      string // of Google's token service; exchangeURL if empty
}

const exchangeURL = "https://sts.googleapis.com/v1/token"

// The names that an exchange of tokens goes by, https://www.rfc-editor.org/rfc/rfc8693
// and the page above.
const (
	grantExchange = "urn:ietf:params:oauth:grant-type:token-exchange"
	typeAccess    = "urn:ietf:params:oauth:token-type:access_token"
	typeAWS       = "urn:ietf:params:aws:token-type:aws4_request"
)

// identity is what AWS gives each function in its environment,
// https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html.
type identity struct {
	id, session, region string
	key                 secret.Value
}

var errIdentity = errors.New("no access token: there is no role here (AWS_ACCESS_KEY_ID and AWS_REGION are not set): workload_identity is for functions on AWS")

func identityOf(getenv func(string) string) (identity, error) {
	i := identity{
		id: getenv("AWS_ACCESS_KEY_ID"), session: getenv("AWS_SESSION_TOKEN"), region: getenv("AWS_REGION"),
		key: secret.NewValue(getenv("AWS_SECRET_ACCESS_KEY")),
	}
	if i.region == "" {
		i.region = getenv("AWS_DEFAULT_REGION")
	}
	if i.id == "" || i.key.Empty() || i.region == "" {
		return identity{}, errIdentity
	}
	return i, nil
}

func (f federation) issue(ctx context.Context, _ secret.Value, now time.Time) (secret.Value, time.Duration, error) {
	const who = "Google's token service"
	i, err := identityOf(os.Getenv)
	if err != nil {
		return secret.Value{}, 0, err
	}
	to := f.url
	if to == "" {
		to = exchangeURL
	}
	req, err := form(ctx, to, url.Values{
		"grant_type": {grantExchange}, "audience": {f.provider}, "scope": {scope},
		"requested_token_type": {typeAccess}, "subject_token_type": {typeAWS},
		"subject_token": {i.subject(f.provider, now)},
	})
	if err != nil {
		return secret.Value{}, 0, err
	}
	var g granted
	if err := ask(who, req, &g); err != nil {
		return secret.Value{}, 0, err
	}
	return g.value(who)
}

// header is one of a signed request, as the exchange wants it.
type header struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// subject is a signed request to sts:GetCallerIdentity that nobody has sent, as
// the exchange wants it: JSON, escaped for a query. The provider's name is signed
// with it, so that it is good for no other.
func (i identity) subject(provider string, now time.Time) string {
	host := "sts." + i.region + ".amazonaws.com"
	const query = "Action=GetCallerIdentity&Version=2011-06-15"
	headers := []header{{"host", host}, {"x-amz-date", now.UTC().Format(amzTime)}} // sorted by name
	if i.session != "" {
		headers = append(headers, header{"x-amz-security-token", i.session})
	}
	headers = append(headers, header{"x-goog-cloud-target-resource", provider})
	headers = append(headers, header{"Authorization", i.sign(http.MethodPost, query, headers, now)})
	text, err := json.Marshal(struct {
		URL     string   `json:"url"`
		Method  string   `json:"method"`
		Headers []header `json:"headers"`
	}{"https://" + host + "/?" + query, http.MethodPost, headers})
	if err != nil { // strings can't fail
		panic("bigquery: " + err.Error())
	}
	return url.QueryEscape(string(text))
}

const (
	amzTime   = "20060102T150405Z"
	amzDay    = "20060102"
	algorithm = "AWS4-HMAC-SHA256"
)

// sign is the Authorization header of a request without a body to AWS's token
// service at /, by version 4 of their signatures. The headers are sorted.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
func (i identity) sign(method, query string, headers []header, now time.Time) string {
	empty := sha256.Sum256(nil)
	request := method + "\n/\n" + query + "\n"
	names := make([]string, 0, len(headers))
	for _, h := range headers {
		request += h.Key + ":" + strings.TrimSpace(h.Value) + "\n"
		names = append(names, h.Key)
	}
	signed := strings.Join(names, ";")
	request += "\n" + signed + "\n" + hex.EncodeToString(empty[:])
	sum := sha256.Sum256([]byte(request))
	day := now.UTC().Format(amzDay)
	where := day + "/" + i.region + "/sts/aws4_request"
	text := algorithm + "\n" + now.UTC().Format(amzTime) + "\n" + where + "\n" + hex.EncodeToString(sum[:])
	key := []byte("AWS4" + i.key.Reveal())
	for _, part := range []string{day, i.region, "sts", "aws4_request", text} {
		key = mac(key, part)
	}
	return algorithm + " Credential=" + i.id + "/" + where + ", SignedHeaders=" + signed + ", Signature=" + hex.EncodeToString(key)
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	_, _ = h.Write([]byte(text))
	return h.Sum(nil)
}
