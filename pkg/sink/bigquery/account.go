package bigquery

import (
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
	"net/url"
	"time"

	"github.com/sigpost/sigpost/pkg/address"
	"github.com/sigpost/sigpost/pkg/problem"
	"github.com/sigpost/sigpost/pkg/secret"
)

// account is a service account of which the sink has a key. A signed claim is
// exchanged for a token:
// https://developers.google.com/identity/protocols/oauth2/service-account#httprest
type account struct{}

// key is the JSON file that Google Cloud makes for a service account's key.
type key struct {
	Type  string `json:"type"`
	ID    string `json:"private_key_id"`
	PEM   string `json:"private_key"`
	Email string `json:"client_email"`
	URL   string `json:"token_uri"`

	private *rsa.PrivateKey
}

// minKeyBits is the least that is taken for a key; Google makes 2048.
const minKeyBits = 2048

// parseKey reads a service account's key. Its error repeats nothing of it.
func parseKey(v secret.Value) (*key, error) {
	var k key
	if json.Unmarshal([]byte(v.Reveal()), &k) != nil {
		return nil, problem.New("credentials", "is no service account's key: store the whole JSON file that was downloaded")
	}
	if k.Type != "service_account" {
		return nil, problem.New("credentials", `is another kind of credentials: the JSON of a service account's key has "type": "service_account"`)
	}
	if k.Email == "" || k.PEM == "" || k.URL == "" {
		return nil, problem.New("credentials", "lacks client_email, private_key or token_uri: store the whole JSON file that was downloaded")
	}
	if _, err := address.Parse(k.URL); err != nil {
		return nil, problem.New("credentials", "has a token_uri that no key may be used at: %v", err)
	}
	private, err := privateKey(k.PEM)
	if err != nil {
		return nil, problem.New("credentials", "has a private_key that can't be read: store the whole JSON file that was downloaded, its \\n as they are")
	}
	k.private = private
	return &k, nil
}

var errKey = errors.New("no RSA key")

// privateKey reads PKCS #8, which Google makes, or PKCS #1.
func privateKey(text string) (*rsa.PrivateKey, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, errKey
	}
	if k, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return checkedKey(k)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, errKey
	}
	k, ok := parsed.(*rsa.PrivateKey)
	if !ok {
		return nil, errKey
	}
	return checkedKey(k)
}

func checkedKey(k *rsa.PrivateKey) (*rsa.PrivateKey, error) {
	if k.N.BitLen() < minKeyBits {
		return nil, errKey
	}
	return k, nil
}

func (account) issue(ctx context.Context, v secret.Value, now time.Time) (secret.Value, time.Duration, error) {
	const who = "the token server of the service account"
	k, err := parseKey(v)
	if err != nil {
		return secret.Value{}, 0, err
	}
	claim, err := k.claim(now)
	if err != nil {
		return secret.Value{}, 0, err
	}
	req, err := form(ctx, k.URL, url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"}, "assertion": {claim}})
	if err != nil {
		return secret.Value{}, 0, err
	}
	var g granted
	if err := ask(who, req, &g); err != nil {
		return secret.Value{}, 0, err
	}
	return g.value(who)
}

// claim is the signed claim, a JSON Web Token: https://www.rfc-editor.org/rfc/rfc7519.
func (k *key) claim(now time.Time) (string, error) {
	head, err := json.Marshal(map[string]string{"alg": "RS256", "typ": "JWT", "kid": k.ID})
	if err != nil {
		return "", err
	}
	body, err := json.Marshal(map[string]any{
		"iss": k.Email, "scope": scope, "aud": k.URL, "iat": now.Unix(), "exp": now.Add(maxLife).Unix(),
	})
	if err != nil {
		return "", err
	}
	text := base64.RawURLEncoding.EncodeToString(head) + "." + base64.RawURLEncoding.EncodeToString(body)
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(rand.Reader, k.private, crypto.SHA256, sum[:])
	if err != nil {
		return "", problem.New("credentials", "has a private_key that can't sign")
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(signature), nil
}
