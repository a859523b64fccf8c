package address

import (
	"errors"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for s, want := range map[string]error{
		"https://example.com/a?b=c#d":         nil,
		"HTTPS://example.com":                 nil,
		"https://[2001:db8::1]:8443/":         nil,
		"http://localhost:8080/":              nil,
		"http://LocalHost/":                   nil,
		"http://127.0.0.1/":                   nil,
		"http://127.8.9.10/":                  nil,
		"http://[::1]:8080/":                  nil,
		"http://example.com/hush":             ErrScheme,
		"http://localhost.example.com/hush":   ErrScheme,
		"http://127.0.0.1.example.com/hush":   ErrScheme,
		"http://10.0.0.1/hush":                ErrScheme,
		"http://0.0.0.0/hush":                 ErrScheme,
		"http://2130706433/hush":              ErrScheme,
		"ftp://example.com/hush":              ErrScheme,
		"//example.com/hush":                  ErrScheme,
		"https://user:hush@example.com/":      ErrUser,
		"http://localhost@example.com/hush":   ErrUser,
		"":                                    ErrInvalid,
		"hush":                                ErrInvalid,
		"https://":                            ErrInvalid,
		"https:///hush":                       ErrInvalid,
		"https://:443/hush":                   ErrInvalid,
		"https://example.com/%zz-hush":        ErrInvalid,
		"https://exa mple.com/hush":           ErrInvalid,
		"https://example.com/\x00hush":        ErrInvalid,
		"javascript:hush":                     ErrInvalid,
		" https://example.com/hush":           ErrInvalid,
		"https://example.com:port/hush":       ErrInvalid,
		"http://[::1%25lo]:8080/":             nil,
		"https://xn--e1afmkfd.example/w/hush": nil,
	} {
		u, err := Parse(s)
		if !errors.Is(err, want) || (u == nil) != (want != nil) {
			t.Errorf("%q: %v, %v, want %v", s, u, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "hush") {
			t.Errorf("%q: the error repeats it: %v", s, err)
		}
	}
}
