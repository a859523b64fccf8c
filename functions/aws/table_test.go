package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sigpost/sigpost/functions/aws/awstest"
	"github.com/sigpost/sigpost/pkg/state"
	"github.com/sigpost/sigpost/pkg/state/statetest"
)

const testTable = "acme-state"

// newTestTable is the store under test in front of a DynamoDB.
func newTestTable(t *testing.T, now func() time.Time) (*awstest.Dynamo, *table) {
	t.Helper()
	fake := awstest.NewDynamo(testTable)
	t.Cleanup(fake.Close)
	t.Cleanup(func() {
		for _, text := range fake.Invalid() {
			t.Error("DynamoDB was asked what it does not take:", text)
		}
	})
	a, err := newAccount(testEnv(t, map[string]string{"AWS_ENDPOINT_URL_DYNAMODB": fake.URL}))
	if err != nil {
		t.Fatal(err)
	}
	return fake, newTable(a, testTable, now)
}

func TestTableConformance(t *testing.T) {
	for name, old := range map[string]bool{"as it is": false, "without items of failed conditions": true} {
		t.Run(name, func(t *testing.T) {
			statetest.Run(t, func(now func() time.Time) state.Store {
				fake, s := newTestTable(t, now)
				fake.Old = old
				return s
			})
		})
	}
}

// TestTableItems wants nothing readable in the table, and DynamoDB to delete no
// item before its time.
func TestTableItems(t *testing.T) {
	now := time.UnixMilli(1_800_000_000_500)
	fake, s := newTestTable(t, func() time.Time { return now })
	if _, err := s.Claim(t.Context(), "delivery\ngithub\nhidden-word", time.Minute); err != nil {
		t.Fatal(err)
	}
	if err := s.Put(t.Context(), "hidden-word", "open", time.Hour); err != nil {
		t.Fatal(err)
	}
	expires := map[string]string{"claim": "1800000061", "value": "1800003601"}
	for _, i := range fake.Items() {
		if strings.Contains(fmt.Sprint(i), "hidden-word") {
			t.Errorf("an item shows its key: %v", i)
		}
		kind, _, _ := strings.Cut(fmt.Sprint(i["id"]["S"]), " ")
		if got := i["expires"]["N"]; got != expires[kind] {
			t.Errorf("the %s expires at %v, want %s", kind, got, expires[kind])
		}
	}
	if n := len(fake.Items()); n != 2 {
		t.Errorf("%d items, want 2", n)
	}
}

// TestTableLostAnswers wants a claim whose answer got lost to be the caller's.
func TestTableLostAnswers(t *testing.T) {
	for name, old := range map[string]bool{"as it is": false, "without items of failed conditions": true} {
		fake, s := newTestTable(t, time.Now)
		fake.Old = old
		fake.LoseAnswers(1)
		if got, err := s.Claim(t.Context(), "a", time.Minute); err != nil || got != state.Claimed {
			t.Errorf("%s: %v, %v", name, got, err)
		}
		if got, err := s.Claim(t.Context(), "a", time.Minute); err != nil || got != state.Busy {
			t.Errorf("%s, another's: %v, %v", name, got, err)
		}
		fake.LoseAnswers(1)
		if err := s.Release(t.Context(), "a"); err != nil {
			t.Error(name, err)
		}
	}
}

func TestTableTriesAgain(t *testing.T) {
	fake, s := newTestTable(t, time.Now)
	fake.Throttle(maxAttempts - 1)
	if got, err := s.Claim(t.Context(), "a", time.Minute); err != nil || got != state.Claimed {
		t.Errorf("%v, %v", got, err)
	}
	fake.Throttle(maxAttempts)
	if _, err := s.Claim(t.Context(), "b", time.Minute); err == nil || !strings.Contains(err.Error(), "ProvisionedThroughputExceededException") {
		t.Error(err)
	}
	if n := fake.Calls(); n != 2*maxAttempts {
		t.Errorf("%d calls, want %d", n, 2*maxAttempts)
	}
}

