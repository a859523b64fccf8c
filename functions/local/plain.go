package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// commands tells whether a terminal would obey c, or show what follows it in
// another order or line: control characters, those for the direction of text
// that stay in force, and separators of lines.
// https://www.unicode.org/reports/tr9/#Directional_Formatting_Characters
func commands(c rune) bool {
	return c < ' ' || c >= 0x7f && c < 0xa0 || c >= 0x202a && c <= 0x202e || c >= 0x2066 && c <= 0x2069 || c == 0x2028 || c == 0x2029
}

// plain is a text of a sender or receiver without what a terminal would obey.
func plain(s string) string {
	return strings.Map(func(c rune) rune {
		if commands(c) {
			return -1
		}
		return c
	}, s)
}

// writeJSON writes v in one line, and what a terminal would obey in \u notation.
func writeJSON(out io.Writer, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	for _, c := range string(text) { // outside of strings JSON is ASCII
		if commands(c) {
			fmt.Fprintf(&b, "\\u%04x", c)
		} else {
			b.WriteRune(c)
		}
	}
	b.WriteByte('\n')
	_, err = out.Write(b.Bytes())
	return err
}
