// Command bootstrap is sigpost on AWS Lambda. The function's handler setting
// picks what it does: "receive" answers a function URL, "deliver" does the jobs
// that an SQS queue hands it, "poll" asks the polled sources once. It knows
// Lambda, Secrets Manager, DynamoDB and SQS, and no sender and no receiver.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/sigpost/sigpost/pkg/deliver"
	"github.com/sigpost/sigpost/pkg/problem"
)

// handlerVariable is where Lambda puts the function's handler setting.
const handlerVariable = "_HANDLER"

func main() {
	log := withMetrics(newLogger(), os.Getenv)
	lambda.Start(prepare(func() lambda.Handler {
		return newFunction(context.Background(), os.Getenv(handlerVariable), os.Getenv, log)
	}))
}

// newLogger logs in Lambda's format. The lines of Lambda's own library go the
// same way, as errors: it logs nothing else.
func newLogger() *slog.Logger {
	log := lambdacontext.NewLogger()
	slog.SetLogLoggerLevel(slog.LevelError)
	slog.SetDefault(log)
	deliver.QuietLog()
	return log
}

// newFunction is the function that the handler setting names. It is never an
// error: an instance that can't work says why, at every call, instead of dying
// and being started again.
func newFunction(ctx context.Context, handler string, env func(string) string, log *slog.Logger) lambda.Handler {
	if !slices.Contains([]string{"receive", "deliver", "poll"}, handler) {
		err := fmt.Errorf("the function's handler setting is %q, which is none of sigpost's: set it to receive, deliver or poll", handler)
		log.ErrorContext(ctx, "not started", "error", err.Error())
		return unusable{err}
	}
	r, err := newRoad(env, log)
	if err == nil && handler == "deliver" && r.jobs == nil {
		err = fmt.Errorf("the deliver function does the jobs of a queue, and without one nothing is to do: set %s to %s, or remove the function", modeVariable, modeQueue)
	}
	if err != nil {
		problems := problem.All(err)
		tell(ctx, log, problems)
		if handler == "receive" {
			return &receiver{handler: broken{problems, log}, log: log}
		}
		return unusable{errors.New(unusableReason(problems))}
	}
	switch handler {
	case "receive":
		return &receiver{handler: r, log: log}
	case "deliver":
		if env(tableVariable) == "" {
			log.WarnContext(ctx, tableVariable+" is not set, so each instance forgets what was delivered and how fast a sink may be posted to: set it to a DynamoDB table")
		}
		return &deliverer{work: r.Work, queue: r.jobs.live, log: log}
	}
	r.checkPolled(ctx, env, log)
	return &poller{poll: r.Poll, log: log}
}

// unusable fails every call.
type unusable struct{ err error }

// Invoke implements lambda.Handler.
func (u unusable) Invoke(context.Context, []byte) ([]byte, error) { return nil, u.err }
