package main

import (
	"context"
	"errors"
	"testing"

	"github.com/aws/aws-lambda-go/lambda"
)

type echo struct{}

func (echo) Invoke(_ context.Context, payload []byte) ([]byte, error) { return payload, nil }

func TestAnInvocationWaitsForItsFunction(t *testing.T) {
	leave := make(chan struct{})
	p := prepare(func() lambda.Handler { <-leave; return echo{} })
	short, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.Invoke(short, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("not built: %v", err)
	}
	close(leave)
	for range 2 {
		if got, err := p.Invoke(t.Context(), []byte("word")); err != nil || string(got) != "word" {
			t.Errorf("built: %s, %v", got, err)
		}
	}
}
