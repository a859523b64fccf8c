package main

import (
	"context"

	"github.com/aws/aws-lambda-go/lambda"
)

// prepared is a function that is made while the runtime's client asks for the
// first invocation, which then finds it ready or waits for it.
type prepared struct {
	ready   chan struct{}
	handler lambda.Handler
}

func prepare(build func() lambda.Handler) *prepared {
	p := &prepared{ready: make(chan struct{})}
	go func() {
		defer close(p.ready)
		p.handler = build()
	}()
	return p
}

// Invoke implements lambda.Handler.
func (p *prepared) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	select {
	case <-p.ready:
		return p.handler.Invoke(ctx, payload)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
