package bigquery

import (
	"testing"

	"github.com/sigpost/sigpost/pkg/source"
)

func BenchmarkRender(b *testing.B) {
	s := newSink(b, nil)
	req, err := source.Sample("github", "issues.opened")
	if err != nil {
		b.Fatal(err)
	}
	e := testEvent()
	e.Raw = req.Body
	b.SetBytes(int64(len(e.Raw)))
	b.ReportAllocs()
	for b.Loop() {
		s.Render(e)
	}
}
