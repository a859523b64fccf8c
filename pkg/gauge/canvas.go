package gauge

import (
	"image"
	"image/color"
	"image/draw"
	"math"

	"golang.org/x/image/vector"
)

// canvas is the picture being drawn.
type canvas struct{ img *image.RGBA }

type point struct{ x, y float64 }

// polar is the point at a part of the arc (0 on the left, 1 on the right) and a
// distance from its centre, moved aside along the arc.
func polar(at, radius, aside float64) point {
	sin, cos := math.Sincos(math.Pi * (1 - at))
	return point{centreX + radius*cos + aside*sin, centreY - radius*sin + aside*cos}
}

// fill fills the polygon of points.
func (c canvas) fill(col color.NRGBA, points ...point) {
	left, top, right, bottom := math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
	for _, p := range points {
		left, right = min(left, p.x), max(right, p.x)
		top, bottom = min(top, p.y), max(bottom, p.y)
	}
	box := image.Rect(int(left), int(top), int(math.Ceil(right)), int(math.Ceil(bottom))).Intersect(c.img.Bounds())
	if box.Empty() {
		return
	}
	z := vector.NewRasterizer(box.Dx(), box.Dy())
	x0, y0 := float64(box.Min.X), float64(box.Min.Y)
	for i, p := range points {
		if x, y := float32(p.x-x0), float32(p.y-y0); i == 0 {
			z.MoveTo(x, y)
		} else {
			z.LineTo(x, y)
		}
	}
	z.ClosePath()
	z.DrawOp = draw.Over
	z.Draw(c.img, box, image.NewUniform(col), image.Point{})
}

// steps is how many straight lines stand for the whole arc.
const steps = 120

// arc fills a part of the ring between inner and outer.
func (c canvas) arc(from, to float64, col color.NRGBA) {
	n := max(int(math.Ceil((to-from)*steps)), 1)
	points := make([]point, 0, 2*n+2)
	for i := 0; i <= n; i++ {
		points = append(points, polar(from+(to-from)*float64(i)/float64(n), outer, 0))
	}
	for i := n; i >= 0; i-- {
		points = append(points, polar(from+(to-from)*float64(i)/float64(n), inner, 0))
	}
	c.fill(col, points...)
}

// hatching is the sort of lines that tell a zone without its colour.
type hatching int

const (
	unhatched hatching = iota
	striped
	crossed
)

// Stripes lean by lean of the arc from the inner to the outer edge, and are
// pitch apart and thick wide.
const (
	pitch = 0.045
	lean  = 0.06
	thick = 0.008
)

// hatch draws white lines over a zone, at places that are the same for all
// zones.
func (c canvas) hatch(from, to float64, h hatching) {
	if h == unhatched {
		return
	}
	for i := -2; float64(i)*pitch < to; i++ {
		at := float64(i) * pitch
		c.stripe(from, to, at, at+lean)
		if h == crossed {
			c.stripe(from, to, at+lean, at)
		}
	}
}

// stripe is one line from a place on the inner edge to one on the outer edge,
// as far as it is between from and to.
func (c canvas) stripe(from, to, in, out float64) {
	a, b := 0.0, 1.0 // the parts of the line that are inside
	slope := out - in
	for _, limit := range []float64{from, to - thick} {
		cut := (limit - in) / slope
		if (limit == from) == (slope > 0) {
			a = max(a, cut)
		} else {
			b = min(b, cut)
		}
	}
	if a >= b {
		return
	}
	at := func(t, aside float64) point { return polar(in+slope*t+aside, inner+(outer-inner)*t, 0) }
	c.fill(color.NRGBA{0xff, 0xff, 0xff, 0xb0}, at(a, 0), at(b, 0), at(b, thick), at(a, thick))
}

// round fills a rectangle with round corners.
func (c canvas) round(x0, y0, x1, y1, radius float64, col color.NRGBA) {
	const perCorner = 12
	var points []point
	for i, p := range []point{{x1 - radius, y0 + radius}, {x0 + radius, y0 + radius}, {x0 + radius, y1 - radius}, {x1 - radius, y1 - radius}} {
		for j := 0; j <= perCorner; j++ {
			sin, cos := math.Sincos(math.Pi / 2 * (float64(i) + float64(j)/perCorner))
			points = append(points, point{p.x + radius*cos, p.y - radius*sin})
		}
	}
	c.fill(col, points...)
}

// few is the picture with few enough colours to be written as one byte a pixel,
// which makes it small: 16 shades of each of red, green and blue, and of how
// much shows through. A picture with more than 256 of those stays as it is.
func (c canvas) few() image.Image {
	p := image.NewPaletted(c.img.Bounds(), make(color.Palette, 0, 256))
	known := make(map[uint32]uint8, 256)
	pix := c.img.Pix
	last, index := uint32(0), uint8(0)
	for i := range p.Pix {
		q := pix[4*i : 4*i+4 : 4*i+4]
		v := shade(q[0])<<12 | shade(q[1])<<8 | shade(q[2])<<4 | shade(q[3])
		if v != last || i == 0 {
			at, ok := known[v]
			if !ok {
				if len(p.Palette) == cap(p.Palette) {
					return c.img
				}
				at = uint8(len(p.Palette)) //nolint:gosec // at most 255
				known[v] = at
				p.Palette = append(p.Palette, color.RGBA{uint8(v>>12&15) * 17, uint8(v>>8&15) * 17, uint8(v>>4&15) * 17, uint8(v&15) * 17})
			}
			last, index = v, at
		}
		p.Pix[i] = index
	}
	return p
}

// shade is the nearest of 16.
func shade(v uint8) uint32 { return (uint32(v) + 8) / 17 }
