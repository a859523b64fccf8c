package cloudtruth

import (
	"github.com/go-json-experiment/json/jsontext"

	"github.com/sigpost/sigpost/pkg/source"
)

// wirePage is PaginatedAuditTrailList.
type wirePage struct {
	Count   *int64         `json:"count"`
	Next    source.Excerpt `json:"next"`
	Results wireResults    `json:"results"`
}

// maxPageEntries is the most entries that are taken from one answer: more than
// were asked for, in case the page's size is CloudTruth's own.
const maxPageEntries = 5000

// wireResults is a list of entries, each still to be read.
type wireResults struct {
	isList  bool
	isNull  bool
	tooMany bool
	list    []jsontext.Value
}

// UnmarshalJSONFrom reads a list or a null; any other value leaves r empty.
func (r *wireResults) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	*r = wireResults{}
	if dec.PeekKind() != '[' {
		r.isNull = dec.PeekKind() == 'n'
		return dec.SkipValue()
	}
	if _, err := dec.ReadToken(); err != nil {
		return err
	}
	for dec.PeekKind() != ']' {
		v, err := dec.ReadValue()
		if err != nil {
			return err
		}
		if r.tooMany = len(r.list) == maxPageEntries; !r.tooMany {
			r.list = append(r.list, v.Clone())
		}
	}
	r.isList = true
	_, err := dec.ReadToken()
	return err
}

// wireEntry is AuditTrail.
type wireEntry struct {
	URL        source.Excerpt `json:"url"`
	ID         source.Excerpt `json:"id"`
	Action     source.Excerpt `json:"action"`
	ObjectID   source.Excerpt `json:"object_id"`
	ObjectName source.Excerpt `json:"object_name"`
	ObjectType source.Excerpt `json:"object_type"`
	Timestamp  source.Excerpt `json:"timestamp"`
	User       wireUser       `json:"user"`
}

// wireUser is User. It is null, or has nothing but an id, where the user is
// gone.
type wireUser struct {
	ID    source.Excerpt `json:"id"`
	Type  source.Excerpt `json:"type"`
	Name  source.Excerpt `json:"name"`
	Email source.Excerpt `json:"email"`
}

// serviceAccount is the Type of a user that is no person.
const serviceAccount = "service"
