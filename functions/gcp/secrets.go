package gcp

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"

	secretmanager "cloud.google.com/go/secretmanager/apiv1"
	"cloud.google.com/go/secretmanager/apiv1/secretmanagerpb"
	"google.golang.org/protobuf/proto"

	"github.com/sigpost/sigpost/pkg/secret"
)

// secretsEmulator names the host of a stand-in for Secret Manager.
const secretsEmulator = "SECRET_MANAGER_EMULATOR_HOST"

// secrets is the secret.Manager over Google's Secret Manager. A name is a
// secret's id less the prefix, or a full resource name. A version is "" for the
// latest, secret.Previous, a number, or an alias.
type secrets struct {
	env     func(string) string
	prefix  string
	project *projectID

	mu     sync.Mutex
	client *secretmanager.Client
}

var _ secret.Manager = (*secrets)(nil)

// newSecrets returns the secrets whose ids begin with what SIGPOST_SECRETS_PREFIX
// says, which references leave out. It makes the client when it is first needed.
func newSecrets(env func(string) string, p *projectID) *secrets {
	return &secrets{env: env, prefix: env(prefixVariable), project: p}
}

// latest is the version that was made last, even if it was disabled since.
// https://cloud.google.com/secret-manager/docs/access-secret-version
const latest = "latest"

// Fetch implements secret.Manager.
func (s *secrets) Fetch(ctx context.Context, name, version string) (secret.Version, error) {
	v, err := s.locate(ctx, name, version)
	if err != nil {
		return secret.Version{}, err
	}
	client, err := s.connect(ctx)
	if err != nil {
		return secret.Version{}, fmt.Errorf("%s: no client for Secret Manager: %w", v, brief(err))
	}
	if version == secret.Previous {
		return s.previous(ctx, client, v)
	}
	got, err := access(ctx, client, v)
	if err != nil {
		return secret.Version{}, explain(v, err)
	}
	return got, nil
}

// previous is the version before the latest, if it is enabled.
func (s *secrets) previous(ctx context.Context, client *secretmanager.Client, v version) (secret.Version, error) {
	if v.id != latest {
		return secret.Version{}, fmt.Errorf("%s %w: a fixed version has no previous one", v, secret.ErrNotFound)
	}
	current, err := access(ctx, client, v)
	if err != nil {
		return secret.Version{}, explain(v, err)
	}
	n, err := strconv.Atoi(current.ID)
	if err != nil {
		return secret.Version{}, fmt.Errorf("%s: Secret Manager gave no number for its latest version", v)
	}
	if n > 1 {
		v.id = strconv.Itoa(n - 1)
		got, err := access(ctx, client, v)
		if err == nil {
			return got, nil
		}
		// Whoever disabled it wants it to count no longer, and none before it.
		if r, ok := refused(err); !ok || r.status != "FAILED_PRECONDITION" {
			return secret.Version{}, explain(v, err)
		}
	}
	v.id = latest
	return secret.Version{}, fmt.Errorf("%s: an enabled version before number %d %w", v, n, secret.ErrNotFound)
}

// castagnoli is the polynomial of the checksums.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// errChecksum says that a value did not arrive as it was sent. The call is made
// again.
var errChecksum = errors.New("its checksum is wrong: the value was damaged on the way")

// errGarbled stands for an error of the decoder, which repeats what it can't
// read: that may be the value.
var errGarbled = errors.New("what answers in Secret Manager's place gives no version of a secret, or it was damaged on the way")

// access reads a version, whole and unharmed.
func access(ctx context.Context, client *secretmanager.Client, v version) (secret.Version, error) {
	var got *secretmanagerpb.AccessSecretVersionResponse
	err := attempt(ctx, func() (err error) {
		got, err = client.AccessSecretVersion(ctx, &secretmanagerpb.AccessSecretVersionRequest{Name: v.resource()})
		if errors.Is(err, proto.Error) {
			return errGarbled
		}
		if err != nil {
			return err
		}
		payload := got.GetPayload()
		if payload == nil || payload.DataCrc32C != nil && payload.GetDataCrc32C() != int64(crc32.Checksum(payload.GetData(), castagnoli)) {
			return errChecksum
		}
		return nil
	})
	if err != nil {
		return secret.Version{}, err
	}
	id := got.GetName()
	return secret.Version{Value: secret.NewValue(string(got.GetPayload().GetData())), ID: id[strings.LastIndexByte(id, '/')+1:]}, nil
}

