package main

import (
	"context"
	"errors"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
)

// poller asks the polled sources once at every call, whatever the event is: it
// comes from a schedule, and nobody else may call the function.
type poller struct {
	poll func(context.Context) error
	log  *slog.Logger
}

var _ lambda.Handler = (*poller)(nil)

// A poll's context ends this long before its invocation, so that how far it
// got can still be kept. Of a short time it takes a share at most.
const (
	pollReserve = 5 * time.Second
	pollShare   = 4
)

var errPollPanic = errors.New("the poll panicked; where is in the log")

// Invoke implements lambda.Handler. Its error, which Lambda logs and counts,
// joins what failed; the next call makes up for it.
func (p *poller) Invoke(ctx context.Context, _ []byte) (answer []byte, err error) {
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, deadline.Add(-min(pollReserve, time.Until(deadline)/pollShare)))
		defer cancel()
	}
	defer func() {
		if recover() != nil { // what it says may hold part of a body, and Lambda would log it
			p.log.LogAttrs(ctx, slog.LevelError, "panic", slog.String("stack", string(debug.Stack())))
			answer, err = nil, errPollPanic
		}
	}()
	if err := p.poll(ctx); err != nil {
		return nil, err
	}
	return []byte(`{"status":"polled"}`), nil
}

// checkPolled tells what makes polling useless, or lose its place.
func (r *road) checkPolled(ctx context.Context, env func(string) string, log *slog.Logger) {
	polled := false
	for _, s := range r.config.Sources {
		polled = polled || s.Poller != nil
	}
	switch {
	case !polled:
		log.WarnContext(ctx, "no source of the configuration is polled, so this function does nothing: remove it, or add such a source, for example changes: { type: cloudtruth, api_key: secret://cloudtruth-api-key }")
	case env(tableVariable) == "":
		log.WarnContext(ctx, tableVariable+" is not set, so each instance forgets how far the sources were read, and what was delivered: set it to a DynamoDB table")
	}
}
