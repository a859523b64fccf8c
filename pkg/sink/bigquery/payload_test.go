package bigquery

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/sigpost/sigpost/pkg/sink/bigquery/bigquerytest"
)

const room = 1 << 20

// fitted is what becomes of raw: the inside of a JSON string, read again.
func fitted(tb testing.TB, raw string, broken bool, limit int) (text string, cut, ok bool) {
	tb.Helper()
	const before = `{"x":"`
	out, cut, ok := appendPayload([]byte(before), []byte(raw), broken, limit)
	if !ok {
		if string(out) != before {
			tb.Fatalf("%.100q: something was written: %.100q", raw, out)
		}
		return "", cut, false
	}
	if len(out) > limit {
		tb.Fatalf("%.100q: %d bytes, limit %d", raw, len(out), limit)
	}
	var v struct{ X string }
	if err := json.Unmarshal(append(out, `"}`...), &v); err != nil {
		tb.Fatalf("%.100q: %v: %.200q", raw, err, out)
	}
	if !utf8.Valid(out) {
		tb.Fatalf("%.100q: not UTF-8: %.200q", raw, out)
	}
	if err := bigquerytest.CheckJSON(v.X); err != nil {
		tb.Fatalf("%.100q: %v", raw, err)
	}
	return v.X, cut, true
}

func TestPayloadIsKept(t *testing.T) {
	ones := strings.Repeat("1", longNumber)
	for raw, want := range map[string]string{
		`{}`:                                    `{}`,
		` [ 1 , 2.50 , -0 , 1e3 ] `:             `[1,2.50,-0,1e3]`,
		`{"a":"\"\\\/\b\f\n\r\t\u0001"}`:        `{"a":"\"\\/\b\f\n\r\t\u0001"}`,
		`{"a":"\u00e9\ud83d\ude00é😀"}`:          `{"a":"é😀é😀"}`,
		`"\u0022\u005c\u005cu0000"`:             `"\"\\\\u0000"`,
		`"\ud83d"`:                              "\"\uFFFD\"",
		`"\ud83dx\ude00\ud83d\ud83d\ude00"`:     "\"\uFFFDx\uFFFD\uFFFD😀\"",
		`"\u0000"`:                              "\"\uFFFD\"",
		"\"\xff\xed\xa0\x80\"":                  "\"\uFFFD\uFFFD\uFFFD\uFFFD\"",
		`18446744073709551615`:                  `18446744073709551615`,
		`-9223372036854775808`:                  `-9223372036854775808`,
		`18446744073709551616`:                  `"18446744073709551616"`,
		`[-9223372036854775809]`:                `["-9223372036854775809"]`,
		`[0.1,1.7976931348623157e308]`:          `[0.1,1.7976931348623157e308]`,
		`[1e400]`:                               `["1e400"]`,
		`[1e-400,0.0e-999999999999999999999]`:   `["1e-400","0.0e-999999999999999999999"]`,
		`[3.14159265358979323846]`:              `["3.14159265358979323846"]`,
		`{"a":1,"a":2,"":null}`:                 `{"a":1,"a":2,"":null}`,
		`true`:                                  `true`,
		`[` + ones + `,1.` + ones + `]`:         `["` + ones + `","1.` + ones + `"]`,
		`payload=+%5B+%22%2B%25%3d%22%0A%5d`:    `["+%="]`,
		`payload=%7B%22a%22%3A%22b+c%22%7D&x=y`: `{"a":"b c"}`,
	} {
		got, cut, ok := fitted(t, raw, false, room)
		if !ok || cut || got != want {
			t.Errorf("%s: got %s, cut %v, ok %v; want %s", raw, got, cut, ok, want)
		}
	}
}

