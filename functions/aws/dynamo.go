package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"time"

	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// dynamo calls DynamoDB, in its JSON protocol and signed by the SDK's signer. It
// is no client of the SDK because that one, for three operations, makes the
// start a third longer: it builds the schemas of all of DynamoDB, 590 KB, before
// main.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.LowLevelAPI.html
type dynamo struct {
	account *account
	table   string
	url     string
	signer  *v4.Signer
}

func newDynamo(a *account, table string) *dynamo {
	url, err := a.endpoint("DYNAMODB") // newAccount has looked at it
	if err != nil || url == "" {
		url = "https://dynamodb." + a.region + "." + domain(a.region)
	}
	return &dynamo{account: a, table: table, url: url + "/", signer: v4.NewSigner()}
}

// domains are where the services of partitions other than the common one are,
// by how the names of their regions begin.
var domains = [][2]string{
	{"cn-", "amazonaws.com.cn"},
	{"eusc-", "amazonaws.eu"},
	{"us-iso-", "c2s.ic.gov"},
	{"us-isob-", "sc2s.sgov.gov"},
	{"us-isof-", "csp.hci.ic.gov"},
	{"eu-isoe-", "cloud.adc-e.uk"},
}

func domain(region string) string {
	for _, d := range domains {
		if strings.HasPrefix(region, d[0]) {
			return d[1]
		}
	}
	return "amazonaws.com"
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

const (
	callTimeout    = time.Second
	firstBackoff   = 50 * time.Millisecond
	maxAnswerBytes = 1 << 20 // an item has at most 400 KB
	targetPrefix   = "DynamoDB_20120810."
)

// call does one operation on the table, again where that may help. The error
// names the table and the fix and repeats no text of DynamoDB's.
func (d *dynamo) call(ctx context.Context, operation string, in request) (item, error) {
	in.TableName = d.table
	body, err := json.Marshal(in)
	if err != nil {
		return nil, err
	}
	for attempt := 1; ; attempt++ {
		got, again, err := d.try(ctx, operation, body)
		if err == nil {
			return got, nil
		}
		if !again || attempt == maxAttempts {
			return nil, err
		}
		wait := firstBackoff << (attempt - 1)
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(wait/2 + rand.N(wait)): //nolint:gosec // spreads load, guards nothing
		}
	}
}

// try does one operation once, and tells whether it may be tried again.
func (d *dynamo) try(ctx context.Context, operation string, body []byte) (got item, again bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, d.url, bytes.NewReader(body))
	if err != nil {
		return nil, false, errors.New("the URL of DynamoDB is not valid")
	}
	req.Header.Set("Content-Type", "application/x-amz-json-1.0")
	req.Header.Set("X-Amz-Target", targetPrefix+operation)
	sum := sha256.Sum256(body)
	err = d.signer.SignHTTP(ctx, d.account.creds, req, hex.EncodeToString(sum[:]), "dynamodb", d.account.region, time.Now())
	if err != nil {
		return nil, false, errors.New("a request to DynamoDB can't be signed")
	}
	resp, err := d.account.client.Do(req)
	if err != nil {
		return nil, true, fmt.Errorf("%s: DynamoDB can't be reached: %s", d.where(), unreachable(err))
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswerBytes))
	if err != nil {
		return nil, true, fmt.Errorf("%s: DynamoDB's answer broke off: %s", d.where(), unreachable(err))
	}
	var out struct {
		Type string `json:"__type"`
		Item item
	}
	err = json.Unmarshal(answer, &out)
	switch {
	case resp.StatusCode != http.StatusOK:
		return nil, retried(resp.StatusCode, out.Type), d.explain(operation, resp.StatusCode, out.Type, out.Item)
	case err != nil:
		return nil, false, fmt.Errorf("%s: what answers at DynamoDB's endpoint is not DynamoDB", d.where())
	}
	return out.Item, false, nil
}

func (d *dynamo) where() string { return "table " + d.table + " in " + d.account.region }

// busy are the codes of errors that pass.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
var busy = []string{
	"ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded",
	"TransactionConflictException", "InternalServerError", "ServiceUnavailable",
}

func retried(status int, kind string) bool {
	return status >= http.StatusInternalServerError || slices.Contains(busy, shortCode(kind))
}

// shortCode is the code of an error without its namespace.
func shortCode(kind string) string { return kind[strings.LastIndexByte(kind, '#')+1:] }

// explain says what an error of DynamoDB means and how to mend it.
func (d *dynamo) explain(operation string, status int, kind string, found item) error {
	switch c := shortCode(kind); c {
	case "ConditionalCheckFailedException":
		return &conditionError{found}
	case "ResourceNotFoundException":
		return fmt.Errorf("%s does not exist: create it, or mend %s", d.where(), tableVariable)
	case "AccessDeniedException":
		return fmt.Errorf("%s: the function's role needs dynamodb:%s on it", d.where(), operation)
	case "ValidationException":
		return fmt.Errorf(`%s does not fit: its partition key must be "id", a string, without a sort key, and %s must be its name`, d.where(), tableVariable)
	case "UnrecognizedClientException", "InvalidSignatureException", "IncompleteSignatureException", "MissingAuthenticationTokenException":
		return fmt.Errorf("%s: DynamoDB refuses the function's credentials (%s)", d.where(), c)
	default:
		return fmt.Errorf("%s: DynamoDB can't answer now: %s, HTTP status %d", d.where(), word(c), status)
	}
}
