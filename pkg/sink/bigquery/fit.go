package bigquery

import "bytes"

// allowance is how much of each part of a payload is kept.
type allowance struct {
	text  int // bytes of a string
	items int // items of an array
}

// maxDepth is how deep a JSON value may be nested; what is deeper becomes null.
// https://cloud.google.com/bigquery/docs/json-data#limitations has 500.
const maxDepth = 490

// maxNested is how deep a payload may be, as for encoding/json: deeper ones are
// no JSON to anybody. Each level takes memory.
const maxNested = 10_000

// Why a fitter stopped.
type end int

const (
	endWhole   end = iota // at the end of the input
	endFull               // out has no more room
	endInvalid            // the input is no JSON, or broke off
)

// fitter copies JSON into the inside of a JSON string, within limits: quotes and
// backslashes are escaped once more, numbers that BigQuery can't hold become
// strings, half characters U+FFFD. It reads the input strictly, once, and keeps
// no more than out.
type fitter struct {
	in    []byte
	pos   int
	out   []byte
	allow allowance
	limit int // bytes of out

	stack []level
	muted bool // nothing is written
	until int  // of a muted one: how many levels are open when that ends
	whole bool // of a muted one: the level that ends it is left out itself
	safe  int  // out up to here is valid once what was open then is closed
	open  int  // levels that were open then
	some  bool
	full  bool
	cut   bool
}

// level is an object or array that is open.
type level struct {
	array bool
	items int
}

// run copies until one of the ends.
func (f *fitter) run() end {
	f.safe = len(f.out)
	if !f.value() {
		return f.why()
	}
	for len(f.stack) > 0 {
		if !f.member() {
			return f.why()
		}
	}
	if f.space(); f.pos < len(f.in) {
		f.some = false
		return endInvalid
	}
	return endWhole
}

func (f *fitter) why() end {
	if f.full {
		return endFull
	}
	return endInvalid
}

// close ends what is open, after the last whole value; false if there was none.
func (f *fitter) close() bool {
	if !f.some {
		return false
	}
	f.out = f.out[:f.safe]
	levels := f.stack[:f.open] // some of them may have been left since
	for i := len(levels) - 1; i >= 0; i-- {
		if levels[i].array {
			f.out = append(f.out, ']')
		} else {
			f.out = append(f.out, '}')
		}
	}
	return true
}

// keep notes that out is valid up to here, once its open parts are closed, and
// tells whether there is room for more.
func (f *fitter) keep() bool {
	if f.muted {
		return true
	}
	if len(f.out)+len(f.stack) > f.limit {
		f.full = true
		return false
	}
	f.safe, f.open, f.some = len(f.out), len(f.stack), true
	return true
}

// put writes what needs no escape.
func (f *fitter) put(c byte) {
	if !f.muted {
		f.out = append(f.out, c)
	}
}

func (f *fitter) space() {
	for f.pos < len(f.in) {
		switch f.in[f.pos] {
		case ' ', '\t', '\n', '\r':
			f.pos++
		default:
			return
		}
	}
}

// next is the next byte that is no space; false at the end.
func (f *fitter) next() (byte, bool) {
	if f.pos < len(f.in) && f.in[f.pos] > ' ' { // as senders write JSON
		return f.in[f.pos], true
	}
	f.space()
	if f.pos == len(f.in) {
		return 0, false
	}
	return f.in[f.pos], true
}

// member goes on within the innermost object or array: with its end, or with one
// more of what it holds.
func (f *fitter) member() bool {
	l := &f.stack[len(f.stack)-1]
	c, ok := f.next()
	switch {
	case !ok:
		return false
	case l.array && c == ']', !l.array && c == '}':
		f.pos++
		return f.leave(c)
	case l.items > 0:
		if c != ',' {
			return false
		}
		f.pos++
	}
	l.items++
	if l.array && l.items > f.allow.items {
		f.mute(len(f.stack)-1, false)
	}
	if l.items > 1 {
		f.put(',')
	}
	if !l.array && !f.key() {
		return false
	}
	return f.value()
}

// mute leaves out what follows, until no more than so many levels are open. Whole
// says that the level whose end that is was left out too.
func (f *fitter) mute(until int, whole bool) {
	if !f.muted {
		f.muted, f.until, f.whole, f.cut = true, until, whole, true
	}
}

// leave ends the innermost object or array.
func (f *fitter) leave(c byte) bool {
	f.stack = f.stack[:len(f.stack)-1]
	if f.muted && len(f.stack) <= f.until {
		f.muted = false
		if f.whole {
			return f.keep()
		}
	}
	f.put(c)
	return f.keep()
}

func (f *fitter) key() bool {
	if c, ok := f.next(); !ok || c != '"' || !f.text(1<<30) {
		return false
	}
	if c, ok := f.next(); !ok || c != ':' {
		return false
	}
	f.pos++
	f.put(':')
	return true
}

func (f *fitter) value() bool {
	c, ok := f.next()
	if !ok {
		return false
	}
	switch {
	case c == '{', c == '[':
		f.pos++
		return f.enter(c)
	case c == '"':
		return f.text(f.allow.text) && f.keep()
	case c == '-', c >= '0' && c <= '9':
		return f.number() && f.keep()
	}
	for _, word := range []string{"true", "false", "null"} {
		if bytes.HasPrefix(f.in[f.pos:], []byte(word)) {
			f.pos += len(word)
			if !f.muted {
				f.out = append(f.out, word...)
			}
			return f.keep()
		}
	}
	return false
}

// enter begins an object or array.
func (f *fitter) enter(c byte) bool {
	if len(f.stack) == maxNested {
		return false
	}
	if len(f.stack) == maxDepth && !f.muted {
		f.out = append(f.out, "null"...)
		if !f.keep() {
			return false
		}
		f.mute(maxDepth, true)
	}
	f.put(c)
	f.stack = append(f.stack, level{array: c == '['})
	return f.keep()
}
