package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"github.com/sigpost/sigpost/functions/aws/awstest"
)

// TestRequestsAreAServers compares the request that the handler gets with the
// one that a server gets for the same bytes.
func TestRequestsAreAServers(t *testing.T) {
	type seen struct {
		Method, Path, Escaped, Query, URI, Host, Proto, Body string
		Length                                               int64
		Header                                               http.Header
	}
	look := func(into *seen) http.HandlerFunc {
		return func(_ http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				t.Error(err)
			}
			*into = seen{r.Method, r.URL.Path, r.URL.EscapedPath(), r.URL.RawQuery, r.RequestURI, r.Host, r.Proto, string(body), r.ContentLength, r.Header}
		}
	}
	for _, c := range []struct{ method, target, body, kind string }{
		{"POST", "/github", `{"a":"é"}`, "application/json"},
		{"POST", "/certs/tok%2Fen%20%25%C3%A9?x=1&x=%20", "a=b", "application/x-www-form-urlencoded"},
		{"POST", "/a//b/../c", "\x00\xff\x1f\x8b", "application/octet-stream"},
		{"POST", "/github", "", "application/json"},
		{"GET", "/healthz", "", ""},
		{"HEAD", "/", "", ""},
		{"DELETE", "/a;b=c,d+e", "", ""},
	} {
		var byServer, byLambda seen
		srv := httptest.NewServer(look(&byServer))
		req, err := http.NewRequestWithContext(t.Context(), c.method, srv.URL+c.target, strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		if c.kind != "" {
			req.Header.Set("Content-Type", c.kind)
		}
		req.Header.Set("X-Hub-Signature-256", "sha256=00")
		req.Header.Set("Accept-Encoding", "identity")
		req.Header.Set("User-Agent", "test")
		req.Header.Set("Cookie", "a=1; b=2")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		srv.Close()
		req.Header.Set("Host", byServer.Host)
		if byServer.Header.Get("Content-Length") != "" {
			req.Header.Set("Content-Length", byServer.Header.Get("Content-Length"))
		}
		payload := awstest.Event(req.Method, c.target, req.Header, []byte(c.body))
		if _, err := invoke(t.Context(), t, look(&byLambda), payload, io.Discard); err != nil {
			t.Error(c.target, err)
		}
		if !reflect.DeepEqual(byServer, byLambda) {
			t.Errorf("%s %s\n server %+v\n lambda %+v", c.method, c.target, byServer, byLambda)
		}
	}
}

func TestRequestDetails(t *testing.T) {
	e := map[string]any{
		"version": "2.0", "rawPath": "/certs/100% sure/ä", "rawQueryString": "",
		"headers": map[string]string{"x-list": "a,b", "X-Odd": "1", "x-odd": "2"},
		"requestContext": map[string]any{
			"domainName": "url-id.lambda-url.eu-west-1.on.aws",
			"http":       map[string]any{"method": "POST", "sourceIp": "2001:db8::1", "protocol": "HTTP/2.0"},
		},
	}
	payload, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	_, err = invoke(t.Context(), t, func(_ http.ResponseWriter, r *http.Request) {
		for what, pair := range map[string][2]string{
			"an unescaped path": {r.URL.Path, "/certs/100% sure/ä"},
			"a list":            {r.Header.Get("X-List"), "a,b"},
			"twins":             {strings.Join(r.Header["X-Odd"], ","), "1,2"},
			"the address":       {r.RemoteAddr, "[2001:db8::1]:0"},
			"the host":          {r.Host, "url-id.lambda-url.eu-west-1.on.aws"},
			"the protocol":      {fmt.Sprint(r.ProtoMajor, " ", r.Proto), "2 HTTP/2.0"},
		} {
			if pair[0] != pair[1] {
				t.Errorf("%s is %q, want %q", what, pair[0], pair[1])
			}
		}
	}, payload, io.Discard)
	if err != nil {
		t.Error(err)
	}
}

func TestResponses(t *testing.T) {
	for name, c := range map[string]struct {
		method  string
		handler http.HandlerFunc
		want    events.LambdaFunctionURLResponse
	}{
		"nothing": {"GET", func(http.ResponseWriter, *http.Request) {}, events.LambdaFunctionURLResponse{StatusCode: 200, Headers: map[string]string{}}},
		"text": {"GET", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Add("X-List", "a")
			w.Header().Add("X-List", "b")
			w.Header().Set("Set-Cookie", "c=1")
			w.WriteHeader(103)
			w.WriteHeader(201)
			w.WriteHeader(500)
			w.Header().Set("X-Late", "no")
			_, _ = io.WriteString(w, "é")
		}, events.LambdaFunctionURLResponse{StatusCode: 201, Headers: map[string]string{"X-List": "a, b"}, Body: "é", Cookies: []string{"c=1"}}},
		"binary": {"GET", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte{0xff, 0}) }, events.LambdaFunctionURLResponse{
			StatusCode: 200, Headers: map[string]string{}, Body: base64.StdEncoding.EncodeToString([]byte{0xff, 0}), IsBase64Encoded: true,
		}},
		"head": {"HEAD", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "body") }, events.LambdaFunctionURLResponse{
			StatusCode: 200, Headers: map[string]string{"Content-Length": "4"},
		}},
	} {
		got, err := invoke(t.Context(), t, c.handler, awstest.Event(c.method, "/", nil, nil), io.Discard)
		if err != nil || !reflect.DeepEqual(*got, c.want) {
			t.Errorf("%s\n got %+v, %v\nwant %+v", name, got, err, c.want)
		}
	}
}

