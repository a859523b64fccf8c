package gauge

import (
	_ "embed" // the letters
	"encoding/binary"
	"image"
	"image/color"
	"image/draw"
	"math"
	"sync"

	"golang.org/x/image/vector"
)

// outlines are the Latin letters, digits and marks of the font Go Medium
// (https://go.dev/blog/go-fonts), as a test writes them: of each its code, width
// and strokes. The whole font and what reads it would weigh ten times as much.
//
//go:embed letters.bin
var outlines []byte

// em is the size of a letter in units of outlines.
const em = 1024

// The strokes of a letter, with 1, 1 and 2 points behind them.
const (
	moveTo = iota
	lineTo
	quadTo
)

// letter is how wide a letter is, in em, and its strokes.
type letter struct {
	width   float64
	strokes []byte
}

// letters are all letters by their codes, read when the first picture is drawn.
var letters = sync.OnceValue(func() map[rune]letter {
	all := map[rune]letter{}
	const head = 6 // code, width, length
	for b := outlines; len(b) >= head; {
		size := int(binary.BigEndian.Uint16(b[4:]))
		all[rune(binary.BigEndian.Uint16(b))] = letter{float64(binary.BigEndian.Uint16(b[2:])) / em, b[head : head+size]}
		b = b[head+size:]
	}
	return all
})

// breadth is how wide words are, in em.
func breadth(words string) (wide float64) {
	for _, r := range words {
		wide += letters()[r].width
	}
	return wide
}

// write draws words from x on, with their baseline at y, in a size in pixels.
func (c canvas) write(words string, x, y, size float64, col color.NRGBA) {
	box := image.Rect(int(x-size), int(y-2*size), int(math.Ceil(x+breadth(words)*size+size)), int(math.Ceil(y+size))).Intersect(c.img.Bounds())
	if box.Empty() {
		return
	}
	z := vector.NewRasterizer(box.Dx(), box.Dy())
	x, y = x-float64(box.Min.X), y-float64(box.Min.Y)
	for _, r := range words {
		l := letters()[r]
		l.trace(z, float32(x), float32(y), float32(size/em))
		x += l.width * size
	}
	z.DrawOp = draw.Over
	z.Draw(c.img, box, image.NewUniform(col), image.Point{})
}

// trace gives the outline of l to z.
func (l letter) trace(z *vector.Rasterizer, x, y, scale float32) {
	const size = 4 // bytes of a point
	at := func(b []byte) (float32, float32) {
		return x + scale*float32(int16(binary.BigEndian.Uint16(b))), y + scale*float32(int16(binary.BigEndian.Uint16(b[2:]))) //nolint:gosec // it was written from one
	}
	for b := l.strokes; len(b) > size; {
		px, py := at(b[1:])
		switch b[0] {
		case moveTo:
			z.ClosePath()
			z.MoveTo(px, py)
		case lineTo:
			z.LineTo(px, py)
		case quadTo:
			qx, qy := at(b[1+size:])
			z.QuadTo(px, py, qx, qy)
			b = b[size:]
		}
		b = b[1+size:]
	}
	z.ClosePath()
}
