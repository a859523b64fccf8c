package inbox

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"mime"
	"mime/multipart"
	"strings"
)

// filesKey is where the page finds the files that came with a message, as data
// addresses by their names.
const filesKey = "sigpost:files"

// maxParts is how many parts of a multipart body are read.
const maxParts = 12

// unpacked is the message of a multipart/form-data body, its files with it; any
// other body is itself.
func unpacked(contentType string, body []byte) []byte {
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil || kind != "multipart/form-data" || len(body) > PartBytes {
		return body
	}
	message, files := parts(multipart.NewReader(bytes.NewReader(body), params["boundary"]))
	var payload map[string]json.RawMessage
	if json.Unmarshal(message, &payload) != nil || payload == nil {
		return body
	}
	if len(files) > 0 {
		if payload[filesKey], err = json.Marshal(files); err != nil {
			return message
		}
	}
	whole, err := json.Marshal(payload)
	if err != nil {
		return message
	}
	return whole
}

// parts reads the message and the files of a form.
func parts(r *multipart.Reader) (message []byte, files map[string]string) {
	files = map[string]string{}
	for range maxParts {
		part, err := r.NextPart()
		if err != nil {
			break
		}
		data, err := io.ReadAll(part)
		if err != nil {
			break
		}
		if part.FormName() == "payload_json" {
			message = data
			continue
		}
		kind, _, err := mime.ParseMediaType(part.Header.Get("Content-Type"))
		if err == nil && strings.HasPrefix(kind, "image/") && part.FileName() != "" {
			files[part.FileName()] = "data:" + kind + ";base64," + base64.StdEncoding.EncodeToString(data)
		}
	}
	return message, files
}
