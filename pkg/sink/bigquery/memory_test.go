package bigquery

import (
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/sigpost/sigpost/pkg/sink/bigquery/bigquerytest"
)

// TestMemory draws large bodies. Beside a body there may be
// as much again and a row.
func TestMemory(t *testing.T) {
	const (
		size = 12_000_000
		most = maxBytes + 4<<20
	)
	fill := func(begin, part, end string) []byte {
		return []byte(begin + strings.Repeat(part, (size-len(begin)-len(end))/len(part)) + end)
	}
	for name, raw := range map[string][]byte{
		"a form":         fill("payload=%7B%22a%22%3A%22", "x", "%22%7D"),
		"a form, quoted": fill("payload=%5B%22", "%C3%A9", "%22%5D"),
		"deep":           fill("", "[", ""),
		"deep objects":   fill("", `{"":`, ""),
		"a number":       fill(`{"a":`, "1", "}"),
		"a fraction":     fill(`{"a":0.`, "1", "}"),
		"a power":        fill(`{"a":1e`, "1", "}"),
		"a text":         fill(`{"a":"`, `\"`, `"}`),
		"a name":         fill(`{"`, "é", `":1}`),
		"names":          fill(`{"a":1`, `,"a name":"`+strings.Repeat("x", 100)+`"`, "}"),
		"a list":         fill(`[1`, ",1", "]"),
	} {
		for _, more := range []int{0, 1} { // whole, or said to be a beginning
			if more == 1 && !strings.HasPrefix(name, "deep") {
				continue
			}
			e := testEvent()
			e.Raw, e.RawBytes = raw, len(raw)+more
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			start := time.Now()
			m := newSink(t, nil).Render(e)
			took := time.Since(start)
			runtime.ReadMemStats(&after)
			t.Logf("%s: %.1f MB, %s, %d bytes", name, float64(after.TotalAlloc-before.TotalAlloc)/1e6, took.Round(time.Millisecond), len(m.Body))
			if err := bigquerytest.Check(m.Body); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if used := after.TotalAlloc - before.TotalAlloc; used > size+most {
				t.Errorf("%s: %d bytes for a body of %d", name, used, size)
			}
		}
	}
}
