package slack

import (
	"testing"

	"github.com/sigpost/sigpost/pkg/event/eventtest"
	"github.com/sigpost/sigpost/pkg/secret"
)

func BenchmarkRender(b *testing.B) {
	s, err := New(Config{URL: secret.Fixed("https://example.com/hook")})
	if err != nil {
		b.Fatal(err)
	}
	e := eventtest.Canonical()[0].Event
	b.ReportAllocs()
	for b.Loop() {
		s.Render(&e)
	}
}
