// Package bigquery streams events into a table of BigQuery, one row each, for
// questions that chat can't answer: how long issues stay open, how often runs
// fail. The columns are those of terraform/bigquery/schema.json.
package bigquery

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/sigpost/sigpost/pkg/address"
	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/problem"
	"github.com/sigpost/sigpost/pkg/secret"
	"github.com/sigpost/sigpost/pkg/sink"
)

// Type is the sink's name in a configuration.
const Type = "bigquery"

// DefaultTable is the table of a configuration that names none.
const DefaultTable = "events"

const (
	defaultURL  = "https://bigquery.googleapis.com"
	contentType = "application/json; charset=utf-8"
)

// Config is the sink's part of a configuration.
type Config struct {
	// Project, Dataset and Table say which table it is. Table is DefaultTable
	// if it is empty.
	Project string `yaml:"project"`
	Dataset string `yaml:"dataset"`
	Table   string `yaml:"table"`
	// Credentials is the JSON key of a service account.
	Credentials secret.Handle `yaml:"credentials"`
	// WorkloadIdentity is the full name of a workload identity provider that
	// trusts the role of a function on AWS. Without it and Credentials, the
	// function's own service account on Google Cloud is used.
	WorkloadIdentity string `yaml:"workload_identity"`
	// Payload says whether what the sender posted is kept. Default true.
	Payload *bool `yaml:"payload"`
	// URL is where the API is, if elsewhere. At one that begins with http://,
	// an emulator on this machine, rows are inserted without a token.
	URL string `yaml:"url"`
}

// Sink is a table.
type Sink struct {
	payload     keeping
	address     secret.Value // of the table's insertAll; no secret
	credentials secret.Handle
	tokens      *tokens // nil where none is needed
}

var (
	_ sink.Sink    = (*Sink)(nil)
	_ sink.Sealer  = (*Sink)(nil)
	_ sink.Judge   = (*Sink)(nil)
	_ sink.Reducer = (*Sink)(nil)
	_ sink.Renewer = (*Sink)(nil)
)

// New checks c. Its error joins all problems, by key.
func New(c Config) (*Sink, error) {
	if c.Table == "" {
		c.Table = DefaultTable
	}
	if c.URL == "" {
		c.URL = defaultURL
	}
	errs := append(c.checkNames(), c.checkIdentity()...)
	if err := checkURL(c.URL); err != nil {
		errs = append(errs, err)
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	s := &Sink{
		credentials: c.Credentials,
		address: secret.NewValue(fmt.Sprintf("%s/bigquery/v2/projects/%s/datasets/%s/tables/%s/insertAll",
			strings.TrimRight(c.URL, "/"), c.Project, c.Dataset, c.Table)),
	}
	if c.Payload != nil && !*c.Payload {
		s.payload = payloadOff
	}
	switch {
	case strings.HasPrefix(strings.ToLower(c.URL), "http:"):
	case !c.Credentials.IsZero():
		s.tokens = newTokens(account{})
	case c.WorkloadIdentity != "":
		s.tokens = newTokens(federation{provider: c.WorkloadIdentity})
	default:
		s.tokens = newTokens(platform{})
	}
	return s, nil
}

func checkURL(text string) error {
	u, err := address.Parse(text)
	switch {
	case err != nil:
		return problem.New("url", "%v", err)
	case u.RawQuery != "" || u.Fragment != "":
		return problem.New("url", "must have no query and no fragment: e.g. %s", defaultURL)
	case strings.Contains(u.Path, "/bigquery/v2"):
		return problem.New("url", "must be without /bigquery/v2 and what follows it: e.g. %s", defaultURL)
	}
	return nil
}

func (c Config) checkIdentity() (errs []error) {
	if c.Credentials.Literal() && !c.Credentials.IsZero() {
		errs = append(errs, problem.New("credentials", "holds a secret in plain text: write secret://NAME, env://NAME or file://PATH instead, and delete the key if this file was shared"))
	}
	if c.WorkloadIdentity == "" {
		return errs
	}
	if !c.Credentials.IsZero() {
		errs = append(errs, problem.New("workload_identity", "stands beside credentials: use one of them"))
	}
	if !goodProvider(c.WorkloadIdentity) {
		errs = append(errs, problem.New("workload_identity", "is no provider's full name: it is like //iam.googleapis.com/projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/PROVIDER"))
	}
	return errs
}

// The most characters of names, https://cloud.google.com/resource-manager/docs/creating-managing-projects,
// https://cloud.google.com/bigquery/docs/datasets and https://cloud.google.com/bigquery/docs/tables.
const (
	maxProject = 63 // with the domain of an old one; else 30
	maxDataset = 1024
	maxTable   = 1024
)

func (c Config) checkNames() (errs []error) {
	for _, n := range []struct {
		key, name, chars, missing, bad string
		limit                          int
	}{
		{"project", c.Project, "-:.", "the project's ID, e.g. acme-data", "is no project's ID: it has lower case letters, digits and hyphens, like acme-data", maxProject},
		{"dataset", c.Dataset, "_", "the dataset's name, e.g. sigpost", "is no dataset's name: it has letters, digits and _, without the project", maxDataset},
		{"table", c.Table, "_-", "", "is no table's name: it has letters, digits, _ and -, without project and dataset", maxTable},
	} {
		switch {
		case n.name == "":
			errs = append(errs, problem.New(n.key, "is required: %s", n.missing))
		case len(n.name) > n.limit || strings.ContainsFunc(n.name, func(r rune) bool {
			upper := n.key != "project" && r >= 'A' && r <= 'Z'
			return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || upper || strings.ContainsRune(n.chars, r))
		}) || strings.Trim(n.name, ".:") != n.name || strings.Contains(n.name, ".."):
			errs = append(errs, problem.New(n.key, "%s", n.bad))
		}
	}
	return errs
}

