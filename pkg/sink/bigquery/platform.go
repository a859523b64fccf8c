package bigquery

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/sigpost/sigpost/pkg/secret"
)

// platform is the service account that the function runs as on Google Cloud.
// https://cloud.google.com/compute/docs/access/authenticate-workloads
type platform struct{}

// metadataHost is the metadata server's address, which needs no name server. An
// environment variable may name another, as for Google's own libraries.
const (
	metadataHost     = "169.254.169.254"
	metadataVariable = "GCE_METADATA_HOST"
	metadataPath     = "/computeMetadata/v1/instance/service-accounts/default/token"
	metadataTimeout  = 3 * time.Second
)

var errPlatform = errors.New("no access token: there is no service account here: outside of Google Cloud set credentials or workload_identity")

func (platform) issue(ctx context.Context, _ secret.Value, _ time.Time) (secret.Value, time.Duration, error) {
	const who = "the metadata server"
	host := os.Getenv(metadataVariable)
	if host == "" {
		host = metadataHost
	}
	ctx, cancel := context.WithTimeout(ctx, metadataTimeout)
	defer cancel()
	u := url.URL{Scheme: "http", Host: host, Path: metadataPath, RawQuery: url.Values{"scopes": {scope}}.Encode()}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return secret.Value{}, 0, errPlatform
	}
	req.Header.Set("Metadata-Flavor", "Google")
	var g granted
	if err := ask(who, req, &g); err != nil {
		if os.Getenv("K_SERVICE") == "" { // not a function of Google's
			return secret.Value{}, 0, errPlatform
		}
		return secret.Value{}, 0, err
	}
	return g.value(who)
}
