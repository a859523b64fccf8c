package grapheme

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestBeforeKeepsWhatIsOneCharacter(t *testing.T) {
	for _, whole := range []string{
		"e\u0301\u0323", "👍🏽", "👩‍👩‍👧‍👦", "🏳️‍🌈", "🇩🇪", "1️⃣", "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
		"का", "\u1112\u1161\u11ab", "\uac00\u11a8", "क्\u200c",
	} {
		s := "a" + whole + whole + "b"
		for end := range s {
			if end == 0 {
				continue
			}
			at := Before(s, end)
			if at != 1 && at != 1+len(whole) && at != 1+2*len(whole) {
				t.Errorf("%q may be cut at %d of %d, inside of %+q", s, at, end, whole)
			}
		}
		if at := Before(s, len(s)); at != len(s) {
			t.Errorf("the end of %q is %d", s, at)
		}
	}
}

func TestBeforeLeavesOrdinaryTextAlone(t *testing.T) {
	for _, s := range []string{"plain", "äöü", "汉字", "שלום", "가나다", "1234"} {
		for end := range s {
			if at := Before(s, end); at != end {
				t.Errorf("Before(%q, %d) = %d", s, end, at)
			}
		}
	}
}

func FuzzBefore(f *testing.F) {
	f.Add("e\u0301👩‍👧🇩🇪🇫🇷", 3)
	f.Add("Z"+strings.Repeat("\u0301", 100), 50)
	f.Fuzz(func(t *testing.T, s string, n int) {
		if !utf8.ValidString(s) {
			return
		}
		var places []int
		for i := range s {
			places = append(places, i)
		}
		places = append(places, len(s))
		end := places[max(n%len(places), 0)]
		at := Before(s, end)
		if at < 0 || at > end || !utf8.ValidString(s[:at]) {
			t.Fatalf("Before(%q, %d) = %d", s, end, at)
		}
		if strings.HasSuffix(s[:at], "\u200d") && end-at < maxSteps && at < len(s) {
			t.Errorf("Before(%q, %d) = %d leaves a joiner without its right side", s, end, at)
		}
	})
}
