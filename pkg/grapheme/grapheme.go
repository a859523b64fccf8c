// Package grapheme finds where a text may be cut without halving what a reader
// sees as one character: an emoji with its skin tone, a flag, a letter with its
// accents. It follows the parts of https://unicode.org/reports/tr29/ that
// matter to that, has no tables of its own, and cuts nothing itself.
package grapheme

import (
	"unicode"
	"unicode/utf8"
)

const joiner = '\u200d'

// maxSteps bounds how far a cut moves: a letter with more marks than that is
// no letter.
const maxSteps = 32

// Before is the last place at or before end where s may be cut. End has to be
// between two characters (runes) of s.
func Before(s string, end int) int {
	for steps := 0; end > 0 && end < len(s) && steps < maxSteps; steps++ {
		next, _ := utf8.DecodeRuneInString(s[end:])
		last, size := utf8.DecodeLastRuneInString(s[:end])
		if !extends(next) && last != joiner && !syllable(last, next) {
			break
		}
		end -= size
	}
	return wholeFlag(s, end)
}

// wholeFlag moves a cut before a flag that it would halve: flags are pairs of
// regional indicators.
func wholeFlag(s string, end int) int {
	if next, _ := utf8.DecodeRuneInString(s[end:]); !flagHalf(next) {
		return end
	}
	halves, at := 0, end
	for at > 0 {
		r, size := utf8.DecodeLastRuneInString(s[:at])
		if !flagHalf(r) {
			break
		}
		halves, at = halves+1, at-size
	}
	if halves%2 == 1 {
		return end - utf8.RuneLen('\U0001f1e6')
	}
	return end
}

func flagHalf(r rune) bool { return r >= 0x1f1e6 && r <= 0x1f1ff }

// extends tells whether r changes the character before it: a combining mark, a
// variation selector, a joiner, a skin tone or a tag of a flag.
func extends(r rune) bool {
	if r < 0x300 {
		return false
	}
	return r == joiner || r == '\u200c' || unicode.In(r, unicode.Mn, unicode.Me, unicode.Mc) ||
		r >= 0x1f3fb && r <= 0x1f3ff || r >= 0xe0020 && r <= 0xe007f
}

// syllable tells whether two Hangul letters are parts of one syllable: leading
// consonant, vowel and trailing consonant are characters of their own in
// decomposed text.
func syllable(a, b rune) bool {
	switch {
	case leading(a):
		return leading(b) || vowel(b) || composed(b)
	case vowel(a):
		return vowel(b) || trailing(b)
	case trailing(a):
		return trailing(b)
	case composed(a): // with or without its end
		return trailing(b) || vowel(b) && (a-0xac00)%28 == 0
	}
	return false
}

func leading(r rune) bool  { return r >= 0x1100 && r <= 0x115f }
func vowel(r rune) bool    { return r >= 0x1160 && r <= 0x11a7 }
func trailing(r rune) bool { return r >= 0x11a8 && r <= 0x11ff }
func composed(r rune) bool { return r >= 0xac00 && r <= 0xd7a3 }
