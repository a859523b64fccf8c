package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/sigpost/sigpost/pkg/state"
)

// table is the state.Store in a DynamoDB table whose partition key is the
// string "id". Keys are hashed, so the table shows nothing of a delivery.
// DynamoDB deletes items some time after the number in "expires", so what has
// expired is told from what hasn't by "until", when it is read.
type table struct {
	dynamo *dynamo
	now    func() time.Time
}

var _ state.Store = (*table)(nil)

func newTable(a *account, name string, now func() time.Time) *table {
	return &table{dynamo: newDynamo(a, name), now: now}
}

// The attributes of an item.
const (
	attrID      = "id"      // what it is and of which key, hashed
	attrUntil   = "until"   // milliseconds since 1970: free from then on
	attrExpires = "expires" // seconds since 1970, not before until: for DynamoDB
	attrDone    = "done"    // of a claim: whether the work was done
	attrOwner   = "owner"   // of a claim: which call took it
	attrValue   = "value"   // of a value
)

// The kinds of items; claims and values have nothing to do with each other.
const (
	kindClaim = "claim "
	kindValue = "value "
)

func itemKey(kind, key string) item {
	sum := sha256.Sum256([]byte(key))
	return item{attrID: {S: kind + hex.EncodeToString(sum[:])}}
}

// newItem is an item that lives for the time given.
func (t *table) newItem(kind, key string, lives time.Duration) item {
	until := t.now().Add(lives).UnixMilli()
	i := itemKey(kind, key)
	i[attrUntil] = number(until)
	i[attrExpires] = number((until + 999) / 1000)
	return i
}

func number(n int64) attribute   { return attribute{N: strconv.FormatInt(n, 10)} }
func boolean(b bool) attribute   { return attribute{BOOL: &b} }
func (a attribute) isTrue() bool { return a.BOOL != nil && *a.BOOL }

// Claim implements state.Store.
func (t *table) Claim(ctx context.Context, key string, lease time.Duration) (state.Status, error) {
	owner := rand.Text()
	i := t.newItem(kindClaim, key, lease)
	i[attrDone], i[attrOwner] = boolean(false), attribute{S: owner}
	_, err := t.dynamo.do(ctx, "PutItem", request{
		Item:                                i,
		ConditionExpression:                 "attribute_not_exists(#id) OR #until <= :now",
		ExpressionAttributeNames:            map[string]string{"#id": attrID, "#until": attrUntil},
		ExpressionAttributeValues:           item{":now": number(t.now().UnixMilli())},
		ReturnValuesOnConditionCheckFailure: "ALL_OLD",
	})
	if err == nil {
		return state.Claimed, nil
	}
	var taken *conditionError
	if !errors.As(err, &taken) {
		return state.Busy, err
	}
	found := taken.item
	if found == nil { // an emulator that doesn't return it
		if found, err = t.read(ctx, itemKey(kindClaim, key)); err != nil {
			return state.Busy, err
		}
	}
	switch {
	case found[attrOwner].S == owner: // an attempt whose answer got lost
		return state.Claimed, nil
	case found[attrDone].isTrue():
		return state.Done, nil
	}
	return state.Busy, nil
}

// Done implements state.Store.
func (t *table) Done(ctx context.Context, key string, window time.Duration) error {
	i := t.newItem(kindClaim, key, window)
	i[attrDone] = boolean(true)
	_, err := t.dynamo.do(ctx, "PutItem", request{Item: i})
	return err
}

// Release implements state.Store.
func (t *table) Release(ctx context.Context, key string) error {
	_, err := t.dynamo.do(ctx, "DeleteItem", request{
		Key:                       itemKey(kindClaim, key),
		ConditionExpression:       "attribute_not_exists(#id) OR #done = :false",
		ExpressionAttributeNames:  map[string]string{"#id": attrID, "#done": attrDone},
		ExpressionAttributeValues: item{":false": boolean(false)},
	})
	var done *conditionError
	if errors.As(err, &done) {
		return nil
	}
	return err
}

// Get implements state.Store.
func (t *table) Get(ctx context.Context, key string) (string, error) {
	i, err := t.read(ctx, itemKey(kindValue, key))
	if err != nil || i == nil {
		return "", err
	}
	until, err := strconv.ParseInt(i[attrUntil].N, 10, 64)
	if err != nil {
		return "", fmt.Errorf("%s holds an item that sigpost did not write: give it a table of its own", t.dynamo.where)
	}
	if t.now().UnixMilli() >= until {
		return "", nil
	}
	return string(i[attrValue].B), nil
}

// Put implements state.Store.
func (t *table) Put(ctx context.Context, key, value string, keep time.Duration) error {
	if len(value) > state.MaxValueBytes {
		return state.ErrTooLong
	}
	if value == "" {
		_, err := t.dynamo.do(ctx, "DeleteItem", request{Key: itemKey(kindValue, key)})
		return err
	}
	i := t.newItem(kindValue, key, keep)
	i[attrValue] = attribute{B: []byte(value)} // binary, since it need not be UTF-8
	_, err := t.dynamo.do(ctx, "PutItem", request{Item: i})
	return err
}

// read is the newest state of an item, nil if there is none.
func (t *table) read(ctx context.Context, key item) (item, error) {
	return t.dynamo.do(ctx, "GetItem", request{Key: key, ConsistentRead: true})
}
