package sink

import (
	"testing"
	"time"
)

func TestRate(t *testing.T) {
	for text, want := range map[string]Rate{
		"1/s": {1, time.Second}, "25/5m": {25, 5 * time.Minute}, "100/h": {100, time.Hour}, "3/250ms": {3, 250 * time.Millisecond},
		"none": {}, "10000/1h": {10_000, time.Hour},
	} {
		got := Rate{9, 9}
		if err := got.UnmarshalText([]byte(text)); err != nil || got != want {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "1", "/s", "0/s", "-1/s", "1/", "1/0s", "1/-1s", "1/x", "10001/s", "1/2h", "1/1us", "1.5/s", "1/s/s", "None"} {
		var got Rate
		if err := got.UnmarshalText([]byte(text)); err == nil || got != (Rate{}) {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
}
