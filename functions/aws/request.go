package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/events"
)

// payloadVersion is the format of a function URL's events,
// https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-payloads
const payloadVersion = "2.0"

var (
	errNotJSON   = errors.New("the event is not JSON: the handler receive takes events of a function URL, payload format 2.0, and nothing else")
	errNotHTTP   = errors.New("the event comes from no function URL: the handler receive takes payload format 2.0 and nothing else; a schedule's function needs the handler poll")
	errOldFormat = errors.New("the event has another payload format than 2.0: set the integration's payload format to 2.0, or use a function URL")
)

// parseEvent reads the event of a function URL. Its errors, which Lambda logs,
// repeat nothing of the payload.
func parseEvent(payload []byte) (*events.LambdaFunctionURLRequest, error) {
	var e events.LambdaFunctionURLRequest
	if err := json.Unmarshal(payload, &e); err != nil {
		if !json.Valid(payload) {
			return nil, errNotJSON
		}
		return nil, errNotHTTP
	}
	switch {
	case e.RequestContext.HTTP.Method == "" && e.Version == "1.0":
		return nil, errOldFormat
	case e.RequestContext.HTTP.Method == "":
		return nil, errNotHTTP
	case e.Version != payloadVersion:
		return nil, errOldFormat
	}
	return &e, nil
}

var (
	errBase64 = errors.New("the body is flagged as base64 and is not: what stands between the sender and the function has changed it")
	errDamage = errors.New("the body is binary but flagged as text, so some of its bytes are lost and no signature can match: let the sender, or what stands between, mark it application/octet-stream")
	errMethod = errors.New("the method is not one of HTTP")
)

// newRequest makes a request of an event: the one that a server of net/http
// would have made of the same bytes, but that repeated headers are one, joined
// by commas, which is how they come. whole tells whether payload was UTF-8.
func newRequest(ctx context.Context, e *events.LambdaFunctionURLRequest, whole bool) (*http.Request, error) {
	body, err := decodeBody(e, whole)
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, e.RequestContext.HTTP.Method, "/", http.NoBody)
	if err != nil {
		return nil, errMethod
	}
	r.URL = requestURL(e.RawPath, e.RawQueryString)
	r.RequestURI = r.URL.RequestURI()
	r.Proto = "HTTP/1.1"
	r.ProtoMajor, r.ProtoMinor = 1, 1
	if major, minor, ok := http.ParseHTTPVersion(e.RequestContext.HTTP.Protocol); ok {
		r.Proto, r.ProtoMajor, r.ProtoMinor = e.RequestContext.HTTP.Protocol, major, minor
	}
	r.Header = requestHeader(e)
	r.Host = r.Header.Get("Host")
	r.Header.Del("Host")
	if r.Host == "" {
		r.Host = e.RequestContext.DomainName
	}
	if ip := e.RequestContext.HTTP.SourceIP; ip != "" {
		r.RemoteAddr = net.JoinHostPort(ip, "0") // as host:port, like a server's
	}
	r.ContentLength = int64(len(body))
	if len(body) > 0 {
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	return r, nil
}

// decodeBody is the body as the sender sent it.
func decodeBody(e *events.LambdaFunctionURLRequest, whole bool) ([]byte, error) {
	if e.IsBase64Encoded {
		body, err := base64.StdEncoding.DecodeString(e.Body)
		if err != nil {
			return nil, errBase64
		}
		return body, nil
	}
	if !whole || damaged(e.Body) {
		return nil, errDamage
	}
	return []byte(e.Body), nil
}

// damaged tells whether text was binary: it has the sign that stands for bytes
// that are no UTF-8, and control characters that are in no text. The sign alone
// may have been sent, in an issue's title for example.
func damaged(text string) bool {
	return strings.ContainsRune(text, utf8.RuneError) && strings.ContainsFunc(text, func(c rune) bool {
		return c < ' ' && !strings.ContainsRune("\t\n\v\f\r", c) || c == 0x7f
	})
}

// requestURL is the URL of a request. A function URL gives the path as it was
// sent, escaped; an API gateway in front gives it unescaped.
func requestURL(rawPath, rawQuery string) *url.URL {
	if !strings.HasPrefix(rawPath, "/") {
		rawPath = "/" + rawPath
	}
	u := &url.URL{Path: rawPath, RawQuery: rawQuery}
	if path, err := url.PathUnescape(rawPath); err == nil {
		u.Path, u.RawPath = path, rawPath // RawPath counts only where it fits Path
	}
	return u
}

func requestHeader(e *events.LambdaFunctionURLRequest) http.Header {
	h := make(http.Header, len(e.Headers)+1)
	names := make([]string, 0, len(e.Headers))
	for name := range e.Headers {
		names = append(names, name)
	}
	slices.Sort(names) // two that differ in case only keep one order
	for _, name := range names {
		h.Add(name, e.Headers[name])
	}
	if len(e.Cookies) > 0 {
		h.Set("Cookie", strings.Join(e.Cookies, "; "))
	}
	return h
}

// responseWriter keeps an answer until it is whole.
type responseWriter struct {
	header http.Header
	sent   http.Header // header when the status was written
	status int
	body   bytes.Buffer
}

func newResponseWriter() *responseWriter { return &responseWriter{header: http.Header{}} }

// Header implements http.ResponseWriter.
func (w *responseWriter) Header() http.Header { return w.header }

// WriteHeader implements http.ResponseWriter. As in net/http the first final
// status counts.
func (w *responseWriter) WriteHeader(status int) {
	if w.status == 0 && status >= http.StatusOK {
		w.status, w.sent = status, w.header.Clone()
	}
}

// Write implements http.ResponseWriter.
func (w *responseWriter) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(p)
}

// response is the answer in the format of a function URL.
func (w *responseWriter) response(method string) *events.LambdaFunctionURLResponse {
	w.WriteHeader(http.StatusOK)
	r := &events.LambdaFunctionURLResponse{StatusCode: w.status, Headers: map[string]string{}}
	for name, values := range w.sent {
		if name == "Set-Cookie" {
			r.Cookies = values
			continue
		}
		r.Headers[name] = strings.Join(values, ", ")
	}
	switch {
	case method == http.MethodHead:
		r.Headers["Content-Length"] = strconv.Itoa(w.body.Len())
	case utf8.Valid(w.body.Bytes()):
		r.Body = w.body.String()
	default:
		r.Body, r.IsBase64Encoded = base64.StdEncoding.EncodeToString(w.body.Bytes()), true
	}
	return r
}
