package generic

import (
	"cmp"
	"encoding/json"
	"net/url"
	"strings"
	"time"
	"unicode"

	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/sink"
)

// structuredType is the content type of a CloudEvent with its data inside,
// https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md.
const structuredType = "application/cloudevents+json; charset=utf-8"

// maxAttribute is how many characters an attribute has, so that all of them fit
// into headers. CloudEvents sets no limit but for the sum, 64 KB,
// https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md#size-limits.
const maxAttribute = 500

// attribute is one of a CloudEvent, or a header.
type attribute struct{ name, value string }

// cloudEvent is the structured form. The document is its data.
type cloudEvent struct {
	SpecVersion     string          `json:"specversion"`
	ID              string          `json:"id"`
	Source          string          `json:"source"`
	Type            string          `json:"type"`
	Subject         string          `json:"subject,omitempty"`
	Time            string          `json:"time,omitempty"`
	DataContentType string          `json:"datacontenttype"`
	Data            json.RawMessage `json:"data"`
}

// cloudEventOf is e without its data.
func cloudEventOf(e *event.Event) cloudEvent {
	c := cloudEvent{
		SpecVersion:     "1.0",
		ID:              cmp.Or(attributeText(e.ID), messageID(e, "")),
		Source:          "/" + url.PathEscape(sink.Cut(sink.Line(e.Source), maxAttribute/4)),
		Type:            typeOf(e),
		Subject:         attributeText(e.Key),
		DataContentType: "application/json",
	}
	if at := e.Time.UTC(); !at.IsZero() && at.Year() > 0 && at.Year() <= 9999 {
		c.Time = at.Format(time.RFC3339Nano)
	}
	return c
}

// structured is e with its data in one JSON object.
func structured(e *event.Event) sink.Message {
	c := cloudEventOf(e)
	c.Data = drawDocument(e)
	return sink.Message{ContentType: structuredType, Body: encode(c)}
}

// attributes are those that the binary form has as headers; its content type is
// that of the data.
func attributes(e *event.Event) []attribute {
	c := cloudEventOf(e)
	list := []attribute{{"specversion", c.SpecVersion}, {"id", c.ID}, {"source", c.Source}, {"type", c.Type}}
	if c.Subject != "" {
		list = append(list, attribute{"subject", c.Subject})
	}
	if c.Time != "" {
		list = append(list, attribute{"time", c.Time})
	}
	return list
}

// typePrefix is the domain that the types belong to, in reverse.
const typePrefix = "dev.sigpost."

// typeOf is the kind of the source and the sender's own word, in lower case:
// "dev.sigpost.github.issues.opened", "dev.sigpost.scalr.run.errored".
func typeOf(e *event.Event) string {
	words := strings.FieldsFunc(strings.ToLower(sink.Line(e.Kind+"."+e.Type)), func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '_')
	})
	return sink.Cut(typePrefix+cmp.Or(strings.Join(words, "."), "event"), maxAttribute)
}

// attributeText is s as an attribute's text: on one line, without the characters that
// CloudEvents doesn't allow,
// https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md#type-system.
func attributeText(s string) string {
	return sink.Cut(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r&0xfffe == 0xfffe || r >= 0xfdd0 && r <= 0xfdef {
			return -1
		}
		return r
	}, sink.Line(s)), maxAttribute)
}

const hexDigits = "0123456789ABCDEF"

// encodeHeader is an attribute's value in a header: all but printable ASCII, and
// space, quote and percent, as percent and the hexadecimal digits of each byte,
// https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md#3132-http-header-values.
func encodeHeader(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; c > ' ' && c < 0x7f && c != '"' && c != '%' {
			b.WriteByte(c)
		} else {
			b.WriteString("%" + hexDigits[c>>4:c>>4+1] + hexDigits[c&15:c&15+1])
		}
	}
	return b.String()
}
