package awstest

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/aws/aws-lambda-go/events"
)

// Event is what Lambda makes of a request to a function URL in buffered mode:
// header names in lower case, repeats joined by commas, cookies apart, and a body
// in base64 unless its type is text, JSON or XML.
func Event(method, target string, header http.Header, body []byte) []byte {
	path, query, _ := strings.Cut(target, "?")
	e := events.LambdaFunctionURLRequest{
		Version: "2.0", RawPath: path, RawQueryString: query, Headers: map[string]string{},
		RequestContext: events.LambdaFunctionURLRequestContext{
			AccountID: "anonymous", RequestID: "e1506fd5-9e7b-434f-bd42-4f8fa224b599",
			APIID: "url-id", DomainName: "url-id.lambda-url." + Region + ".on.aws", DomainPrefix: "url-id",
			HTTP: events.LambdaFunctionURLRequestContextHTTPDescription{
				Method: method, Path: path, Protocol: "HTTP/1.1", SourceIP: "198.51.100.7",
			},
		},
	}
	for name, values := range header {
		if name == "Cookie" {
			e.Cookies = strings.Split(strings.Join(values, "; "), "; ")
			continue
		}
		e.Headers[strings.ToLower(name)] = strings.Join(values, ",")
	}
	if e.Body = string(body); len(body) > 0 && !textual(header.Get("Content-Type")) {
		e.Body, e.IsBase64Encoded = base64.StdEncoding.EncodeToString(body), true
	}
	out, err := json.Marshal(e)
	if err != nil {
		panic(err) // of strings only
	}
	return out
}

func textual(contentType string) bool {
	kind, _, _ := strings.Cut(contentType, ";")
	switch kind = strings.TrimSpace(kind); kind {
	case "application/json", "application/javascript", "application/xml":
		return true
	}
	return strings.HasPrefix(kind, "text/")
}
