package source

import (
	"errors"
	"fmt"
	"mime"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	jsonv1 "github.com/go-json-experiment/json/v1"
)

// Decode reads a JSON object into the struct that v points to. It is tolerant
// where senders are sloppy: unknown members, nulls, repeated names and values
// of another type than expected leave the field as it was. It is strict where a
// body is no JSON: bad syntax, bad UTF-8, a nesting deeper than 10,000 levels,
// or anything but an object is an error that quotes nothing of the body.
func Decode(body []byte, v any) error {
	if k := jsontext.Value(body).Kind(); k != '{' {
		return Malformed("body is not a JSON object")
	}
	err := json.Unmarshal(body, v, jsontext.AllowDuplicateNames(true))
	if err == nil {
		return nil
	}
	var syntax *jsontext.SyntacticError
	if !errors.As(err, &syntax) {
		// A value of an unexpected type: read again in the mode that skips such
		// values, which is slower.
		err = json.Unmarshal(body, v, jsontext.AllowDuplicateNames(true), jsonv1.ReportErrorsWithLegacySemantics(true))
		var mismatch *jsonv1.UnmarshalTypeError
		if err == nil || errors.As(err, &mismatch) {
			return nil
		}
	}
	return Malformed("body is not valid JSON" + position(err))
}

func position(err error) string {
	var syntax *jsontext.SyntacticError
	if errors.As(err, &syntax) {
		return fmt.Sprintf(" (at byte %d)", syntax.ByteOffset)
	}
	return ""
}

// MediaType is the content type of a header, lower case and without parameters;
// empty if the header is missing or unreadable.
func MediaType(contentType string) string {
	t, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		return ""
	}
	return t
}

// CheckJSON refuses a content type that is there and not JSON. A missing one
// passes: the body decides.
func CheckJSON(contentType string) error {
	if contentType == "" {
		return nil
	}
	t := MediaType(contentType)
	if t == "application/json" || t == "text/json" || strings.HasPrefix(t, "application/") && strings.HasSuffix(t, "+json") {
		return nil
	}
	return WrongType("content type is not JSON")
}

// excerptBytes is how much of a long text is kept: more than any receiver
// shows (Slack's section, the longest, takes 3,000 characters), little enough
// that a text of 10 MB costs nothing.
const excerptBytes = 16 << 10

// Excerpt is a string of which only the first 16 KiB are kept, cut on a whole
// character. What is longer is never copied.
type Excerpt string

// UnmarshalJSONFrom reads a JSON string; any other value leaves x empty.
func (x *Excerpt) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	raw, err := dec.ReadValue()
	if err != nil {
		return err
	}
	*x = ""
	if raw.Kind() != '"' {
		return nil
	}
	if len(raw) <= excerptBytes {
		text, err := jsontext.AppendUnquote(nil, raw)
		*x = Excerpt(text)
		return err
	}
	// The cut leaves no closing quote and perhaps half a character or escape:
	// what was read before that is what is wanted.
	text, _ := jsontext.AppendUnquote(nil, raw[:excerptBytes])
	*x = Excerpt(strings.TrimRight(string(text), "\uFFFD"))
	return nil
}

// Line is the first of the texts that says anything, on one line.
func Line(texts ...Excerpt) string {
	for _, t := range texts {
		if s := strings.Join(strings.Fields(string(t)), " "); s != "" {
			return s
		}
	}
	return ""
}

// ParseTime reads a sender's time leniently: RFC 3339 with or without seconds,
// fractions and zone (UTC is meant where it is missing), "+0000" for "+00:00",
// RFC 1123 and the other HTTP dates. ok is false if it is none of these.
func ParseTime(s string) (t time.Time, ok bool) {
	s = strings.TrimSpace(s)
	if s == "" || len(s) > 64 {
		return time.Time{}, false
	}
	for _, layout := range timeLayouts {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}

// Parsing takes a fraction of a second after the seconds of any layout.
var timeLayouts = []string{
	time.RFC3339,
	"2006-01-02T15:04:05-0700",
	"2006-01-02T15:04:05",
	"2006-01-02T15:04Z07:00",
	"2006-01-02T15:04-0700",
	"2006-01-02T15:04",
	"2006-01-02 15:04:05Z07:00",
	"2006-01-02 15:04:05",
	time.RFC1123,
	time.RFC1123Z,
	time.RFC850,
	time.ANSIC,
}