// connect makes the client, once it can be made.
func (s *secrets) connect(ctx context.Context) (*secretmanager.Client, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.client != nil {
		return s.client, nil
	}
	client, err := secretmanager.NewRESTClient(context.WithoutCancel(ctx), clientOptions(s.env(secretsEmulator))...)
	if err != nil {
		return nil, err
	}
	// Its own retries wait for two seconds and more; see attempt.
	*client.CallOptions = secretmanager.CallOptions{}
	s.client = client
	return client, nil
}

// version is a version of a secret.
type version struct{ project, secret, id string }

func (v version) resource() string {
	return "projects/" + v.project + "/secrets/" + v.secret + "/versions/" + v.id
}

// String is how a version is called in errors.
func (v version) String() string {
	s := "secret " + v.secret + " in project " + v.project
	if v.id != latest {
		s = "version " + v.id + " of " + s
	}
	return s
}

var (
	secretID  = regexp.MustCompile(`^[A-Za-z0-9_-]{1,255}$`)
	versionID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,63}$`)
	fullName  = regexp.MustCompile(`^projects/([a-z0-9][a-z0-9-]*)/secrets/([^/]+)(?:/versions/([^/]+))?$`)
)

// locate finds out what a name and a version mean.
func (s *secrets) locate(ctx context.Context, name, id string) (version, error) {
	v := version{secret: s.prefix + name, id: id}
	if strings.HasPrefix(name, "projects/") {
		parts := fullName.FindStringSubmatch(name)
		if parts == nil {
			return version{}, fmt.Errorf("secret %s %w: write projects/PROJECT/secrets/NAME; secrets of one region are not supported", name, secret.ErrNotFound)
		}
		v.project, v.secret = parts[1], parts[2]
		if parts[3] != "" && (id == "" || id == secret.Previous) {
			v.id = parts[3]
		}
	}
	if v.id == "" || v.id == secret.Previous {
		v.id = latest
	}
	if !secretID.MatchString(v.secret) {
		return version{}, fmt.Errorf("secret %s %w: names of Secret Manager have up to 255 letters, digits, - and _", v.secret, secret.ErrNotFound)
	}
	if !versionID.MatchString(v.id) {
		return version{}, fmt.Errorf("version %q of secret %s %w: write a number or an alias", v.id, v.secret, secret.ErrNotFound)
	}
	if v.project == "" {
		p, err := s.project.get(ctx)
		if err != nil {
			return version{}, fmt.Errorf("secret %s: %w", v.secret, err)
		}
		v.project = p
	}
	return v, nil
}

// explain says what to do about an error of Secret Manager.
func explain(v version, err error) error {
	gcloud := func(command string) string {
		return fmt.Sprintf("gcloud secrets "+command+" --project=%[2]s", v.secret, v.project)
	}
	add := gcloud("versions add %[1]s --data-file=-")
	r, answered := refused(err)
	switch {
	case !answered && (errors.Is(err, errChecksum) || errors.Is(err, errGarbled)):
		return fmt.Errorf("%s: %w", v, err)
	case !answered:
		return fmt.Errorf("%s: Secret Manager can't be reached: %w", v, brief(err))
	case r.code == http.StatusNotFound && v.id == latest:
		return fmt.Errorf("%s %w, or it has no version yet: add one with %s", v, secret.ErrNotFound, add)
	case r.code == http.StatusNotFound, r.status == "INVALID_ARGUMENT":
		return fmt.Errorf("%s %w: see %s", v, secret.ErrNotFound, gcloud("versions list %[1]s"))
	case r.status == "FAILED_PRECONDITION" && v.id == latest:
		return fmt.Errorf("%s %w: its latest version is disabled or destroyed; enable it (%s) or add another (%s)",
			v, secret.ErrNotFound, gcloud("versions enable NUMBER --secret=%[1]s"), add)
	case r.status == "FAILED_PRECONDITION":
		return fmt.Errorf("%s %w: it is disabled or destroyed; see %s", v, secret.ErrNotFound, gcloud("versions list %[1]s"))
	case r.reason == "SERVICE_DISABLED":
		return fmt.Errorf("%s %w: the API is off; turn it on with gcloud services enable secretmanager.googleapis.com --project=%s", v, secret.ErrDenied, v.project)
	case r.code == http.StatusForbidden:
		return fmt.Errorf("%s %w, or it does not exist: create it, or let the function's service account read it with %s", v, secret.ErrDenied,
			gcloud("add-iam-policy-binding %[1]s --member=serviceAccount:ACCOUNT --role=roles/secretmanager.secretAccessor"))
	}
	return fmt.Errorf("%s: Secret Manager answered %d %s", v, r.code, r.status)
}
