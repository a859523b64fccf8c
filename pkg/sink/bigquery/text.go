package bigquery

import (
	"bytes"
	"encoding/binary"
	"strconv"
	"unicode/utf8"
)

// itself are the bytes of a string that stand for themselves.
var itself = func() (t [256]bool) {
	for c := ' '; c < utf8.RuneSelf; c++ {
		t[c] = c != '"' && c != '\\'
	}
	return t
}()

// text copies a string, of which at most limit bytes are kept, and an ellipsis
// after them.
func (f *fitter) text(limit int) bool {
	f.quote()
	begin, pass := len(f.out), f.muted
	for f.pos++; f.pos < len(f.in); {
		if f.in[f.pos] == '"' {
			f.pos++
			f.quote()
			return true
		}
		if !pass {
			if len(f.out)-begin >= limit {
				pass, f.cut = true, true
				f.out = append(f.out, "…"...)
			} else if len(f.out) > f.limit {
				f.full = true
				return false
			}
		}
		n := f.plain()
		switch {
		case n > 0 && !pass:
			n = min(n, limit-(len(f.out)-begin), f.limit-len(f.out)+1) // and what that leaves out next
			f.out = append(f.out, f.in[f.pos:f.pos+n]...)
			f.pos += n
		case n > 0:
			f.pos += n
		case f.in[f.pos] < ' ' || !f.char(pass):
			return false
		}
	}
	return false
}

// plain is how many bytes that stand for themselves come next. It looks at eight
// of them at once, as a number of 64 bits.
func (f *fitter) plain() int {
	const (
		ones = 0x0101010101010101
		high = 0x80 * ones
	)
	rest, n := f.in[f.pos:], 0
	for ; len(rest) >= 8; rest, n = rest[8:], n+8 {
		x := binary.LittleEndian.Uint64(rest)
		quote, slash := x^'"'*ones, x^'\\'*ones
		// The high bit of each byte that is not ASCII, a control character, a quote
		// or a backslash; of bytes above such a one it may be set as well.
		if (x|(x-' '*ones)|(quote-ones)&^quote|(slash-ones)&^slash)&high != 0 {
			break
		}
	}
	for i, c := range rest {
		if !itself[c] {
			return n + i
		}
	}
	return n + len(rest)
}

// quote writes one.
func (f *fitter) quote() {
	if !f.muted {
		f.out = append(f.out, '\\', '"')
	}
}

// char copies one character of a string, or passes it.
func (f *fitter) char(pass bool) bool {
	c := f.in[f.pos]
	switch {
	case c == '\\':
		return f.escape(pass)
	case c < utf8.RuneSelf:
		f.pos++
		if !pass {
			f.out = append(f.out, c)
		}
		return true
	}
	r, size := utf8.DecodeRune(f.in[f.pos:])
	f.pos += size
	if !pass {
		f.out = utf8.AppendRune(f.out, r) // U+FFFD of what is no character
	}
	return true
}

// escape copies an escape of a string.
func (f *fitter) escape(pass bool) bool {
	if f.pos+1 >= len(f.in) {
		return false
	}
	c := f.in[f.pos+1]
	switch c {
	case '"', '\\':
		if !pass { // twice escaped
			f.out = append(f.out, '\\', '\\', '\\', c)
		}
	case '/':
		if !pass {
			f.out = append(f.out, c)
		}
	case 'b', 'f', 'n', 'r', 't':
		if !pass {
			f.out = append(f.out, '\\', '\\', c)
		}
	case 'u':
		return f.unicode(pass)
	default:
		return false
	}
	f.pos += 2
	return true
}

// unicode copies an escape of four hexadecimal digits: as the character, unless
// that is a control character, which stays an escape. NUL, and halves of pairs
// that stand alone, become U+FFFD.
func (f *fitter) unicode(pass bool) bool {
	r, ok := f.hex()
	if !ok {
		return false
	}
	if r >= 0xd800 && r < 0xdc00 && bytes.HasPrefix(f.in[f.pos:], []byte(`\u`)) {
		before := f.pos
		low, ok := f.hex()
		if !ok {
			return false
		}
		if low >= 0xdc00 && low < 0xe000 {
			r = 0x10000 + (r-0xd800)<<10 + (low - 0xdc00)
		} else {
			f.pos = before
		}
	}
	switch {
	case pass:
	case r == '"', r == '\\':
		f.out = append(f.out, '\\', '\\', '\\', byte(r))
	case r == 0:
		f.out = utf8.AppendRune(f.out, utf8.RuneError)
	case r < ' ':
		const hex = "0123456789abcdef"
		f.out = append(f.out, '\\', '\\', 'u', '0', '0', hex[r>>4], hex[r&15])
	default:
		f.out = utf8.AppendRune(f.out, r)
	}
	return true
}

// hex reads \uXXXX.
func (f *fitter) hex() (r rune, ok bool) {
	const size = len(`\u0000`)
	if f.pos+size > len(f.in) {
		return 0, false
	}
	n, err := strconv.ParseInt(string(f.in[f.pos+2:f.pos+size]), 16, 32)
	if err != nil || f.in[f.pos+2] == '+' || f.in[f.pos+2] == '-' {
		return 0, false
	}
	f.pos += size
	return rune(n), true
}

// appendString appends s as a JSON string.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	for _, r := range s { // U+FFFD of what is no character
		switch {
		case r == '"', r == '\\':
			b = append(b, '\\', byte(r))
		case r < ' ':
			b = append(b, ' ')
		default:
			b = utf8.AppendRune(b, r)
		}
	}
	return append(b, '"')
}
