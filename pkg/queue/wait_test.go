package queue

import (
	"context"
	"errors"
	"testing"
)

func TestWaitEndsWhenNothingIsLeft(t *testing.T) {
	b := newBench(t, nil)
	if err := b.Wait(t.Context()); err != nil {
		t.Error(err)
	}
	b.put("a/1", "b/1")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := b.Wait(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("with two left: %v", err)
	}
	done := make(chan error, 1)
	go func() { done <- b.Wait(t.Context()) }()
	b.settle(b.take("a/1"), Verdict{})
	b.settle(b.take("b/1"), Verdict{Again: true})
	l := b.take("b/1")
	select {
	case err := <-done:
		t.Fatalf("it ended with one out: %v", err)
	default:
	}
	b.settle(l, Verdict{})
	if err := <-done; err != nil {
		t.Error(err)
	}
}
