package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// dynamo is one table of DynamoDB. The SDK's client would make the start a third
// longer for its three operations: its schemas have 590 KB.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.LowLevelAPI.html
type dynamo struct {
	*api
	table string
}

// dynamoTimeout is of one try: DynamoDB answers in milliseconds.
const dynamoTimeout = time.Second

func newDynamo(a *account, table string) *dynamo {
	d := &dynamo{newAPI(a, "DYNAMODB", "dynamodb"), table}
	d.title, d.target, d.timeout = "DynamoDB", "DynamoDB_20120810.", dynamoTimeout
	d.where = "table " + table + " in " + a.region
	return d
}

// attribute is a value of an item: one of its fields is set.
type attribute struct {
	S    string `json:"S,omitempty"`
	N    string `json:"N,omitempty"`
	B    []byte `json:"B,omitempty"`
	BOOL *bool  `json:"BOOL,omitempty"`
}

type item map[string]attribute

// request is what the operations used here take.
type request struct {
	TableName                           string
	Key                                 item              `json:",omitempty"`
	Item                                item              `json:",omitempty"`
	ConditionExpression                 string            `json:",omitempty"`
	ExpressionAttributeNames            map[string]string `json:",omitempty"`
	ExpressionAttributeValues           item              `json:",omitempty"`
	ReturnValuesOnConditionCheckFailure string            `json:",omitempty"`
	ConsistentRead                      bool              `json:",omitempty"`
}

// conditionError says that a condition did not hold. Item is what stood there,
// if DynamoDB said it.
type conditionError struct{ item item }

func (*conditionError) Error() string { return "the condition did not hold" }

// do does one operation on the table. The error names the table and the fix and
// repeats no text of DynamoDB's.
func (d *dynamo) do(ctx context.Context, operation string, in request) (item, error) {
	in.TableName = d.table
	var out struct{ Item item }
	if err := d.call(ctx, operation, in, &out); err != nil {
		return nil, d.explain(operation, err)
	}
	return out.Item, nil
}

// explain says what an error of DynamoDB means and how to mend it.
func (d *dynamo) explain(operation string, err error) error {
	e, err := refusal(err)
	if e == nil {
		return err
	}
	switch e.code {
	case "ConditionalCheckFailedException":
		var found struct{ Item item }
		_ = json.Unmarshal(e.body, &found) // without it the item is read
		return &conditionError{found.Item}
	case "ResourceNotFoundException":
		return fmt.Errorf("%s does not exist: create it, or mend %s", d.where, tableVariable)
	case "AccessDeniedException":
		return fmt.Errorf("%s: the function's role needs dynamodb:%s on it", d.where, operation)
	case "ValidationException":
		return fmt.Errorf(`%s does not fit: its partition key must be "id", a string, without a sort key, and %s must be its name`, d.where, tableVariable)
	}
	return e
}
