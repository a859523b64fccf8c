package gauge

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"math"
	"strings"
	"testing"

	"github.com/sigpost/sigpost/pkg/event"
)

func usual() event.Gauge {
	return event.Gauge{Label: "Health score", Value: 64, Min: 0, Max: 100, Severity: event.Error, Warning: 71, Success: 95}
}

// maxBytes is what a picture may weigh.
const maxBytes = 20_000

func decode(t *testing.T, g event.Gauge) image.Image {
	t.Helper()
	b := Draw(&g)
	if len(b) > maxBytes {
		t.Errorf("%+v: %d bytes", g, len(b))
	}
	m, err := png.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	if m.Bounds() != image.Rect(0, 0, Width, Height) {
		t.Errorf("bounds are %v", m.Bounds())
	}
	return m
}

func TestDrawIsTheSameTwice(t *testing.T) {
	g := usual()
	if !bytes.Equal(Draw(&g), Draw(&g)) {
		t.Error("the same gauge gave two pictures")
	}
}

func TestDrawTellsGaugesApart(t *testing.T) {
	base := usual()
	for name, change := range map[string]func(*event.Gauge){
		"value":    func(g *event.Gauge) { g.Value++ },
		"max":      func(g *event.Gauge) { g.Max = 120 },
		"warning":  func(g *event.Gauge) { g.Warning = 50 },
		"severity": func(g *event.Gauge) { g.Severity = event.Success },
		"label":    func(g *event.Gauge) { g.Label = "Score" },
	} {
		g := base
		change(&g)
		if bytes.Equal(Draw(&base), Draw(&g)) {
			t.Errorf("another %s gives the same picture", name)
		}
	}
}

func TestDrawTakesAnyNumber(t *testing.T) {
	for _, g := range []event.Gauge{
		{},
		{Value: 5, Min: 9, Max: 3},
		{Value: 5, Min: 5, Max: 5, Warning: 5, Success: 5},
		{Value: math.MinInt, Min: math.MinInt, Max: math.MaxInt, Warning: math.MaxInt, Success: math.MinInt, Severity: "odd"},
		{Value: math.MaxInt, Min: math.MaxInt - 1, Max: math.MaxInt, Warning: -1, Success: math.MaxInt},
		{Value: 900, Max: 100, Warning: 200, Success: -200},
		{Value: -7, Min: -20, Max: -3, Warning: -10, Success: -5, Label: strings.Repeat("W", 1_000_000)},
		{Value: 1, Max: 2, Label: "\xff\x00\u202e 健康 👩‍👧 e\u0301"},
	} {
		decode(t, g)
	}
}

// The card has its own background, so that it is seen on any other, and shows
// the other at its corners.
func TestDrawBringsItsBackground(t *testing.T) {
	m := decode(t, usual())
	if _, _, _, a := m.At(0, 0).RGBA(); a != 0 {
		t.Error("the corner isn't clear")
	}
	if got := color.NRGBAModel.Convert(m.At(20, 150)); got != paper {
		t.Errorf("the card is %v", got)
	}
}

// Without colour: the zones differ in how much white is drawn over them.
func TestZonesDifferInHatching(t *testing.T) {
	g := event.Gauge{Value: 0, Max: 90, Warning: 30, Success: 60, Severity: event.Error}
	m := decode(t, g)
	parts := func(from, to float64, fill color.NRGBA) float64 {
		plain, all := 0, 0
		for at := from; at < to; at += 0.0005 {
			p := polar(at, (inner+outer)/2, 0)
			c, _ := color.NRGBAModel.Convert(m.At(int(p.x), int(p.y))).(color.NRGBA)
			if all++; near(c.R, fill.R) && near(c.G, fill.G) && near(c.B, fill.B) {
				plain++
			}
		}
		return float64(plain) / float64(all)
	}
	worst, fair, best := parts(0.05, 0.3, bad), parts(0.36, 0.63, middle), parts(0.7, 0.95, good)
	if !(worst < fair-0.1 && fair < best-0.1 && best > 0.99) {
		t.Errorf("plain parts of the zones are %.2f, %.2f and %.2f", worst, fair, best)
	}
}

func near(a, b uint8) bool { return max(a, b)-min(a, b) <= 9 }

func TestDrawableLabels(t *testing.T) {
	for in, want := range map[string]string{
		"Health score": "Health score", " Größe\n in °C ": "Größe in °C", "Łódź": "Łódź", "Ωμέγα": "", "Счёт": "",
		"健康": "", "سلام": "", "שלום": "", "👍": "", "a\u0301": "", "\x00a\x1b": "a", "\xff": "",
		strings.Repeat("ab ", 20): strings.TrimRight(strings.Repeat("ab ", 13), " ") + "…",
	} {
		if got := drawable(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func FuzzDraw(f *testing.F) {
	f.Add("Health score", 64, 0, 100, 71, 95)
	f.Add("\xff", math.MinInt, math.MaxInt, 0, -1, 1)
	f.Fuzz(func(t *testing.T, label string, value, low, high, warning, success int) {
		decode(t, event.Gauge{Label: label, Value: value, Min: low, Max: high, Warning: warning, Success: success, Severity: event.Warning})
	})
}

func BenchmarkDraw(b *testing.B) {
	g := usual()
	b.ReportAllocs()
	for b.Loop() {
		Draw(&g)
	}
}
