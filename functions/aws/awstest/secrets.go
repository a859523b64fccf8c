package awstest

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"time"
)

// Secrets is a Secrets Manager. Its names are whole, prefix included.
// https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html
type Secrets struct {
	service

	URL string
	// Now stamps the versions. Set it before the first Put.
	Now func() time.Time

	server  *httptest.Server
	data    sync.Mutex
	secrets map[string]*kept
}

// kept is a secret, its oldest version first.
type kept struct {
	versions  []keptVersion
	denied    bool
	deniedKey bool
	deleted   bool
}

type keptVersion struct {
	id      string
	text    *string
	binary  []byte
	created time.Time
}

// NewSecrets starts an empty Secrets Manager.
func NewSecrets() *Secrets {
	s := &Secrets{
		service: service{name: "secretsmanager", target: "secretsmanager.", kind: "application/x-amz-json-1.1"},
		Now:     time.Now, secrets: map[string]*kept{},
	}
	s.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, s.do) }))
	s.URL = s.server.URL
	return s
}

// Close stops the server.
func (s *Secrets) Close() { s.server.CloseClientConnections(); s.server.Close() }

// change changes a secret, which is made, without a value, if there is none.
func (s *Secrets) change(name string, change func(*kept)) {
	s.data.Lock()
	defer s.data.Unlock()
	k := s.secrets[name]
	if k == nil {
		k = &kept{}
		s.secrets[name] = k
	}
	change(k)
}

// Create makes a secret without a value, as Terraform does.
func (s *Secrets) Create(name string) { s.change(name, func(*kept) {}) }

// Put makes value the current version.
func (s *Secrets) Put(name, value string) {
	s.change(name, func(k *kept) { k.add(keptVersion{text: &value, created: s.Now()}) })
}

// PutBinary makes value the current version, as binary data.
func (s *Secrets) PutBinary(name string, value []byte) {
	s.change(name, func(k *kept) { k.add(keptVersion{binary: value, created: s.Now()}) })
}

// Deny refuses the permission to read a secret.
func (s *Secrets) Deny(name string) { s.change(name, func(k *kept) { k.denied = true }) }

// DenyKey refuses the permission to use the key of a secret.
func (s *Secrets) DenyKey(name string) { s.change(name, func(k *kept) { k.deniedKey = true }) }

// Delete marks a secret for deletion.
func (s *Secrets) Delete(name string) { s.change(name, func(k *kept) { k.deleted = true }) }

func (k *kept) add(v keptVersion) {
	v.id = fmt.Sprintf("%08d-0000-4000-8000-000000000000", len(k.versions)+1)
	k.versions = append(k.versions, v)
}

// pick is the version with an id or stage, nil if there is none.
func (k *kept) pick(id, stage string) *keptVersion {
	i := -1
	switch {
	case id != "":
		for j := range k.versions {
			if k.versions[j].id == id {
				i = j
			}
		}
	case stage == "", stage == "AWSCURRENT":
		i = len(k.versions) - 1
	case stage == "AWSPREVIOUS":
		i = len(k.versions) - 2
	}
	if i < 0 {
		return nil
	}
	return &k.versions[i]
}

func (s *Secrets) do(operation string, body []byte) (any, error) {
	var in struct{ SecretID, VersionID, VersionStage string }
	if err := json.Unmarshal(body, &in); err != nil || operation != "GetSecretValue" {
		return nil, s.reject("UnknownOperationException", operation)
	}
	s.data.Lock()
	defer s.data.Unlock()
	const bad = http.StatusBadRequest
	k := s.secrets[in.SecretID]
	if k == nil {
		return nil, &failure{bad, "ResourceNotFoundException", "Secrets Manager can't find the specified secret.", nil}
	}
	switch {
	case k.denied:
		return nil, &failure{bad, "AccessDeniedException", "User: arn:aws:sts::123456789012:assumed-role/r/f is not authorized to perform: secretsmanager:GetSecretValue on resource: " + in.SecretID + " because no identity-based policy allows the secretsmanager:GetSecretValue action", nil}
	case k.deniedKey:
		return nil, &failure{bad, "AccessDeniedException", "Access to KMS is not allowed", nil}
	case k.deleted:
		return nil, &failure{bad, "InvalidRequestException", "You can't perform this operation on the secret because it was marked for deletion.", nil}
	}
	v := k.pick(in.VersionID, in.VersionStage)
	if v == nil {
		stage := in.VersionStage
		if stage == "" {
			stage = "AWSCURRENT"
		}
		text := "Secrets Manager can't find the specified secret value for staging label: " + stage
		if in.VersionID != "" {
			text = "Secrets Manager can't find the specified secret value for VersionId: " + in.VersionID
		}
		return nil, &failure{bad, "ResourceNotFoundException", text, nil}
	}
	out := map[string]any{
		"ARN": "arn:aws:secretsmanager:" + Region + ":123456789012:secret:" + in.SecretID + "-AbCdEf", "Name": in.SecretID,
		"VersionId": v.id, "CreatedDate": float64(v.created.UnixMilli()) / 1000,
	}
	if v.text != nil {
		out["SecretString"] = *v.text
	} else {
		out["SecretBinary"] = base64.StdEncoding.EncodeToString(v.binary)
	}
	return out, nil
}
