package bigquery

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/sigpost/sigpost/pkg/source"
)

// BenchmarkRender draws a row with a payload as GitHub writes it: in one line,
// and full of addresses.
func BenchmarkRender(b *testing.B) {
	s := newSink(b, nil)
	req, err := source.Sample("github", "issues.opened")
	if err != nil {
		b.Fatal(err)
	}
	var body bytes.Buffer
	if err := json.Compact(&body, req.Body); err != nil {
		b.Fatal(err)
	}
	addresses := strings.Repeat(`"followers_url":"https://api.github.com/users/octocat/followers{/other_user}",`, 80)
	e := testEvent()
	e.Raw = []byte("{" + addresses + body.String()[1:])
	b.SetBytes(int64(len(e.Raw)))
	b.ReportAllocs()
	for b.Loop() {
		s.Render(e)
	}
}
