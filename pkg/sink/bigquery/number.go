package bigquery

import (
	"bytes"
	"strconv"
)

// number copies a number, or writes it as a string if BigQuery's JSON would lose
// some of it.
func (f *fitter) number() bool {
	begin := f.pos
	whole, ok := f.scan()
	if !ok || f.pos == len(f.in) && len(f.stack) > 0 { // more of it may have followed
		return false
	}
	if f.muted {
		return true
	}
	text := f.in[begin:f.pos]
	if len(text) <= longNumber && (whole && fits64(text) || !whole && exact(text)) {
		f.out = append(f.out, text...)
		return true
	}
	f.out = append(f.out, `\"`...)
	if most := max(f.allow.text, longNumber); len(text) > most {
		text, f.cut = text[:most], true
	}
	f.out = append(append(f.out, text...), `\"`...)
	return true
}

// longNumber is how many characters a number has at most that anybody means as
// one. A longer one is a text, which loses its end as texts do.
const longNumber = 400

// scan passes a number, and tells whether it is whole: without fraction and
// exponent. It is not ok if it is none.
func (f *fitter) scan() (whole, ok bool) {
	f.passed('-', '-')
	digits := f.digits()
	if digits == 0 || digits > 1 && f.in[f.pos-digits] == '0' {
		return false, false
	}
	whole = true
	if f.passed('.', '.') {
		if whole = false; f.digits() == 0 {
			return false, false
		}
	}
	if f.passed('e', 'E') {
		f.passed('+', '-')
		if whole = false; f.digits() == 0 {
			return false, false
		}
	}
	return whole, true
}

// passed passes one of two bytes, if that is next.
func (f *fitter) passed(a, b byte) bool {
	if f.pos < len(f.in) && (f.in[f.pos] == a || f.in[f.pos] == b) {
		f.pos++
		return true
	}
	return false
}

func (f *fitter) digits() (n int) {
	for f.pos < len(f.in) && f.in[f.pos] >= '0' && f.in[f.pos] <= '9' {
		f.pos++
		n++
	}
	return n
}

// fits64 tells whether an integer is one of 64 bits, with a sign or without.
func fits64(text []byte) bool {
	const sure = 18 // digits that always fit
	if len(text) <= sure {
		return true
	}
	if _, err := strconv.ParseInt(string(text), 10, 64); err == nil {
		return true
	}
	_, err := strconv.ParseUint(string(text), 10, 64)
	return err == nil
}

// exact tells whether a number with a fraction or exponent is the same after it
// has been a float64, written with as many digits as that needs.
func exact(text []byte) bool {
	v, err := strconv.ParseFloat(string(text), 64)
	if err != nil {
		return false
	}
	var buf [32]byte
	digits, exp, ok := decimal(text)
	again, exp2, _ := decimal(strconv.AppendFloat(buf[:0], v, 'e', -1, 64))
	return ok && bytes.Equal(digits, again) && (exp == exp2 || len(digits) == 0)
}

// decimal is a number's significant digits, and the power of ten that its first
// one stands for. It is not ok if that is no number of anything.
func decimal(text []byte) (digits []byte, exp int, ok bool) {
	mantissa, power, has := bytes.Cut(bytes.ToLower(text), []byte("e"))
	if has {
		var err error
		if exp, err = strconv.Atoi(string(power)); err != nil {
			return nil, 0, false
		}
	}
	whole, fraction, _ := bytes.Cut(bytes.TrimLeft(mantissa, "-"), []byte("."))
	digits = append(append(digits, whole...), fraction...)
	exp += len(whole) - 1
	trimmed := bytes.TrimLeft(digits, "0")
	exp -= len(digits) - len(trimmed)
	return bytes.TrimRight(trimmed, "0"), exp, true
}