func TestTableErrors(t *testing.T) {
	const text = "service-text-word"
	for name, c := range map[string]struct {
		prepare func(*awstest.Dynamo)
		calls   int
		want    []string
	}{
		"no table":    {func(f *awstest.Dynamo) { f.Table = "other" }, 1, []string{"does not exist", "SIGPOST_STATE_TABLE"}},
		"denied":      {func(f *awstest.Dynamo) { f.Refuse(400, "AccessDeniedException", text) }, 1, []string{"dynamodb:PutItem"}},
		"other key":   {func(f *awstest.Dynamo) { f.Refuse(400, "ValidationException", text) }, 1, []string{`"id"`, "partition key"}},
		"credentials": {func(f *awstest.Dynamo) { f.Refuse(400, "UnrecognizedClientException", text) }, 1, []string{"credentials"}},
		"internal":    {func(f *awstest.Dynamo) { f.Refuse(500, "InternalServerError", text) }, maxAttempts, []string{"InternalServerError", "500"}},
		"hostile":     {func(f *awstest.Dynamo) { f.Refuse(400, "x\n"+text, text) }, 1, []string{"an unknown code", "400"}},
		"dropped":     {func(f *awstest.Dynamo) { f.Down(true) }, maxAttempts, []string{"can't be reached", "VPC"}},
	} {
		fake, s := newTestTable(t, time.Now)
		c.prepare(fake)
		_, err := s.Claim(t.Context(), "a", time.Minute)
		if err == nil {
			t.Errorf("%s: no error", name)
			continue
		}
		for _, want := range append(c.want, "table "+testTable, awstest.Region) {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %q is missing in %v", name, want, err)
			}
		}
		if strings.Contains(err.Error(), text) {
			t.Errorf("%s: repeats the service's text: %v", name, err)
		}
		if n := fake.Calls(); n != c.calls {
			t.Errorf("%s: %d calls, want %d", name, n, c.calls)
		}
	}
}

func TestTableKeepsTheCallersTime(t *testing.T) {
	fake, s := newTestTable(t, time.Now)
	defer fake.Hang()()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := s.Claim(ctx, "a", time.Minute); err == nil || !strings.Contains(err.Error(), "no answer in time") {
		t.Error(err)
	}
	if n := fake.Calls(); n != 1 {
		t.Errorf("%d calls, want 1", n)
	}
}

func TestDynamoURL(t *testing.T) {
	for region, want := range map[string]string{
		"eu-west-1": "https://dynamodb.eu-west-1.amazonaws.com/", "us-gov-west-1": "https://dynamodb.us-gov-west-1.amazonaws.com/",
		"cn-north-1": "https://dynamodb.cn-north-1.amazonaws.com.cn/", "eusc-de-east-1": "https://dynamodb.eusc-de-east-1.amazonaws.eu/",
		"us-iso-east-1": "https://dynamodb.us-iso-east-1.c2s.ic.gov/", "us-isob-east-1": "https://dynamodb.us-isob-east-1.sc2s.sgov.gov/",
	} {
		a, err := newAccount(testEnv(t, map[string]string{"AWS_REGION": region}))
		if err != nil {
			t.Fatal(err)
		}
		if got := newDynamo(a, testTable).url; got != want {
			t.Errorf("%s is at %s, want %s", region, got, want)
		}
	}
}

// TestProcessState wants a replay dropped by another instance than the one that
// delivered, and work not lost with the table.
func TestProcessState(t *testing.T) {
	fake := awstest.NewDynamo(testTable)
	defer fake.Close()
	env := map[string]string{"AWS_ENDPOINT_URL_DYNAMODB": fake.URL, "SIGPOST_STATE_TABLE": testTable}
	first := startFunction(t, goodConfig, env)
	first.putAll()
	event := first.issue("hidden-webhook-word")
	if r := first.answer(event, patience, 200); !strings.Contains(r.Body, `"delivered"`) {
		t.Errorf("the answer is %s", r.Body)
	}
	second := startFunction(t, goodConfig, env)
	second.putAll()
	if r := second.answer(event, patience, 200); !strings.Contains(r.Body, `"duplicate"`) {
		t.Errorf("the answer to a replay is %s", r.Body)
	}
	if n := second.chat.count(); n != 0 {
		t.Errorf("a replay was delivered %d times", n)
	}
	fake.Refuse(400, "AccessDeniedException", "")
	second.next = 7
	second.post("hidden-webhook-word", 503)
	second.logged(`"level":"ERROR"`, "dynamodb:PutItem", "table "+testTable)
	fake.Refuse(0, "", "")
	second.next = 7
	second.post("hidden-webhook-word", 200)
	goOn := fake.Hang()
	second.answer(second.issue("hidden-webhook-word"), 1200*time.Millisecond, 503)
	second.logged(`"level":"ERROR"`, "state store", "table "+testTable)
	goOn()
	second.post("hidden-webhook-word", 200)
	for _, i := range fake.Items() {
		for _, word := range []string{bodyWord, "delivery-", "github", strconv.Quote("ops")} {
			if strings.Contains(fmt.Sprint(i), word) {
				t.Errorf("an item shows %q: %v", word, i)
			}
		}
	}
}
