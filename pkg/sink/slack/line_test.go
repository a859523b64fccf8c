package slack

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// A line that is mostly space shows its end, which is not cut inside of a character.
func TestLineKeepsCharactersWhole(t *testing.T) {
	const enough = utf8.UTFMax * (fieldLimit + 1)
	for _, character := range []string{"é", "語", "🚀"} {
		for back := range len(character) {
			s := strings.Repeat(" ", enough-back-1) + "a" + strings.Repeat(character, 2)
			if got := line(s); strings.ContainsRune(got, utf8.RuneError) {
				t.Errorf("%s, %d bytes before the cut: got %q", character, back, got)
			}
		}
	}
}
