package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// answering is a DynamoDB that always says the same.
func answering(t *testing.T, handle http.HandlerFunc) (*api, *atomic.Int32) {
	t.Helper()
	var calls atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		handle(w, r)
	}))
	t.Cleanup(func() { server.CloseClientConnections(); server.Close() })
	a, err := newAccount(testEnv(t, map[string]string{"AWS_ENDPOINT_URL_DYNAMODB": server.URL}))
	if err != nil {
		t.Fatal(err)
	}
	return newDynamo(a, "state").api, &calls
}

// TestErrorCodes has each way that a service may write its code.
func TestErrorCodes(t *testing.T) {
	for _, c := range []struct{ name, header, body string }{
		{"a type", "", `{"__type":"AccessDeniedException","Message":"no"}`},
		{"a namespace", "", `{"__type":"com.amazonaws.dynamodb.v20120810#AccessDeniedException"}`},
		{"an address", "", `{"__type":"AccessDeniedException:http://internal.amazon.com/coral/x#y/"}`},
		{"both", "", `{"__type":"com.amazonaws#AccessDeniedException:http://internal.amazon.com/coral/x/"}`},
		{"a code", "", `{"code":"AccessDeniedException"}`},
		{"a header", "AccessDeniedException:http://internal.amazon.com/coral/x/", `{"message":"no"}`},
		{"a header and no JSON", "com.amazonaws#AccessDeniedException", `<html>`},
		{"another kind of code", "", `{"code":403,"__type":"AccessDeniedException"}`},
	} {
		s, calls := answering(t, func(w http.ResponseWriter, _ *http.Request) {
			if c.header != "" {
				w.Header().Set("X-Amzn-ErrorType", c.header)
			}
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, c.body)
		})
		var refused *apiError
		err := s.call(t.Context(), "GetItem", struct{}{}, nil)
		if !errors.As(err, &refused) || refused.code != "AccessDeniedException" || calls.Load() != 1 {
			t.Errorf("%s: %v after %d calls", c.name, err, calls.Load())
		}
	}
}

// TestWhatPassesIsTriedAgain has the codes that AWS's own libraries try again.
func TestWhatPassesIsTriedAgain(t *testing.T) {
	for code, status := range map[string]int{
		"Throttling": 400, "ThrottlingException": 400, "ThrottledException": 400, "RequestThrottledException": 400,
		"TooManyRequestsException": 400, "RequestLimitExceeded": 400, "RequestTimeout": 400, "RequestTimeoutException": 400,
		"SlowDown": 400, "Other": 429, "": 502,
	} {
		tries := 0
		s, calls := answering(t, func(w http.ResponseWriter, _ *http.Request) {
			if tries++; tries == 1 {
				w.Header().Set("X-Amzn-ErrorType", code)
				w.WriteHeader(status)
				return
			}
			_, _ = io.WriteString(w, `{"Word":"x"}`)
		})
		var out struct{ Word string }
		if err := s.call(t.Context(), "GetItem", struct{}{}, &out); err != nil || calls.Load() != 2 || out.Word != "x" {
			t.Errorf("%s: %v after %d calls, %q", code, err, calls.Load(), out.Word)
		}
	}
}

// TestAnswersThatAreNone wants an error that repeats nothing.
func TestAnswersThatAreNone(t *testing.T) {
	const word = "hidden-word"
	for _, body := range []string{
		"", "[]", `"hidden-word"`, "<html>hidden-word</html>", `{"Word":["hidden-word"]}`, `{"Word":"hidden-word`,
		`{"Word":"` + strings.Repeat(word, maxAnswerBytes/4) + `"}`,
	} {
		s, calls := answering(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) })
		var out struct{ Word string }
		err := s.call(t.Context(), "GetItem", struct{}{}, &out)
		if err == nil || !strings.Contains(err.Error(), "is not DynamoDB") || strings.Contains(err.Error(), word) || calls.Load() != 1 {
			t.Errorf("%.40s: %v after %d calls", body, err, calls.Load())
		}
	}
}

// TestAnswersThatTrickle keeps the time of a try, and of the caller.
func TestAnswersThatTrickle(t *testing.T) {
	s, calls := answering(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, `{"Word":"hidden-word`)
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
	s.timeout = 50 * time.Millisecond
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	err := s.call(ctx, "GetItem", struct{}{}, nil)
	if err == nil || !strings.Contains(err.Error(), "no answer in time") || strings.Contains(err.Error(), "hidden-word") || calls.Load() != maxAttempts {
		t.Errorf("%v after %d calls", err, calls.Load())
	}
}
