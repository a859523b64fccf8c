// Package bigquerytest stands in for BigQuery's streaming API: it takes rows as
// the table of terraform/bigquery takes them, and nothing else.
package bigquerytest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// Field is one of terraform/bigquery/schema.json, which the table is made of.
type Field struct {
	Name, Type, Mode string
	Fields           []Field
}

// Schema is the columns of the table.
var Schema = sync.OnceValues(func() (fields []Field, err error) {
	text, err := os.ReadFile(filepath.Join(root(), "terraform", "bigquery", "schema.json"))
	if err != nil {
		return nil, err
	}
	return fields, json.Unmarshal(text, &fields)
})

// root is the project's root, above the directory that a test runs in.
func root() string {
	dir, err := os.Getwd()
	for err == nil && dir != filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		dir = filepath.Dir(dir)
	}
	return ""
}

// Check says what BigQuery would refuse about a request to a table with that
// schema: https://cloud.google.com/bigquery/docs/reference/rest/v2/tabledata/insertAll.
func Check(body []byte) error {
	const most = 10_000_000 // bytes of a request, https://cloud.google.com/bigquery/quotas#streaming_inserts
	if len(body) > most {
		return fmt.Errorf("%d bytes", len(body))
	}
	fields, err := Schema()
	if err != nil {
		return err
	}
	var request struct {
		Rows []struct {
			InsertID string                     `json:"insertId"`
			JSON     map[string]json.RawMessage `json:"json"`
		} `json:"rows"`
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&request); err != nil {
		return err
	}
	if len(request.Rows) != 1 {
		return fmt.Errorf("%d rows", len(request.Rows))
	}
	const longest = 128 // characters of an insertId
	if id := request.Rows[0].InsertID; id == "" || len(id) > longest {
		return fmt.Errorf("insertId is %q", id)
	}
	return record(request.Rows[0].JSON, fields)
}

func record(values map[string]json.RawMessage, fields []Field) error {
	known := map[string]bool{}
	for _, f := range fields {
		known[f.Name] = true
		v, ok := values[f.Name]
		switch {
		case !ok && f.Mode == "REQUIRED":
			return fmt.Errorf("missing required field: %s", f.Name)
		case !ok:
		case f.Mode == "REPEATED":
			var items []json.RawMessage
			if err := json.Unmarshal(v, &items); err != nil || items == nil {
				return fmt.Errorf("%s is no array", f.Name)
			}
			for _, item := range items {
				if err := value(item, f); err != nil {
					return err
				}
			}
		default:
			if err := value(v, f); err != nil {
				return err
			}
		}
	}
	for name := range values {
		if !known[name] {
			return fmt.Errorf("no such field: %s", name)
		}
	}
	return nil
}

var stamp = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$`)

func value(v json.RawMessage, f Field) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("%s: %w", f.Name, err)
		}
	}()
	switch f.Type {
	case "RECORD":
		var values map[string]json.RawMessage
		if err := json.Unmarshal(v, &values); err != nil || values == nil {
			return errors.New("is no record")
		}
		return record(values, f.Fields)
	case "INTEGER":
		var n int64
		return json.Unmarshal(v, &n)
	case "BOOLEAN":
		var b bool
		return json.Unmarshal(v, &b)
	}
	return text(v, f.Type)
}

// text checks a value that is sent as a string.
func text(v json.RawMessage, kind string) error {
	var s string
	if err := json.Unmarshal(v, &s); err != nil {
		return err
	}
	if !utf8.Valid(v) {
		return errors.New("is not valid UTF-8")
	}
	switch kind {
	case "STRING":
		if strings.ContainsFunc(s, forbidden) {
			return fmt.Errorf("has a control character: %.100q", s)
		}
	case "TIMESTAMP":
		at, err := time.Parse(time.RFC3339Nano, s)
		if err != nil || !stamp.MatchString(s) || at.Year() < 1 || at.Year() > 9999 {
			return fmt.Errorf("is no time: %q", s)
		}
	case "JSON":
		return CheckJSON(s)
	default:
		return fmt.Errorf("has an unknown type %s", kind)
	}
	return nil
}

// forbidden are characters that no reader sees.
func forbidden(r rune) bool {
	return r < ' ' || r == 0x7f || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069
}

var half = regexp.MustCompile(`(?i)\\u(d[89ab]|d[c-f]|0000)`)

// CheckJSON says why text can't be the value of a JSON column, which is at most
// 500 deep and holds numbers as 64 bits.
func CheckJSON(text string) error {
	if !json.Valid([]byte(text)) {
		return fmt.Errorf("is no JSON: %.200s", text)
	}
	// Every escape of half a pair is written out as the character or U+FFFD. An
	// escaped backslash before a u is none.
	if half.MatchString(strings.ReplaceAll(text, `\\`, "")) {
		return errors.New("has half of a character, or a NUL")
	}
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	for depth := 0; ; {
		token, err := dec.Token()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		switch v := token.(type) {
		case json.Delim:
			if strings.ContainsRune("[{", rune(v)) {
				depth++
			} else {
				depth--
			}
			if depth > 500 {
				return errors.New("is more than 500 deep")
			}
		case json.Number:
			if err := checkNumber(string(v)); err != nil {
				return err
			}
		}
	}
}

// checkNumber compares what a number says with what 64 bits make of it, as exact
// numbers.
func checkNumber(text string) error {
	if _, err := strconv.ParseInt(text, 10, 64); err == nil {
		return nil
	}
	if _, err := strconv.ParseUint(text, 10, 64); err == nil {
		return nil
	}
	if !strings.ContainsAny(text, ".eE") {
		return fmt.Errorf("has a number of more than 64 bits: %.100s", text)
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return fmt.Errorf("has a number out of range: %.100s", text)
	}
	if f == 0 {
		if mantissa, _, _ := strings.Cut(strings.ToLower(text), "e"); strings.ContainsAny(mantissa, "123456789") {
			return fmt.Errorf("has a number that becomes 0: %.100s", text)
		}
		return nil
	}
	said, ok := new(big.Rat).SetString(text)
	held, ok2 := new(big.Rat).SetString(strconv.FormatFloat(f, 'e', -1, 64))
	if !ok || !ok2 || said.Cmp(held) != 0 {
		return fmt.Errorf("has a number that a float64 changes: %.100s", text)
	}
	return nil
}