// hiddenWord stands in every payload of the bad events, and in no answer or log.
const hiddenWord = "hidden-word"

func TestEventsThatAreNoRequests(t *testing.T) {
	for name, c := range map[string]struct {
		payload string
		want    error
	}{
		"empty":      {``, errNotJSON},
		"cut off":    {`{"version":"2.0","body":"hidden-word`, errNotJSON},
		"text":       {`hidden-word`, errNotJSON},
		"string":     {`"hidden-word"`, errNotHTTP},
		"null":       {`null`, errNotHTTP},
		"array":      {`["hidden-word"]`, errNotHTTP},
		"test event": {`{"key1":"hidden-word"}`, errNotHTTP},
		"schedule":   {`{"version":"0","detail-type":"Scheduled Event","detail":{"a":"hidden-word"}}`, errNotHTTP},
		"queue":      {`{"Records":[{"body":"hidden-word"}]}`, errNotHTTP},
		"version 1":  {`{"version":"1.0","httpMethod":"POST","body":"hidden-word"}`, errOldFormat},
		"version 3":  {`{"version":"3.0","body":"hidden-word","requestContext":{"http":{"method":"POST"}}}`, errOldFormat},
		"odd body":   {`{"version":"2.0","body":{"a":"hidden-word"},"requestContext":{"http":{"method":"POST"}}}`, errNotHTTP},
		"deep":       {strings.Repeat("[", 20_000), errNotJSON},
	} {
		var log bytes.Buffer
		_, err := invoke(t.Context(), t, func(http.ResponseWriter, *http.Request) { t.Error(name, "reached the handler") }, []byte(c.payload), &log)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if err != nil && strings.Contains(err.Error()+log.String(), hiddenWord) {
			t.Errorf("%s: repeats the payload", name)
		}
	}
}

func TestBodiesThatCannotBeTaken(t *testing.T) {
	event := func(body string, encoded bool) []byte {
		var e map[string]any
		if err := json.Unmarshal(awstest.Event("POST", "/github", nil, nil), &e); err != nil {
			t.Fatal(err)
		}
		e["body"], e["isBase64Encoded"] = body, encoded
		out, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	for name, c := range map[string]struct {
		payload []byte
		reason  string
	}{
		"no base64":      {event("{hidden-word}", true), "flagged as base64"},
		"binary as text": {event("\x1f\uFFFD\x08\x00hidden-word", false), "flagged as text"},
		"no UTF-8":       {bytes.Replace(event("hidden-word@", false), []byte("@"), []byte{0xff}, 1), "flagged as text"},
		"method":         {bytes.Replace(event("hidden-word", false), []byte(`"POST"`), []byte(`"PO ST"`), 1), "method"},
	} {
		var log bytes.Buffer
		got, err := invoke(t.Context(), t, func(http.ResponseWriter, *http.Request) { t.Error(name, "reached the handler") }, c.payload, &log)
		if err != nil || got.StatusCode != http.StatusServiceUnavailable || got.Headers["Retry-After"] == "" {
			t.Errorf("%s: %+v, %v", name, got, err)
			continue
		}
		if !strings.Contains(log.String(), c.reason) || strings.Contains(log.String()+got.Body, hiddenWord) {
			t.Errorf("%s: log is %s", name, &log)
		}
	}
	for name, body := range map[string]string{"a sign that was sent": "\uFFFD title\r\n\t", "control characters alone": "\x00\x1f"} {
		reached := false
		_, err := invoke(t.Context(), t, func(_ http.ResponseWriter, r *http.Request) {
			got, err := io.ReadAll(r.Body)
			reached = err == nil && string(got) == body
		}, event(body, false), io.Discard)
		if err != nil || !reached {
			t.Errorf("%s: is not taken as it is: %v", name, err)
		}
	}
}

// FuzzInvoke wants an answer or an error of every payload, and no part of it in
// the error.
func FuzzInvoke(f *testing.F) {
	f.Add(awstest.Event("POST", "/github?a=b", http.Header{"Content-Type": {"application/json"}, "Cookie": {"a=b"}}, []byte(`{"a":1}`)))
	f.Add(awstest.Event("GET", "/%2e%2e/%zz", nil, []byte{0xff, 0}))
	f.Add([]byte(`{"version":"2.0","rawPath":"a","headers":{"":"","\n":"x"},"body":"=","isBase64Encoded":true,"requestContext":{"http":{"method":"M","protocol":"HTTP/9.9","sourceIp":"x"}}}`))
	f.Add([]byte(scheduleEvent))
	known := []error{errNotJSON, errNotHTTP, errOldFormat}
	f.Fuzz(func(t *testing.T, payload []byte) {
		r, err := invoke(t.Context(), t, func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			if err != nil || int64(len(body)) != r.ContentLength || !strings.HasPrefix(r.URL.Path, "/") {
				t.Errorf("a body of %d bytes, announced as %d, to %q: %v", len(body), r.ContentLength, r.URL.Path, err)
			}
			w.WriteHeader(http.StatusNoContent)
		}, payload, io.Discard)
		if err != nil && !slices.Contains(known, err) {
			t.Errorf("unknown error %v", err)
		}
		if err == nil && r.StatusCode != http.StatusNoContent && r.StatusCode != http.StatusServiceUnavailable {
			t.Errorf("status %d", r.StatusCode)
		}
	})
}
