package awstest

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Dynamo is a DynamoDB with one table, whose partition key is the string "id":
// PutItem, GetItem and DeleteItem, conditions with attribute_not_exists, =, <=,
// AND and OR, names and values always by # and :.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_PutItem.html
type Dynamo struct {
	service

	URL   string
	Table string
	// Old makes it answer a failed condition without the item, as emulators do.
	Old bool

	server *httptest.Server
	data   sync.Mutex
	items  map[string]Item
	lose   int
	passed int
}

// Item is an item, each attribute a map of its type to its value.
type Item map[string]map[string]any

// NewDynamo starts a DynamoDB with an empty table.
func NewDynamo(table string) *Dynamo {
	d := &Dynamo{
		service: service{name: "dynamodb", target: "DynamoDB_20120810.", kind: "application/x-amz-json-1.0"},
		Table:   table, items: map[string]Item{},
	}
	d.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d.serve(w, r, d.do)
	}))
	d.URL = d.server.URL
	return d
}

// Close stops the server.
func (d *Dynamo) Close() { d.server.CloseClientConnections(); d.server.Close() }

// Items is a copy of what is in the table.
func (d *Dynamo) Items() []Item {
	d.data.Lock()
	defer d.data.Unlock()
	var all []Item
	for _, i := range d.items {
		all = append(all, maps.Clone(i))
	}
	return all
}

// Expire ends the leases of all claims that are not done.
func (d *Dynamo) Expire() {
	d.data.Lock()
	defer d.data.Unlock()
	maps.DeleteFunc(d.items, func(_ string, i Item) bool { return i["done"]["BOOL"] == false })
}

// Sweep deletes what its time to live, the attribute "expires", says is over.
func (d *Dynamo) Sweep(now time.Time) {
	d.data.Lock()
	defer d.data.Unlock()
	maps.DeleteFunc(d.items, func(_ string, i Item) bool {
		at, err := strconv.ParseInt(fmt.Sprint(i["expires"]["N"]), 10, 64)
		return err == nil && at < now.Unix()
	})
}

// LoseAnswers makes it do the next n operations and drop the connection in place
// of the answer.
func (d *Dynamo) LoseAnswers(n int) {
	d.data.Lock()
	defer d.data.Unlock()
	d.lose = n
}

// Throttle makes it refuse the next n operations as too many.
func (d *Dynamo) Throttle(n int) {
	d.data.Lock()
	defer d.data.Unlock()
	d.passed = n
}

type operation struct {
	TableName                           string
	Key, Item                           Item
	ConditionExpression                 string
	ExpressionAttributeNames            map[string]string
	ExpressionAttributeValues           Item
	ReturnValuesOnConditionCheckFailure string
	ConsistentRead                      bool
}

func (d *Dynamo) do(name string, body []byte) (any, error) {
	d.data.Lock()
	defer d.data.Unlock()
	if d.passed > 0 {
		d.passed--
		return nil, &failure{http.StatusBadRequest, "ProvisionedThroughputExceededException", "too fast", nil}
	}
	answer, err := d.operate(name, body)
	if d.lose > 0 {
		d.lose--
		panic(http.ErrAbortHandler)
	}
	return answer, err
}

func (d *Dynamo) operate(name string, body []byte) (any, error) {
	var in operation
	if err := json.Unmarshal(body, &in); err != nil {
		return nil, d.reject("SerializationException", err.Error())
	}
	if in.TableName != d.Table {
		return nil, &failure{http.StatusBadRequest, "ResourceNotFoundException", "Requested resource not found: " + in.TableName, nil}
	}
	key := in.Key
	if name == "PutItem" {
		key = in.Item
	}
	id, ok := key["id"]["S"].(string)
	if !ok || id == "" || name != "PutItem" && len(key) != 1 {
		return nil, &failure{http.StatusBadRequest, "ValidationException", "The provided key element does not match the schema", nil}
	}
	old := d.items[id]
	switch name {
	case "GetItem":
		if !in.ConsistentRead {
			return nil, d.reject("ValidationException", "reads must be consistent")
		}
		if old == nil {
			return map[string]any{}, nil
		}
		return map[string]any{"Item": old}, nil
	case "PutItem", "DeleteItem":
		if err := d.condition(&in, old); err != nil {
			return nil, err
		}
		delete(d.items, id)
		if name == "PutItem" {
			d.items[id] = in.Item
		}
		return map[string]any{}, nil
	}
	return nil, d.reject("UnknownOperationException", name)
}

// condition is an error if the operation's condition does not hold for an item.
func (d *Dynamo) condition(in *operation, old Item) error {
	if in.ConditionExpression == "" {
		return nil
	}
	holds, err := in.holds(old)
	if err != nil {
		return d.reject("ValidationException", err.Error())
	}
	if holds {
		return nil
	}
	f := &failure{http.StatusBadRequest, "ConditionalCheckFailedException", "The conditional request failed", map[string]any{}}
	if in.ReturnValuesOnConditionCheckFailure == "ALL_OLD" && !d.Old {
		f.extra["Item"] = old
	}
	return f
}

// holds evaluates the condition on an item; AND binds closer than OR.
func (o *operation) holds(i Item) (bool, error) {
	some := false
	for _, side := range strings.Split(o.ConditionExpression, " OR ") {
		all := true
		for _, term := range strings.Split(side, " AND ") {
			holds, err := o.term(i, strings.TrimSpace(term))
			if err != nil {
				return false, err
			}
			all = all && holds
		}
		some = some || all
	}
	return some, nil
}

func (o *operation) term(i Item, term string) (bool, error) {
	if name, ok := strings.CutPrefix(term, "attribute_not_exists("); ok {
		attr, known := o.ExpressionAttributeNames[strings.TrimSuffix(name, ")")]
		if !known {
			return false, fmt.Errorf("no name for %s", term)
		}
		_, there := i[attr]
		return !there, nil
	}
	words := strings.Fields(term)
	if len(words) != 3 {
		return false, fmt.Errorf("can't read %s", term)
	}
	attr, known := o.ExpressionAttributeNames[words[0]]
	value, given := o.ExpressionAttributeValues[words[2]]
	if !known || !given {
		return false, fmt.Errorf("no name or value for %s", term)
	}
	have, there := i[attr]
	if !there { // no comparison with nothing holds
		return false, nil
	}
	switch words[1] {
	case "=":
		return fmt.Sprint(have) == fmt.Sprint(value), nil
	case "<=":
		a, errA := strconv.ParseInt(fmt.Sprint(have["N"]), 10, 64)
		b, errB := strconv.ParseInt(fmt.Sprint(value["N"]), 10, 64)
		return errA == nil && errB == nil && a <= b, nil
	}
	return false, fmt.Errorf("can't compare by %s", words[1])
}
