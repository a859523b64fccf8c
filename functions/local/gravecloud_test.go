package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/queue"
)

// fakeCloud is SQS or Pub/Sub as far as the dead need it: messages that are
// hidden while they are read.
type fakeCloud struct {
	t  *testing.T
	mu sync.Mutex
	// The dead by name, and those that are hidden.
	dead   map[string][]byte
	hidden map[string]bool
	jobs   []string // what was put, as event/resent/group
	auth   []string
	fails  string // an operation that is refused
	times  int    // of which
}

func newFakeCloud(t *testing.T) *fakeCloud {
	t.Helper()
	c := &fakeCloud{t: t, dead: map[string][]byte{}, hidden: map[string]bool{}}
	for i := range 25 {
		j := queue.Job{Sink: "ops", Accepted: died, Event: event.Event{
			ID: fmt.Sprint("e", i), Source: "github", Type: "issues.opened", Title: "t\uFFFE", Key: "k", Severity: event.Info,
		}}
		item, err := j.Item(1 << 20)
		if err != nil {
			t.Fatal(err)
		}
		d := queue.Dead{ID: item.ID, Reason: "404", Buried: died.Add(time.Duration(i) * time.Minute), Source: "github", Sink: "ops", Body: item.Body}
		body, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		if i == 24 { // what the cloud itself moved there
			body = item.Body
		}
		c.dead[fmt.Sprint("m", i)] = body
	}
	return c
}

// read hides some of the messages and returns them by name.
func (c *fakeCloud) read(n int) map[string][]byte {
	out := map[string][]byte{}
	for name, body := range c.dead {
		if len(out) < n && !c.hidden[name] {
			c.hidden[name] = true
			out[name] = body
		}
	}
	return out
}

func (c *fakeCloud) put(group, id string, body []byte) {
	j, err := queue.Decode(body)
	if err != nil || j.ID() != id || j.Group() != group {
		c.t.Errorf("put %s as %s: %v", j.ID(), id, err)
	}
	c.jobs = append(c.jobs, fmt.Sprintf("%s/%d", j.Event.ID, j.Resent))
}

func (c *fakeCloud) refused(w http.ResponseWriter, operation string) bool {
	if operation != c.fails || c.times == 0 {
		return false
	}
	c.times--
	w.WriteHeader(http.StatusForbidden)
	_, _ = w.Write([]byte(`{"message":"not \u001b allowed"}`))
	return true
}

func (c *fakeCloud) sqs(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.auth = append(c.auth, r.Header.Get("Authorization"))
	var in struct {
		QueueURL                                            string `json:"QueueUrl"`
		MaxNumberOfMessages, VisibilityTimeout              int
		MessageBody, MessageGroupID, MessageDeduplicationID string
		Entries                                             []struct {
			ReceiptHandle     string
			VisibilityTimeout int
		}
	}
	_ = json.NewDecoder(r.Body).Decode(&in)
	operation := strings.TrimPrefix(r.Header.Get("X-Amz-Target"), "AmazonSQS.")
	if c.refused(w, operation) {
		return
	}
	if want := map[bool]string{true: "/1/jobs.fifo", false: "/1/dead.fifo"}[operation == "SendMessage"]; !strings.HasSuffix(in.QueueURL, want) {
		c.t.Errorf("%s goes to %s", operation, in.QueueURL)
	}
	out := map[string]any{}
	switch operation {
	case "ReceiveMessage":
		var messages []map[string]string
		for name, body := range c.read(min(in.MaxNumberOfMessages, 10)) {
			messages = append(messages, map[string]string{"ReceiptHandle": name, "Body": string(body)})
		}
		out["Messages"] = messages
	case "DeleteMessageBatch":
		for _, e := range in.Entries {
			delete(c.dead, e.ReceiptHandle)
		}
	case "ChangeMessageVisibilityBatch":
		for _, e := range in.Entries {
			c.hidden[e.ReceiptHandle] = e.VisibilityTimeout > 0
		}
	case "SendMessage":
		if strings.Contains(in.MessageBody, "\uFFFE") {
			c.t.Error("SQS takes no such character")
		}
		c.put(in.MessageGroupID, in.MessageDeduplicationID, []byte(in.MessageBody))
	default:
		c.t.Errorf("operation %q", operation)
	}
	if len(in.Entries) > 10 {
		c.t.Errorf("%d entries at once", len(in.Entries))
	}
	_ = json.NewEncoder(w).Encode(out)
}

