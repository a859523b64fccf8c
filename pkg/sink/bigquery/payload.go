package bigquery

import (
	"bytes"
	"encoding/hex"
)

// formField is the field of a form that holds a webhook's JSON, of senders that
// can post it so, such as GitHub.
const formField = "payload="

// allowances are how much of a payload is kept, tried in order until it fits.
// What is asked for by name stays in each: only long texts and long lists lose
// their ends.
var allowances = []allowance{
	{text: 1 << 30, items: 1 << 30},
	{text: 16 << 10, items: 1000},
	{text: 1 << 10, items: 100},
	{text: 200, items: 20},
}

// appendPayload appends raw, JSON or a form with JSON in it, to b as the inside
// of a JSON string, so that b has at most limit bytes. Broken says that raw is
// only the beginning of what was posted. The result is valid JSON in any case:
// cut says that it isn't all of it. It is not ok if raw was no JSON.
func appendPayload(b, raw []byte, broken bool, limit int) (out []byte, cut, ok bool) {
	if bytes.HasPrefix(raw, []byte(formField)) {
		raw = fromForm(raw, broken)
	}
	for i, a := range allowances {
		f := fitter{in: raw, out: b, allow: a, limit: limit}
		end := f.run()
		switch {
		case end == endInvalid && !broken:
			return b, false, false
		case end == endFull && i < len(allowances)-1:
			continue
		case !f.close():
			return b, false, false
		}
		return f.out, f.cut || end != endWhole, true
	}
	return b, false, false
}

// fromForm is the JSON in a form.
func fromForm(raw []byte, broken bool) []byte {
	text, _, _ := bytes.Cut(raw[len(formField):], []byte("&"))
	if broken { // in the middle of an escape, perhaps
		if i := bytes.LastIndexByte(text, '%'); i >= 0 && i > len(text)-3 {
			text = text[:i]
		}
	}
	return unescape(text)
}

// unescape undoes a form's escapes, as url.QueryUnescape does, with one copy. It is
// nil if one is none.
func unescape(text []byte) []byte {
	out := make([]byte, 0, max(len(text)-2*bytes.Count(text, []byte("%")), 0))
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch c {
		case '+':
			c = ' '
		case '%':
			var b [1]byte
			if i+2 >= len(text) {
				return nil
			}
			if _, err := hex.Decode(b[:], text[i+1:i+3]); err != nil {
				return nil
			}
			c = b[0]
			i += 2
		}
		out = append(out, c)
	}
	return out
}
