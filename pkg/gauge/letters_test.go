package gauge

import (
	"bytes"
	"encoding/binary"
	"flag"
	"os"
	"testing"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gomedium"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

var update = flag.Bool("update", false, "write letters.bin")

// TestLettersAreTheFonts writes the letters from the font again.
func TestLettersAreTheFonts(t *testing.T) {
	f, err := sfnt.Parse(gomedium.TTF)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	for r := rune(0x20); r <= 0x17f; r++ {
		if r >= 0x7f && r < 0xa0 {
			continue // controls
		}
		add(t, &out, f, r)
	}
	for _, r := range "–—‘’“”…€−" {
		add(t, &out, f, r)
	}
	if *update {
		if err := os.WriteFile("letters.bin", out.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if !bytes.Equal(out.Bytes(), outlines) {
		t.Error("letters.bin is not what the font gives: run the test with -update")
	}
}

// add appends the outline of a letter, if the font has it.
func add(t *testing.T, out *bytes.Buffer, f *sfnt.Font, r rune) {
	t.Helper()
	var b sfnt.Buffer
	i, err := f.GlyphIndex(&b, r)
	if err != nil || i == 0 {
		return
	}
	segments, err := f.LoadGlyph(&b, i, fixed.I(em), nil)
	if err != nil {
		t.Fatal(err)
	}
	var strokes []byte
	for _, s := range segments {
		op, n := byte(moveTo), 1
		switch s.Op {
		case sfnt.SegmentOpLineTo:
			op = lineTo
		case sfnt.SegmentOpQuadTo:
			op, n = quadTo, 2
		case sfnt.SegmentOpMoveTo, sfnt.SegmentOpCubeTo: // the font has none of the latter
		}
		strokes = append(strokes, op)
		for _, p := range s.Args[:n] {
			strokes = two(strokes, p.X.Round())
			strokes = two(strokes, p.Y.Round())
		}
	}
	wide, err := f.GlyphAdvance(&b, i, fixed.I(em), font.HintingNone)
	if err != nil {
		t.Fatal(err)
	}
	out.Write(append(two(two(two(nil, int(r)), wide.Round()), len(strokes)), strokes...))
}

func two(b []byte, n int) []byte {
	return binary.BigEndian.AppendUint16(b, uint16(n)) //nolint:gosec // a coordinate, code or length of some thousand
}