func (c *fakeCloud) pubsub(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.auth = append(c.auth, r.Header.Get("Authorization"))
	var in struct {
		MaxMessages        int
		AckIDs             []string
		AckDeadlineSeconds int
		Messages           []struct {
			Data        []byte
			OrderingKey string
			Attributes  map[string]string
		}
	}
	_ = json.NewDecoder(r.Body).Decode(&in)
	resource, operation, _ := strings.Cut(r.URL.Path, ":")
	if c.refused(w, operation) {
		return
	}
	if want := map[bool]string{true: "/v1/projects/p/topics/jobs", false: "/v1/projects/p/subscriptions/dead"}[operation == "publish"]; resource != want {
		c.t.Errorf("%s goes to %s", operation, resource)
	}
	out := map[string]any{}
	switch operation {
	case "pull":
		var messages []map[string]any
		for name, body := range c.read(min(in.MaxMessages, 7)) {
			messages = append(messages, map[string]any{"ackId": name, "message": map[string]any{"data": body}})
		}
		out["receivedMessages"] = messages
	case "acknowledge":
		for _, id := range in.AckIDs {
			delete(c.dead, id)
		}
	case "modifyAckDeadline":
		for _, id := range in.AckIDs {
			c.hidden[id] = in.AckDeadlineSeconds > 0
		}
	case "publish":
		for _, m := range in.Messages {
			c.put(m.OrderingKey, m.Attributes["id"], m.Data)
		}
		out["messageIds"] = []string{"1"}
	default:
		c.t.Errorf("operation %q", operation)
	}
	_ = json.NewEncoder(w).Encode(out)
}

// visible is how many are dead, and that none of them stays hidden.
func (c *fakeCloud) visible(want int) {
	c.t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	for name := range c.dead {
		if c.hidden[name] {
			c.t.Errorf("%s stays hidden", name)
		}
	}
	if len(c.dead) != want {
		c.t.Errorf("%d are dead, want %d", len(c.dead), want)
	}
}

func TestTheDeadOfTheClouds(t *testing.T) {
	before := pubsubPause
	pubsubPause = time.Millisecond
	t.Cleanup(func() { pubsubPause = before })
	for name, start := range map[string]func(*fakeCloud) (from, to, put string){
		"sqs": func(c *fakeCloud) (string, string, string) {
			s := httptest.NewServer(http.HandlerFunc(c.sqs))
			c.t.Cleanup(s.Close)
			c.t.Setenv("AWS_ACCESS_KEY_ID", "id")
			c.t.Setenv("AWS_SECRET_ACCESS_KEY", hidden)
			c.t.Setenv("AWS_REGION", "eu-west-1")
			return s.URL + "/1/dead.fifo", s.URL + "/1/jobs.fifo", "SendMessage"
		},
		"pubsub": func(c *fakeCloud) (string, string, string) {
			s := httptest.NewServer(http.HandlerFunc(c.pubsub))
			c.t.Cleanup(s.Close)
			c.t.Setenv("PUBSUB_EMULATOR_HOST", strings.TrimPrefix(s.URL, "http://"))
			return "projects/p/subscriptions/dead", "projects/p/topics/jobs", "publish"
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := newFakeCloud(t)
			from, to, put := start(c)
			dead := func(code int, args ...string) (string, string) {
				t.Helper()
				got, out, errOut := sigpost(t, append(append([]string{"dead"}, args...), "--from", from)...)
				if got != code || strings.Contains(out+errOut, "\x1b") {
					t.Fatalf("dead %v: exit %d: %s%s", args, got, out, errOut)
				}
				return out, errOut
			}
			for range 2 { // what was looked at can be looked at again
				out, _ := dead(0, "list", "--json")
				if n := strings.Count(out, "\n"); n != 25 || !strings.HasPrefix(out, `{"id":"`) {
					t.Fatalf("%d are listed: %s", n, out)
				}
				c.visible(25)
			}
			if out, _ := dead(0, "list", "--reason", "the cloud moved it"); !strings.Contains(out, "github") {
				t.Errorf("moved by the cloud: %s", out)
			}
			if _, errOut := dead(1, "resend", "--all"); !strings.Contains(errOut, "--to") {
				t.Errorf("without a queue: %s", errOut)
			}
			dead(0, "resend", "--until", "2026-03-01T08:03:00Z", "--reason", "404", "--to", to)
			if got := strings.Join(c.jobs, " "); got != "e0/1 e1/1 e2/1" {
				t.Errorf("resent: %s", got)
			}
			c.visible(22)
			c.fails, c.times = put, 1
			if out, errOut := dead(1, "resend", "--until", "2026-03-01T08:05:00Z", "--reason", "404", "--to", to); !strings.Contains(out, "1 resent") || !strings.Contains(errOut, "it stays dead") {
				t.Errorf("refused: %s%s", out, errOut)
			}
			c.visible(21)
			dead(0, "drop", "--all", "--yes")
			c.visible(0)
			for _, a := range c.auth {
				if name == "sqs" && !strings.HasPrefix(a, "AWS4-HMAC-SHA256 Credential=id/") {
					t.Fatalf("authorization: %s", a)
				}
			}
		})
	}
}