func TestPayloadThatIsNone(t *testing.T) {
	for _, raw := range []string{
		"", " ", "{", "[1", "[1,]", "{,}", `{"a"}`, `{"a":}`, `{"a":1,}`, `{a:1}`, "nul", "truefalse", "01", "1.", ".5", "+1", "1e", "--1",
		`"a`, `"\x"`, `"\u12"`, `"\u12+4"`, "\"\n\"", "{} {}", "1 2", "]", "[1 2]", `{"a" 1}`, "payload=", "payload=%zz", "payload=%", "payload=%%%", "payload=%7", "payload=1%", "<html>",
		strings.Repeat("[", maxNested+1) + strings.Repeat("]", maxNested+1), "\ufeff{}", "NaN",
	} {
		if got, _, ok := fitted(t, raw, false, room); ok {
			t.Errorf("%.100q was taken as %.100q", raw, got)
		}
	}
}

// TestPayloadOfBeginnings takes each beginning of a document, as a queue may cut
// it: what is whole is kept.
func TestPayloadOfBeginnings(t *testing.T) {
	raw := `{"action":"closed","issue":{"id":12345678901234567890123,"number":1347,"title":"é😀\ud83d\ude00","labels":[{"n":1},[2,[3.5]]],"closed_at":null},"done":true}`
	whole, _, _ := fitted(t, raw, false, room)
	var keys int
	for n := range len(raw) {
		text, cut, ok := fitted(t, raw[:n], true, room)
		if !ok {
			if n > 1 {
				t.Errorf("%s: nothing was kept", raw[:n])
			}
			continue
		}
		var v map[string]any
		if err := json.Unmarshal([]byte(text), &v); err != nil || !cut {
			t.Errorf("%s: %v, cut %v", raw[:n], err, cut)
		}
		if !within(v, plain(t, []byte(whole))) {
			t.Errorf("%s: something else was kept: %s", raw[:n], text)
		}
		if len(v) < keys {
			t.Errorf("%s: %d keys, after %d", raw[:n], len(v), keys)
		}
		keys = len(v)
	}
	if keys != 3 {
		t.Errorf("at the end %d keys", keys)
	}
	form := "payload=" + url.QueryEscape(raw)
	for n := len("payload=%7B"); n < len(form); n++ {
		if _, _, ok := fitted(t, form[:n], true, room); !ok && n > len("payload=%7B%22") {
			t.Errorf("%s: nothing was kept", form[:n])
		}
	}
}

// within tells whether all that is in a part of a document is in the whole.
func within(part, whole any) bool {
	switch p := part.(type) {
	case map[string]any:
		w, ok := whole.(map[string]any)
		for k, v := range p {
			ok = ok && within(v, w[k])
		}
		return ok
	case []any:
		w, ok := whole.([]any)
		ok = ok && len(p) <= len(w)
		for i, v := range p {
			ok = ok && within(v, w[i])
		}
		return ok
	}
	return part == whole
}

func TestPayloadIsCutToFit(t *testing.T) {
	list := strings.Repeat(`{"id":1,"message":"`+strings.Repeat("é", 300)+`"},`, 5000)
	raw := `{"commits":[` + strings.TrimSuffix(list, ",") + `],"digits":` + strings.Repeat("7", 5<<20) + `,"body":"` + strings.Repeat(`\n`, 1<<20) + `","number":7,"created_at":"2026-01-02T03:04:05Z"}`
	for _, limit := range []int{4 << 20, 1 << 20, 100 << 10, 20 << 10, 16 << 10} {
		text, cut, ok := fitted(t, raw, false, limit)
		var v struct {
			Commits []any  `json:"commits"`
			Number  int    `json:"number"`
			Created string `json:"created_at"`
		}
		if err := json.Unmarshal([]byte(text), &v); err != nil || !ok || !cut {
			t.Fatalf("limit %d: %v, cut %v, ok %v", limit, err, cut, ok)
		}
		if v.Number != 7 || v.Created == "" || len(v.Commits) == 0 {
			t.Errorf("limit %d: what follows long parts is lost: number %d, created %q, %d commits", limit, v.Number, v.Created, len(v.Commits))
		}
	}
	for limit := 0; limit < 300; limit++ { // too small for anything much, and yet JSON
		if text, cut, ok := fitted(t, raw, false, limit); ok && !cut {
			t.Errorf("limit %d: %s is said to be whole", limit, text)
		}
	}
}

