package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/sigpost/sigpost/pkg/secret"
)

// secrets is the secret.Manager over AWS Secrets Manager. A version is "" for
// the stage AWSCURRENT, secret.Previous for AWSPREVIOUS, a version's id, or the
// name of another stage.
type secrets struct {
	*api
	prefix string
	region string
}

var _ secret.Manager = (*secrets)(nil)

// secretsTimeout is of one try. The answer is small, its decryption another
// service's.
const secretsTimeout = answerTimeout

// newSecrets returns the secrets whose names begin with prefix, which references
// leave out.
func newSecrets(a *account, prefix string) *secrets {
	s := &secrets{newAPI(a, "SECRETS_MANAGER", "secretsmanager"), prefix, a.region}
	s.title, s.target, s.version, s.timeout = "Secrets Manager", "secretsmanager.", "1.1", secretsTimeout
	return s
}

const (
	stagePrevious = "AWSPREVIOUS"
	// minVersionID is the least length of a version's id; names of stages that
	// long are not in use.
	// https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html
	minVersionID = 32
)

// wanted is what GetSecretValue takes.
type wanted struct {
	ID      string `json:"SecretId"`
	Version string `json:"VersionId,omitempty"`
	Stage   string `json:"VersionStage,omitempty"`
}

// Fetch implements secret.Manager.
func (s *secrets) Fetch(ctx context.Context, name, version string) (secret.Version, error) {
	in := wanted{ID: s.prefix + name}
	switch {
	case version == secret.Previous:
		in.Stage = stagePrevious
	case len(version) >= minVersionID:
		in.Version = version
	default:
		in.Stage = version
	}
	var out struct {
		Text    *string         `json:"SecretString"`
		Binary  json.RawMessage `json:"SecretBinary"`
		ID      string          `json:"VersionId"`
		Created *float64        `json:"CreatedDate"` // seconds since 1970
	}
	c := *s.api
	c.where = fmt.Sprintf("secret %s in %s", in.ID, s.region)
	if version != "" {
		c.where = fmt.Sprintf("secret %s (version %s) in %s", in.ID, version, s.region)
	}
	if err := c.call(ctx, "GetSecretValue", in, &out); err != nil {
		return secret.Version{}, s.explain(in.ID, version, err)
	}
	if out.Text == nil && (len(out.Binary) == 0 || string(out.Binary) == "null") {
		return secret.Version{}, fmt.Errorf("%s: what answers at the endpoint of %s is not %s", c.where, c.title, c.title)
	}
	if out.Text == nil {
		return secret.Version{}, fmt.Errorf("secret %s in %s holds binary data, which no source or sink can use: store text with %s",
			in.ID, s.region, putCommand(in.ID))
	}
	got := secret.Version{Value: secret.NewValue(*out.Text), ID: out.ID}
	if out.Created != nil {
		got.Created = time.UnixMilli(int64(math.Round(*out.Created * 1000)))
	}
	return got, nil
}

// putCommand gives a secret its value, which a file keeps out of the shell's
// history.
func putCommand(id string) string {
	return "aws secretsmanager put-secret-value --secret-id " + id + " --secret-string file://value.txt"
}

// explain says what a refusal means and how to mend it. It passes on no text of
// the service's but the code.
func (s *secrets) explain(id, version string, err error) error {
	var refused *apiError
	if !errors.As(err, &refused) {
		return err
	}
	where := refused.where
	text := message(refused.body) // read, never passed on
	switch refused.code {
	case "ResourceNotFoundException":
		return s.missing(where, id, version, strings.Contains(text, "staging label"))
	case "AccessDeniedException":
		if strings.Contains(text, "Access to KMS") || strings.Contains(text, "kms:") {
			return s.deniedKey(where)
		}
		return fmt.Errorf("%s %w: the function's role needs secretsmanager:GetSecretValue on it, in its own policy or the secret's", where, secret.ErrDenied)
	case "DecryptionFailure":
		return s.deniedKey(where)
	case "InvalidRequestException":
		if strings.Contains(text, "deletion") {
			return fmt.Errorf("%s %w: it is marked for deletion; bring it back with aws secretsmanager restore-secret --secret-id %s", where, secret.ErrNotFound, id)
		}
		return fmt.Errorf("%s %w: it can't be read in the state it is in; see aws secretsmanager describe-secret --secret-id %s", where, secret.ErrNotFound, id)
	case "InvalidParameterException", "ValidationException":
		return fmt.Errorf("%s %w: Secrets Manager takes no such name or version", where, secret.ErrNotFound)
	}
	if slices.Contains(badCredentials, refused.code) {
		return fmt.Errorf("%s %w: Secrets Manager refuses the function's credentials (%s)", where, secret.ErrDenied, refused.code)
	}
	return err
}

// message is a refusal's own text.
func message(body []byte) string {
	var refused struct {
		Message string `json:"message"` // or Message: encoding/json takes both
	}
	_ = json.Unmarshal(body, &refused) // without a text the code says enough
	return refused.Message
}

// missing is the error for a secret, or a version, that isn't there.
func (s *secrets) missing(where, id, version string, empty bool) error {
	switch {
	case version != "":
		return fmt.Errorf("%s %w: it has no such version", where, secret.ErrNotFound)
	case empty:
		return fmt.Errorf("%s %w: it has no value yet; give it one with %s", where, secret.ErrNotFound, putCommand(id))
	}
	return fmt.Errorf("%s %w: mend the name in the configuration, or %s, or create the secret; its value then comes from %s",
		where, secret.ErrNotFound, prefixVariable, putCommand(id))
}

func (s *secrets) deniedKey(where string) error {
	return fmt.Errorf("%s %w: the function's role needs kms:Decrypt on the key that encrypts it", where, secret.ErrDenied)
}

// maxCode bounds the code of an error, in bytes. Known ones have at most 40.
const maxCode = 64

// word is c if it can be logged as it is.
func word(c string) string {
	if c == "" || len(c) > maxCode || strings.ContainsFunc(c, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '_')
	}) {
		return "an unknown code"
	}
	return c
}

// unreachable is why a service did not answer, in words of our own: the text of
// a network's error may repeat what was sent.
func unreachable(err error) string {
	var (
		timeout interface{ Timeout() bool }
		dns     *net.DNSError
	)
	switch {
	case errors.Is(err, context.Canceled):
		return "it was cancelled"
	case errors.As(err, &dns) && !dns.IsTimeout:
		return "its name can't be resolved"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return "no answer in time; in a VPC the function needs a NAT gateway or a VPC endpoint for it"
	}
	return "no connection; in a VPC the function needs a NAT gateway or a VPC endpoint for it"
}
