package discord

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net/textproto"

	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/gauge"
	"github.com/sigpost/sigpost/pkg/sink"
)

// message is what a webhook takes:
// https://docs.discord.com/developers/resources/webhook#execute-webhook
type message struct {
	Content string   `json:"content,omitempty"`
	Embeds  []embed  `json:"embeds"`
	Allowed allowed  `json:"allowed_mentions"`
	Files   []attach `json:"attachments,omitempty"`
}

// allowed is whom a message may call, whatever its text says:
// https://docs.discord.com/developers/resources/message#allowed-mentions-object
type allowed struct {
	Parse []string `json:"parse"`
	Roles []string `json:"roles,omitempty"`
	Users []string `json:"users,omitempty"`
}

// attach describes a file of the same request.
type attach struct {
	ID          int    `json:"id"`
	Filename    string `json:"filename"`
	Description string `json:"description,omitempty"`
}

// embed is https://docs.discord.com/developers/resources/message#embed-object.
type embed struct {
	Author      *author `json:"author,omitempty"`
	Title       string  `json:"title"`
	URL         string  `json:"url,omitempty"`
	Color       int64   `json:"color"`
	Description string  `json:"description,omitempty"`
	Fields      []field `json:"fields,omitempty"`
	Image       *image  `json:"image,omitempty"`
	Footer      *footer `json:"footer,omitempty"`
	Timestamp   string  `json:"timestamp,omitempty"`
}

type author struct {
	Name string `json:"name"`
	URL  string `json:"url,omitempty"`
}

type field struct {
	Name   string `json:"name"`
	Value  string `json:"value"`
	Inline bool   `json:"inline,omitempty"`
}

type image struct {
	URL string `json:"url"`
}

type footer struct {
	Text string `json:"text"`
}

// fileName is how the picture is called in the message.
const fileName = "gauge.png"

// pack is m as a request, with a picture of g if there is one.
func pack(m message, g *event.Gauge) sink.Message {
	if g == nil || len(m.Embeds) == 0 || m.Embeds[0].Image == nil {
		return sink.Message{ContentType: "application/json; charset=utf-8", Body: encode(m)}
	}
	m.Files = []attach{{Filename: fileName, Description: plain(gaugeWords(g), nameLimit)}}
	return form(encode(m), gauge.Draw(g))
}

func encode(m message) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(m); err != nil { // structs of strings and numbers can't fail
		panic("discord: " + err.Error())
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// form is the message with a file:
// https://docs.discord.com/developers/reference#uploading-files. What parts the
// two is made of both, so that it is the same for the same and in neither.
func form(payload, picture []byte) sink.Message {
	h := sha256.New()
	_, _ = h.Write(payload)
	_, _ = h.Write(picture)
	boundary := "sigpost-" + hex.EncodeToString(h.Sum(nil)[:16])
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	if err := w.SetBoundary(boundary); err != nil { // it is short and plain
		panic("discord: " + err.Error())
	}
	part(w, `form-data; name="payload_json"`, "application/json", payload)
	part(w, fmt.Sprintf(`form-data; name="files[0]"; filename="%s"`, fileName), gauge.ContentType, picture)
	_ = w.Close() // memory takes all
	return sink.Message{ContentType: w.FormDataContentType(), Body: b.Bytes()}
}

func part(w *multipart.Writer, disposition, contentType string, body []byte) {
	p, err := w.CreatePart(textproto.MIMEHeader{"Content-Disposition": {disposition}, "Content-Type": {contentType}})
	if err == nil {
		_, _ = p.Write(body) // memory takes all
	}
}
