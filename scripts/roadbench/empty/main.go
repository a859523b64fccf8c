// Command empty is the least that a function on AWS Lambda can be: what the
// start of ours is compared with.
package main

import (
	"context"
	"encoding/json"

	"github.com/aws/aws-lambda-go/lambda"
)

func main() {
	lambda.Start(func(context.Context, json.RawMessage) (string, error) { return "", nil })
}
