package secrettest

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
)

// Leaks is in which ways text has value in it: as it is, in hexadecimal, in
// base64 at any place, quoted or escaped. It never repeats the value.
func Leaks(text, value string) []string {
	var found []string
	add := func(how, written string) {
		if written != "" && strings.Contains(text, written) {
			found = append(found, how)
		}
	}
	add("as it is", value)
	add("in hexadecimal", hex.EncodeToString([]byte(value)))
	add("in hexadecimal", strings.ToUpper(hex.EncodeToString([]byte(value))))
	if quoted, err := json.Marshal(value); err == nil {
		add("in JSON", strings.Trim(string(quoted), `"`))
	}
	add("escaped", url.QueryEscape(value))
	add("escaped as a path", url.PathEscape(value))
	for shift := range 3 {
		for name, e := range map[string]*base64.Encoding{"base64": base64.RawStdEncoding, "base64 for URLs": base64.RawURLEncoding} {
			// What stands before and after the value changes the first and
			// the last characters.
			written := e.EncodeToString([]byte(strings.Repeat("\x00", shift) + value))
			if from := []int{0, 2, 3}[shift]; len(written) > from+1 {
				add(fmt.Sprintf("in %s, %d bytes in", name, shift), written[from:len(written)-1])
			}
		}
	}
	if u, err := url.Parse(value); err == nil && u.Host != "" && len(u.Path) > 1 {
		add("its path", u.Path)
	}
	return found
}