func TestPayloadIsNotTooDeep(t *testing.T) {
	for _, deep := range []string{
		strings.Repeat("[", maxNested) + strings.Repeat("]", maxNested),
		strings.Repeat(`{"a":`, 600) + `[1,2]` + strings.Repeat("}", 600),
		`{"deep":` + strings.Repeat("[7,", 600) + "8" + strings.Repeat("]", 600) + `,"after":9}`,
	} {
		text, cut, ok := fitted(t, deep, false, room)
		if !ok || !cut {
			t.Errorf("%.40s: cut %v, ok %v", deep, cut, ok)
		}
		if strings.Contains(deep, "after") && !strings.HasSuffix(text, `,"after":9}`) {
			t.Errorf("what follows a deep part is lost: …%s", text[max(0, len(text)-40):])
		}
	}
}

// TestPayloadProperty writes documents at random, at limits of any size.
func TestPayloadProperty(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6)) //nolint:gosec // the same each time
	for range 3000 {
		v := document(r, 0)
		raw, err := json.MarshalIndent(v, "", strings.Repeat(" ", r.IntN(3)))
		if err != nil {
			t.Fatal(err)
		}
		text, cut, ok := fitted(t, string(raw), false, room)
		var got any
		if err := json.Unmarshal([]byte(text), &got); err != nil || cut || !ok || !reflect.DeepEqual(got, plain(t, raw)) {
			t.Fatalf("%s became %s (cut %v, ok %v)", raw, text, cut, ok)
		}
		fitted(t, string(raw), r.IntN(2) == 0, r.IntN(len(raw)*2))
		fitted(t, string(raw[:r.IntN(len(raw)+1)]), true, r.IntN(len(raw)*2))
	}
}

func plain(t *testing.T, raw []byte) (v any) {
	t.Helper()
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func document(r *rand.Rand, depth int) any {
	kind := r.IntN(8)
	if depth > 5 {
		kind = r.IntN(5)
	}
	switch kind {
	case 0:
		return nil
	case 1:
		return r.IntN(2) == 0
	case 2:
		return r.IntN(1<<31) - 1<<30
	case 3:
		return float64(r.IntN(1000)) / 8
	case 4:
		letters := []string{"a", "\"", "\\", "\n", "\x01", "é", "😀", "<", "\u2028", "u", "\\u", "👩‍👩‍👧"}
		var b strings.Builder
		for range r.IntN(30) {
			b.WriteString(letters[r.IntN(len(letters))])
		}
		return b.String()
	case 5, 6:
		m := map[string]any{}
		for i := range r.IntN(6) {
			m[fmt.Sprint("k\"", i)] = document(r, depth+1)
		}
		return m
	}
	list := []any{}
	for range r.IntN(6) {
		list = append(list, document(r, depth+1))
	}
	return list
}

func FuzzPayload(f *testing.F) {
	for _, s := range []string{`{"a":[1,{"b":"\ud83d"}],"c":null}`, `payload=%7B%7D`, `[[[`, `"\u0000`, `1e999`} {
		f.Add([]byte(s), false, 100)
		f.Add([]byte(s), true, 20)
	}
	f.Fuzz(func(t *testing.T, raw []byte, broken bool, limit int) {
		_, cut, ok := fitted(t, string(raw), broken, room+4*len(raw))
		if valid := json.Valid(raw); !bytes.HasPrefix(raw, []byte(formField)) && !broken && valid != ok {
			t.Errorf("JSON %v, taken %v", valid, ok)
		}
		_ = cut
		if limit >= 0 && limit < room {
			fitted(t, string(raw), broken, limit)
		}
	})
}
