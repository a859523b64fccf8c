// Command bootstrap is sigpost on AWS Lambda. The function's handler setting
// picks what it does: "receive" answers a function URL, "poll" asks the polled
// sources once. It knows Lambda, Secrets Manager and DynamoDB, and no sender and
// no receiver.
package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

// handlerVariable is where Lambda puts the function's handler setting.
const handlerVariable = "_HANDLER"

func main() {
	log := lambdacontext.NewLogger()
	// The runtime's own lines go the same way, as errors: it logs nothing else.
	slog.SetLogLoggerLevel(slog.LevelError)
	slog.SetDefault(log)
	lambda.Start(newFunction(context.Background(), os.Getenv(handlerVariable), os.Getenv, log))
}

// newFunction is the function that the handler setting names. It is never an
// error: an instance that can't work says why, at every call, instead of dying
// and being started again.
func newFunction(ctx context.Context, handler string, env func(string) string, log *slog.Logger) lambda.Handler {
	switch handler {
	case "receive":
		return &receiver{handler: newRoad(ctx, env, log), log: log}
	}
	err := fmt.Errorf("the function's handler setting is %q, which is none of sigpost's: set it to receive", handler)
	log.ErrorContext(ctx, "not started", "error", err.Error())
	return unusable{err}
}

// unusable fails every call.
type unusable struct{ err error }

// Invoke implements lambda.Handler.
func (u unusable) Invoke(context.Context, []byte) ([]byte, error) { return nil, u.err }
