package slack

import (
	"testing"

	"github.com/sigpost/sigpost/pkg/event/eventtest"
)

func BenchmarkRender(b *testing.B) {
	s := newSink(b, "")
	for _, c := range append(eventtest.Canonical()[:1], eventtest.Hostile()...) {
		b.Run(c.Name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				s.Render(&c.Event)
			}
		})
	}
}
