package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/sigpost/sigpost/pkg/secret"
)

// secrets is the secret.Manager over AWS Secrets Manager. A version is "" for
// the stage AWSCURRENT, secret.Previous for AWSPREVIOUS, a version's id, or the
// name of another stage.
type secrets struct {
	prefix string
	region string
	client func() *secretsmanager.Client
}

var _ secret.Manager = (*secrets)(nil)

// newSecrets returns the secrets whose names begin with prefix, which references
// leave out. It makes the client when it is first needed.
func newSecrets(a *account, prefix string) *secrets {
	return &secrets{prefix: prefix, region: a.region, client: sync.OnceValue(func() *secretsmanager.Client {
		return secretsmanager.NewFromConfig(a.config(), func(o *secretsmanager.Options) {
			if url, err := a.endpoint("SECRETS_MANAGER"); err == nil && url != "" {
				o.BaseEndpoint = aws.String(url)
			}
		})
	})}
}

const (
	stagePrevious = "AWSPREVIOUS"
	// minVersionID is the least length of a version's id; names of stages that
	// long are not in use.
	// https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html
	minVersionID = 32
)

// Fetch implements secret.Manager.
func (s *secrets) Fetch(ctx context.Context, name, version string) (secret.Version, error) {
	in := &secretsmanager.GetSecretValueInput{SecretId: aws.String(s.prefix + name)}
	switch {
	case version == "":
	case version == secret.Previous:
		in.VersionStage = aws.String(stagePrevious)
	case len(version) >= minVersionID:
		in.VersionId = aws.String(version)
	default:
		in.VersionStage = aws.String(version)
	}
	out, err := s.client().GetSecretValue(ctx, in)
	if err != nil {
		return secret.Version{}, s.explain(s.prefix+name, version, err)
	}
	if out.SecretString == nil && out.SecretBinary == nil {
		return secret.Version{}, fmt.Errorf("secret %s in %s: what answers at the endpoint of Secrets Manager is not Secrets Manager", s.prefix+name, s.region)
	}
	if out.SecretString == nil {
		return secret.Version{}, fmt.Errorf("secret %s in %s holds binary data, which no source or sink can use: store text with %s",
			s.prefix+name, s.region, putCommand(s.prefix+name))
	}
	got := secret.Version{Value: secret.NewValue(*out.SecretString), ID: aws.ToString(out.VersionId)}
	if out.CreatedDate != nil {
		got.Created = *out.CreatedDate
	}
	return got, nil
}

// putCommand gives a secret its value, which a file keeps out of the shell's
// history.
func putCommand(id string) string {
	return "aws secretsmanager put-secret-value --secret-id " + id + " --secret-string file://value.txt"
}

// explain says what an error of the SDK means and how to mend it. It passes on
// no text of it but the code: that is a word of the service's own.
func (s *secrets) explain(id, version string, err error) error {
	where := fmt.Sprintf("secret %s in %s", id, s.region)
	if version != "" {
		where = fmt.Sprintf("secret %s (version %s) in %s", id, version, s.region)
	}
	var api smithy.APIError
	if !errors.As(err, &api) {
		return fmt.Errorf("%s: Secrets Manager can't be reached: %s", where, unreachable(err))
	}
	text := api.ErrorMessage() // read, never passed on
	switch api.ErrorCode() {
	case "ResourceNotFoundException":
		return s.missing(where, id, version, strings.Contains(text, "staging label"))
	case "AccessDeniedException":
		if strings.Contains(text, "Access to KMS") || strings.Contains(text, "kms:") {
			return s.deniedKey(where)
		}
		return fmt.Errorf("%s %w: the function's role needs secretsmanager:GetSecretValue on it, in its own policy or the secret's", where, secret.ErrDenied)
	case "DecryptionFailure":
		return s.deniedKey(where)
	case "UnrecognizedClientException", "InvalidSignatureException", "IncompleteSignature":
		return fmt.Errorf("%s %w: Secrets Manager refuses the function's credentials (%s)", where, secret.ErrDenied, code(api))
	case "InvalidRequestException":
		if strings.Contains(text, "deletion") {
			return fmt.Errorf("%s %w: it is marked for deletion; bring it back with aws secretsmanager restore-secret --secret-id %s", where, secret.ErrNotFound, id)
		}
		return fmt.Errorf("%s %w: it can't be read in the state it is in; see aws secretsmanager describe-secret --secret-id %s", where, secret.ErrNotFound, id)
	case "InvalidParameterException", "ValidationException":
		return fmt.Errorf("%s %w: Secrets Manager takes no such name or version", where, secret.ErrNotFound)
	}
	var status *smithyhttp.ResponseError
	if errors.As(err, &status) {
		return fmt.Errorf("%s: Secrets Manager can't answer now: %s, HTTP status %d", where, code(api), status.HTTPStatusCode())
	}
	return fmt.Errorf("%s: Secrets Manager can't answer now: %s", where, code(api))
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

// code is the code of an error, if it is a word.
func code(err smithy.APIError) string { return word(err.ErrorCode()) }

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
		status  *smithyhttp.ResponseError
	)
	switch {
	case errors.Is(err, context.Canceled):
		return "it was cancelled"
	case errors.As(err, &status) && status.HTTPStatusCode() > 0:
		return fmt.Sprintf("HTTP status %d %s", status.HTTPStatusCode(), http.StatusText(status.HTTPStatusCode()))
	case errors.As(err, &dns) && !dns.IsTimeout:
		return "its name can't be resolved"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return "no answer in time; in a VPC the function needs a NAT gateway or a VPC endpoint for it"
	}
	return "no connection; in a VPC the function needs a NAT gateway or a VPC endpoint for it"
}