// goodProvider tells whether name is a workload identity provider's,
// https://cloud.google.com/iam/docs/workload-identity-federation-with-other-clouds.
func goodProvider(name string) bool {
	parts := strings.Split(name, "/")
	want := []string{"", "", "iam.googleapis.com", "projects", "*", "locations", "global", "workloadIdentityPools", "*", "providers", "*"}
	if len(parts) != len(want) {
		return false
	}
	for i, w := range want {
		if w == "*" && parts[i] != "" && !strings.ContainsFunc(parts[i], func(r rune) bool {
			return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-')
		}) {
			continue
		}
		if parts[i] != w {
			return false
		}
	}
	return true
}

// Render is a request that inserts e as one row.
func (s *Sink) Render(e *event.Event) sink.Message {
	return sink.Message{ContentType: contentType, Body: drawRow(e, s.payload)}
}

// RenderReduced is Render without what the sender posted, and with the first
// facts only.
func (s *Sink) RenderReduced(e *event.Event) sink.Message {
	given := payloadGiven
	if s.payload == payloadOff {
		given = payloadOff
	}
	short := *e
	short.Fields = e.Fields[:min(len(e.Fields), reducedFacts)]
	return sink.Message{ContentType: contentType, Body: drawRow(&short, given)}
}

// Endpoint is the table's address. It fails if the credentials can't be some.
func (s *Sink) Endpoint(ctx context.Context) (sink.Endpoint, error) {
	if !s.credentials.IsZero() {
		v, err := s.credentials.Value(ctx)
		if err != nil {
			return sink.Endpoint{}, fmt.Errorf("credentials: %w", err)
		}
		if _, err := parseKey(v); err != nil {
			return sink.Endpoint{}, err
		}
	}
	return sink.Endpoint{URL: s.address}, nil
}

// Seal adds an access token.
func (s *Sink) Seal(ctx context.Context, _ *event.Event, m sink.Message, now time.Time) (sink.Posting, error) {
	p := sink.Posting{Message: m, Endpoint: sink.Endpoint{URL: s.address}}
	if s.tokens == nil {
		return p, nil
	}
	var key secret.Value
	if !s.credentials.IsZero() {
		var err error
		if key, err = s.credentials.Value(ctx); err != nil {
			return sink.Posting{}, fmt.Errorf("credentials: %w", err)
		}
	}
	token, err := s.tokens.get(ctx, key, now)
	if err != nil {
		return sink.Posting{}, err
	}
	p.Header = map[string]secret.Value{"Authorization": secret.NewValue("Bearer " + token.Reveal())}
	return p, nil
}

// Renewable tells whether the next Seal gets another token than the one that was
// refused.
func (s *Sink) Renewable(now time.Time) bool { return s.tokens != nil && s.tokens.renewable(now) }
