// Package gauge draws an event's gauge as a picture, without a third party, and
// makes and checks the signed links under which such pictures are served. It
// knows no sink and no source, keeps nothing, and does no work before the first
// picture is asked for.
package gauge

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"math"
	"sync"

	"github.com/sigpost/sigpost/pkg/event"
)

// ContentType is what Draw makes.
const ContentType = "image/png"

// Width and Height are the picture's size in pixels, twice what receivers show
// it at, for displays of double density.
const (
	Width  = 480
	Height = 300
)

// The parts of the picture, in pixels.
const (
	centreX = Width / 2
	centreY = 202
	outer   = 160 // radius of the scale
	inner   = 116
	corner  = 20 // radius of the card's corners
	edge    = 2  // width of its outline
)

// The colours: a white card with an outline of middle grey shows on dark and on
// light, and the zones differ in lightness and hatching, not in hue alone. The
// hues are from a palette for the colour-blind,
// https://jfly.uni-koeln.de/color/
var (
	paper   = color.NRGBA{0xff, 0xff, 0xff, 0xff}
	outline = color.NRGBA{0x8b, 0x94, 0x9e, 0xff}
	ink     = color.NRGBA{0x1b, 0x1f, 0x24, 0xff}
	faded   = color.NRGBA{0x57, 0x60, 0x6a, 0xff}
	empty   = color.NRGBA{0xd0, 0xd7, 0xde, 0xff}
	bad     = color.NRGBA{0xc2, 0x3b, 0x22, 0xff}
	middle  = color.NRGBA{0xe6, 0x9f, 0x00, 0xff}
	good    = color.NRGBA{0x00, 0x9e, 0x73, 0xff}
)

// Draw is g as a PNG of Width × Height: the same bytes for the same gauge. The
// value is drawn as text as it stands; the mark on the scale stays inside of it,
// and there is no mark where the scale has no length.
func Draw(g *event.Gauge) []byte {
	c := canvas{image.NewRGBA(image.Rect(0, 0, Width, Height))}
	c.round(0, 0, Width, Height, corner, outline)
	c.round(edge, edge, Width-edge, Height-edge, corner-edge, paper)
	s := scaleOf(g)
	c.scale(s)
	c.words(g, s)
	var b bytes.Buffer
	enc := png.Encoder{CompressionLevel: png.DefaultCompression, BufferPool: buffers()}
	if err := enc.Encode(&b, c.few()); err != nil { // memory takes all
		panic("gauge: " + err.Error())
	}
	return b.Bytes()
}

// pool keeps the encoder's memory between pictures.
type pool struct{ sync.Pool }

func (p *pool) Get() *png.EncoderBuffer {
	b, _ := p.Pool.Get().(*png.EncoderBuffer)
	return b
}

func (p *pool) Put(b *png.EncoderBuffer) { p.Pool.Put(b) }

var buffers = sync.OnceValue(func() *pool { return &pool{} })

// scale is a gauge as parts of its arc, from 0 on the left to 1 on the right.
type scale struct {
	value            float64 // where the mark is; NaN for none
	warning, success float64 // where the zones begin
}

func scaleOf(g *event.Gauge) scale {
	if g.Max <= g.Min {
		return scale{value: math.NaN()}
	}
	low, span := float64(g.Min), float64(g.Max)-float64(g.Min)
	part := func(n int) float64 { return min(max((float64(n)-low)/span, 0), 1) }
	s := scale{value: part(g.Value), warning: part(g.Warning)}
	s.success = max(part(g.Success), s.warning)
	return s
}

// scale draws the arc: the worst zone crossed, the middle one striped, the good
// one plain, with gaps between them, and the mark on it.
func (c canvas) scale(s scale) {
	if math.IsNaN(s.value) {
		c.arc(0, 1, empty)
		return
	}
	c.zone(0, s.warning, bad, crossed)
	c.zone(s.warning, s.success, middle, striped)
	c.zone(s.success, 1, good, unhatched)
	c.mark(s.value)
}

// gap is half of what is left free where two zones meet, as a part of the arc.
const gap = 0.004

func (c canvas) zone(from, to float64, fill color.NRGBA, h hatching) {
	if from > 0 {
		from += gap
	}
	if to < 1 {
		to -= gap
	}
	if to > from {
		c.arc(from, to, fill)
		c.hatch(from, to, h)
	}
}

// mark points at a place of the arc: a line across it, in a white border, with
// an arrow's head inside.
func (c canvas) mark(at float64) {
	const half = 2.5 // of the line's width
	for _, pen := range []struct {
		wide float64
		fill color.NRGBA
	}{{4, paper}, {0, ink}} {
		w := pen.wide
		c.fill(pen.fill,
			polar(at, inner-24-w, -11-w), polar(at, inner-2+w, -half-w), polar(at, outer+7+w, -half-w),
			polar(at, outer+7+w, half+w), polar(at, inner-2+w, half+w), polar(at, inner-24-w, 11+w))
	}
}
