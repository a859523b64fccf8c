// Command bootstrap is sigpost on AWS Lambda. The function's handler setting
// picks what it does: "receive" answers a function URL, "poll" asks the polled
// sources once. It knows Lambda, Secrets Manager and DynamoDB, and no sender and
// no receiver.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/sigpost/sigpost/pkg/problem"
)

// handlerVariable is where Lambda puts the function's handler setting.
const handlerVariable = "_HANDLER"

func main() {
	log := newLogger()
	lambda.Start(newFunction(context.Background(), os.Getenv(handlerVariable), os.Getenv, log))
}

// newLogger logs in Lambda's format. The lines of Lambda's own library go the
// same way, as errors: it logs nothing else.
func newLogger() *slog.Logger {
	log := lambdacontext.NewLogger()
	slog.SetLogLoggerLevel(slog.LevelError)
	slog.SetDefault(log)
	return log
}

// newFunction is the function that the handler setting names. It is never an
// error: an instance that can't work says why, at every call, instead of dying
// and being started again.
func newFunction(ctx context.Context, handler string, env func(string) string, log *slog.Logger) lambda.Handler {
	if handler != "receive" && handler != "poll" {
		err := fmt.Errorf("the function's handler setting is %q, which is none of sigpost's: set it to receive or poll", handler)
		log.ErrorContext(ctx, "not started", "error", err.Error())
		return unusable{err}
	}
	r, err := newRoad(env, log)
	if err != nil {
		problems := problem.All(err)
		tell(ctx, log, problems)
		if handler == "receive" {
			return &receiver{handler: broken{problems, log}, log: log}
		}
		return unusable{errors.New(unusableReason(problems))}
	}
	if handler == "receive" {
		return &receiver{handler: r, log: log}
	}
	r.checkPolled(ctx, env, log)
	return &poller{poll: r.Poll, log: log}
}

// unusable fails every call.
type unusable struct{ err error }

// Invoke implements lambda.Handler.
func (u unusable) Invoke(context.Context, []byte) ([]byte, error) { return nil, u.err }