func TestCloudsSayWhatIsWrong(t *testing.T) {
	for args, want := range map[string]string{
		"--from http://example.com/1/q":                        "--from is neither",
		"--from ftp://127.0.0.1/1/q":                           "--from is neither",
		"--from projects/p/topics/dead":                        "is no subscription",
		"--from projects/p/subscriptions/dead --to projects/p": "is no topic",
		"--to https://sqs.eu-west-1.amazonaws.com/1/q":         "--to goes with --from",
	} {
		if code, _, errOut := sigpost(t, append([]string{"dead", "list"}, strings.Fields(args)...)...); code != 1 || !strings.Contains(errOut, want) {
			t.Errorf("%s: exit %d: %s", args, code, errOut)
		}
	}
}

func TestCredentialsComeFromTheCloudsOwnCommands(t *testing.T) {
	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "GOOGLE_OAUTH_ACCESS_TOKEN", "CLOUDSDK_AUTH_ACCESS_TOKEN", "PUBSUB_EMULATOR_HOST"} {
		t.Setenv(name, "")
	}
	bin := t.TempDir()
	t.Setenv("PATH", bin)
	const sqs, pubsub = "https://sqs.eu-west-1.amazonaws.com/1/dead.fifo", "projects/p/subscriptions/dead"
	for from, command := range map[string]string{sqs: "aws", pubsub: "gcloud"} {
		if _, err := openCloud(t.Context(), from, ""); err == nil || !strings.Contains(err.Error(), "sign in with the "+command+" command") {
			t.Errorf("without %s: %v", command, err)
		}
	}
	script := func(name, args, out string) {
		text := "#!/bin/sh\n[ \"$*\" = \"" + args + "\" ] && echo '" + out + "'\n"
		if err := os.WriteFile(filepath.Join(bin, name), []byte(text), 0o700); err != nil { //nolint:gosec // it is to be run
			t.Fatal(err)
		}
	}
	script("aws", "configure export-credentials --format process", `{"Version":1,"AccessKeyId":"id","SecretAccessKey":"word","SessionToken":"session"}`)
	script("gcloud", "auth print-access-token", "token-word")
	q, err := newSQS(t.Context(), sqs, "")
	if err != nil || q.region != "eu-west-1" || q.creds.AccessKeyID != "id" || q.creds.SecretAccessKey != "word" || q.creds.SessionToken != "session" {
		t.Errorf("aws: %v", err)
	}
	p, err := newPubSub(t.Context(), pubsub, "")
	if err != nil || p.token != "token-word" {
		t.Errorf("gcloud: %v", err)
	}
}
