package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/sigpost/sigpost/pkg/queue"
)

// The limits of SQS: messages of a call, and bytes of a message.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
const (
	sqsBatch = 10
	sqsBytes = 1 << 20
	// sqsLimit is the most bytes of a job: as a dead one it is in base64 and
	// has some text around it.
	sqsLimit = (sqsBytes - 16<<10) / 4 * 3
)

// sqsQueue is two queues of SQS. It calls four operations, signed by the SDK's
// signer, and not the SDK's client: this command is for those without AWS too.
type sqsQueue struct {
	from, to *url.URL // to may be nil
	region   string
	creds    aws.Credentials
	signer   *v4.Signer
}

func newSQS(ctx context.Context, from, to string) (*sqsQueue, error) {
	q := &sqsQueue{signer: v4.NewSigner()}
	var err error
	if q.from, err = checkCloudURL("--from", from); err != nil {
		return nil, err
	}
	if to != "" {
		if q.to, err = checkCloudURL("--to", to); err != nil {
			return nil, err
		}
	}
	if parts := strings.Split(q.from.Hostname(), "."); len(parts) > 2 && parts[0] == "sqs" {
		q.region = parts[1]
	} else if q.region = firstEnv("AWS_REGION", "AWS_DEFAULT_REGION"); q.region == "" {
		return nil, errors.New("the URL of the queue has no region in it: set AWS_REGION")
	}
	q.creds, err = awsCredentials(ctx)
	return q, err
}

// awsCredentials are those of the environment, else those that the AWS CLI has.
func awsCredentials(ctx context.Context) (aws.Credentials, error) {
	if id, key := firstEnv("AWS_ACCESS_KEY_ID"), firstEnv("AWS_SECRET_ACCESS_KEY"); id != "" && key != "" {
		return aws.Credentials{AccessKeyID: id, SecretAccessKey: key, SessionToken: firstEnv("AWS_SESSION_TOKEN")}, nil
	}
	out, err := ask(ctx, "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY", "aws", "configure", "export-credentials", "--format", "process")
	if err != nil {
		return aws.Credentials{}, err
	}
	var c aws.Credentials
	if err := json.Unmarshal(out, &struct {
		AccessKeyID     *string `json:"AccessKeyId"`
		SecretAccessKey *string
		SessionToken    *string
	}{&c.AccessKeyID, &c.SecretAccessKey, &c.SessionToken}); err != nil || c.AccessKeyID == "" {
		return aws.Credentials{}, errors.New("`aws configure export-credentials` does not print credentials: is it version 2 of the AWS CLI?")
	}
	return c, nil
}

func (q *sqsQueue) name() string { return q.from.String() }
func (q *sqsQueue) limit() int   { return sqsLimit }

func (q *sqsQueue) call(ctx context.Context, u *url.URL, operation string, in map[string]any, out any) error {
	in["QueueUrl"] = u.String()
	where := "queue " + path.Base(u.Path) + " in " + q.region
	return cloudCall(ctx, where, u.Scheme+"://"+u.Host+"/", in, out, func(req *http.Request, body []byte) error {
		req.Header.Set("Content-Type", "application/x-amz-json-1.0")
		req.Header.Set("X-Amz-Target", "AmazonSQS."+operation)
		sum := sha256.Sum256(body)
		return q.signer.SignHTTP(ctx, q.creds, req, hex.EncodeToString(sum[:]), "sqs", q.region, time.Now())
	})
}

func (q *sqsQueue) read(ctx context.Context) ([]cloudMessage, error) {
	var out struct {
		Messages []struct{ MessageID, Body, ReceiptHandle string }
	}
	err := q.call(ctx, q.from, "ReceiveMessage", map[string]any{
		"MaxNumberOfMessages": sqsBatch, "VisibilityTimeout": int(cloudHold.Seconds()),
		"WaitTimeSeconds": 1, // asks all of its servers, so that none is an answer
	}, &out)
	var messages []cloudMessage
	for _, m := range out.Messages {
		messages = append(messages, cloudMessage{m.MessageID, m.ReceiptHandle, []byte(m.Body)})
	}
	return messages, err
}

func (q *sqsQueue) remove(ctx context.Context, receipts []string) error {
	return q.settle(ctx, "DeleteMessageBatch", receipts, nil)
}

func (q *sqsQueue) giveBack(ctx context.Context, receipts []string) error {
	return q.settle(ctx, "ChangeMessageVisibilityBatch", receipts, map[string]any{"VisibilityTimeout": 0})
}

func (q *sqsQueue) settle(ctx context.Context, operation string, receipts []string, also map[string]any) error {
	return batches(receipts, sqsBatch, func(part []string) error {
		var entries []map[string]any
		for i, r := range part {
			e := map[string]any{"Id": strconv.Itoa(i), "ReceiptHandle": r}
			for k, v := range also {
				e[k] = v
			}
			entries = append(entries, e)
		}
		var out struct{ Failed []struct{ Code string } }
		if err := q.call(ctx, q.from, operation, map[string]any{"Entries": entries}, &out); err != nil {
			return err
		}
		if len(out.Failed) > 0 {
			return fmt.Errorf("queue %s: %s failed for %d of %d messages: %s", path.Base(q.from.Path), operation, len(out.Failed), len(part), plain(out.Failed[0].Code))
		}
		return nil
	})
}

// unsendable are the characters of JSON texts that SQS takes in no message.
var unsendable = strings.NewReplacer("\uFFFE", "\uFFFD", "\uFFFF", "\uFFFD")

func (q *sqsQueue) put(ctx context.Context, it queue.Item) error {
	return q.call(ctx, q.to, "SendMessage", map[string]any{
		"MessageBody": unsendable.Replace(string(it.Body)), "MessageGroupId": it.Group, "MessageDeduplicationId": it.ID,
	}, nil)
}
