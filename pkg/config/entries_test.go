package config

import (
	"strings"
	"testing"
)

func TestGoodName(t *testing.T) {
	for name, want := range map[string]bool{
		"github": true, "0": true, "a-b_c9": true, strings.Repeat("a", 63): true, "a-": true,
		"": false, "-a": false, "_a": false, "A": false, "a.b": false, "a/b": false, "a b": false, "é": false, "a\n": false, strings.Repeat("a", 64): false,
	} {
		if got := goodName(name); got != want {
			t.Errorf("%q: %v, want %v", name, got, want)
		}
	}
}

func TestParseSize(t *testing.T) {
	for text, want := range map[string]int64{
		"1024": 1024, "1KB": 1024, "1KiB": 1024, "6MB": 6 << 20, "6 MiB": 6 << 20, "25MB": 25 << 20,
		"": -1, "MB": -1, " MB": -1, "1023": -1, "26MB": -1, "6mb": -1, "6B": -1, "6  MB": -1, "-6MB": -1, "+6MB": -1, "6.5MB": -1, " 6MB": -1, "1234567890": -1, "99999999999999999999KB": -1,
	} {
		got, ok := parseSize(text)
		if ok != (want >= 0) || ok && got != want {
			t.Errorf("%q: %d, %v, want %d", text, got, ok, want)
		}
	}
}
