package main

import (
	"context"
	"errors"
	"testing"

	"github.com/aws/aws-lambda-go/lambda"
)

func TestAnInvocationWaitsForItsFunction(t *testing.T) {
	leave := make(chan struct{})
	want := errors.New("built")
	p := prepare(func() lambda.Handler { <-leave; return unusable{want} })
	short, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.Invoke(short, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("not built: %v", err)
	}
	close(leave)
	for range 2 {
		if _, err := p.Invoke(t.Context(), nil); !errors.Is(err, want) {
			t.Errorf("built: %v", err)
		}
	}
}
