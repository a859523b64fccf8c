package generic

import (
	"bytes"
	"fmt"

	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/sink"
)

// rawType is the content type of a sender's body. All that is known of it is
// what it looks like: JSON, or the form that GitHub can put JSON into.
func rawType(body []byte) string {
	switch text := bytes.TrimLeft(body, " \t\r\n"); {
	case bytes.HasPrefix(text, []byte("{")), bytes.HasPrefix(text, []byte("[")):
		return jsonType
	case bytes.HasPrefix(text, []byte("payload=")):
		return "application/x-www-form-urlencoded"
	}
	return "application/octet-stream"
}

// whole tells that e has the body as the sender posted it. Half of one is not
// passed on, and what to do about it is for people to say.
func whole(e *event.Event) error {
	switch {
	case e.RawBytes > len(e.Raw):
		return &sink.UnsendableError{Reason: fmt.Sprintf("the sender's body has %d bytes, of which the queue could keep %d: "+
			"use direct mode or another format for this sink", e.RawBytes, len(e.Raw))}
	case len(e.Raw) == 0:
		return &sink.UnsendableError{Reason: "the sender's body is not known"}
	}
	return nil
}

// origin says where a raw body is from, since most don't say that themselves.
func origin(e *event.Event) []attribute {
	return []attribute{
		{"Sigpost-Source", attributeText(e.Source)},
		{"Sigpost-Type", attributeText(e.Type)},
		{"Sigpost-Id", attributeText(e.ID)},
	}
}
