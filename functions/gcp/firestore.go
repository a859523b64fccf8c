package gcp

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"time"

	"google.golang.org/api/firestore/v1"
)

// document is where a key is kept.
type document struct {
	api      *firestore.ProjectsDatabasesDocumentsService
	database string
	name     string
	emulated bool
}

// content is what a document has in it.
type content struct {
	expires time.Time
	updated string // when it was written, as Firestore says it
	done    bool   // of a claim
	owner   string // of a claim: which call made it
	value   string
}

// with does something with a key's document, and explains what went wrong.
func (s *store) with(ctx context.Context, kind, key string, do func(*document) error) error {
	project, err := s.project.get(ctx)
	if err != nil {
		return fmt.Errorf("collection %s: %w", s.collection, err)
	}
	service, err := s.connect(ctx)
	if err != nil {
		return fmt.Errorf("collection %s: no client for Firestore: %w", s.collection, brief(err))
	}
	id := sha256.Sum256([]byte(kind + "\n" + key))
	d := &document{api: service.Projects.Databases.Documents, database: "projects/" + project + "/databases/" + s.database, emulated: s.emulator != ""}
	d.name = d.database + "/documents/" + s.collection + "/" + hex.EncodeToString(id[:])
	if err := do(d); err != nil {
		return s.explain(project, err)
	}
	return nil
}

// connect makes the client, once it can be made.
func (s *store) connect(ctx context.Context) (*firestore.Service, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.service != nil {
		return s.service, nil
	}
	service, err := firestore.NewService(context.WithoutCancel(ctx), clientOptions(s.emulator)...)
	if err != nil {
		return nil, err
	}
	s.service = service
	return service, nil
}

// get is what is in the document; nil if there is none.
func (d *document) get(ctx context.Context) (*content, error) {
	call := d.api.Get(d.name).Context(ctx)
	d.sign(call.Header())
	var got *firestore.Document
	err := attempt(ctx, func() (err error) {
		got, err = call.Do()
		return err
	})
	if r, ok := refused(err); ok && r.code == http.StatusNotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	c := &content{updated: got.UpdateTime, done: got.Fields["done"].BooleanValue, owner: got.Fields["owner"].StringValue}
	// What can't be read has expired.
	c.expires, _ = time.Parse(time.RFC3339Nano, got.Fields["expires"].TimestampValue)
	if value, err := base64.StdEncoding.DecodeString(got.Fields["value"].BytesValue); err == nil {
		c.value = string(value)
	}
	return c, nil
}

// unless is the condition that a document is still as it was read, or, with nil,
// that there is none.
func unless(read *content) *firestore.Precondition {
	if read == nil {
		return &firestore.Precondition{Exists: false, ForceSendFields: []string{"Exists"}}
	}
	return &firestore.Precondition{UpdateTime: read.updated}
}

// put writes the document under a condition, if one is given; ok is whether that
// was so.
func (d *document) put(ctx context.Context, c content, on *firestore.Precondition) (ok bool, err error) {
	fields := map[string]firestore.Value{"expires": {TimestampValue: c.expires.UTC().Format(time.RFC3339Nano)}}
	if c.done {
		fields["done"] = firestore.Value{BooleanValue: true}
	}
	if c.owner != "" {
		fields["owner"] = firestore.Value{StringValue: c.owner}
	}
	if c.value != "" {
		fields["value"] = firestore.Value{BytesValue: base64.StdEncoding.EncodeToString([]byte(c.value))}
	}
	return d.commit(ctx, &firestore.Write{Update: &firestore.Document{Name: d.name, Fields: fields}, CurrentDocument: on})
}

// remove removes the document under a condition, if one is given. That it wasn't
// so, or that there is no document, is no error.
func (d *document) remove(ctx context.Context, on *firestore.Precondition) error {
	_, err := d.commit(ctx, &firestore.Write{Delete: d.name, CurrentDocument: on})
	return err
}

func (d *document) commit(ctx context.Context, w *firestore.Write) (ok bool, err error) {
	call := d.api.Commit(d.database, &firestore.CommitRequest{Writes: []*firestore.Write{w}}).Context(ctx)
	d.sign(call.Header())
	err = attempt(ctx, func() error {
		_, err := call.Do()
		return err
	})
	if w.CurrentDocument != nil && isConflict(err, w.CurrentDocument) {
		return false, nil
	}
	return err == nil, err
}

// isConflict tells whether a condition was not so. Without the database there is
// no document either, but then none was read.
func isConflict(err error, on *firestore.Precondition) bool {
	r, ok := refused(err)
	return ok && (r.status == "ALREADY_EXISTS" || on.UpdateTime != "" && (r.status == "FAILED_PRECONDITION" || r.code == http.StatusNotFound))
}

// sign lets an emulator take a call as an administrator's.
func (d *document) sign(h http.Header) {
	if d.emulated {
		h.Set("Authorization", "Bearer owner")
	}
}

// explain says what to do about an error of Firestore.
func (s *store) explain(project string, err error) error {
	what := fmt.Sprintf("collection %s in database %s of project %s", s.collection, s.database, project)
	r, answered := refused(err)
	switch {
	case !answered:
		return fmt.Errorf("%s: Firestore can't be reached: %w", what, brief(err))
	case r.reason == "SERVICE_DISABLED":
		return fmt.Errorf("%s: the API is off; turn it on with gcloud services enable firestore.googleapis.com --project=%s", what, project)
	case r.code == http.StatusNotFound:
		return fmt.Errorf("%s: there is no such database; create it with gcloud firestore databases create --database='%s' --location=LOCATION --project=%s, or unset %s",
			what, s.database, project, collectionVariable)
	case r.code == http.StatusForbidden:
		return fmt.Errorf("%s: not permitted; grant it with gcloud projects add-iam-policy-binding %s --member=serviceAccount:ACCOUNT --role=roles/datastore.user", what, project)
	case r.status == "FAILED_PRECONDITION":
		return fmt.Errorf("%s: Firestore refused; the database must be in Native mode, see gcloud firestore databases describe --database='%s' --project=%s", what, s.database, project)
	}
	return fmt.Errorf("%s: Firestore answered %d %s", what, r.code, r.status)
}
