package teams

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"testing"

	"github.com/sigpost/sigpost/pkg/event"
)

const (
	npmDir = "../../../scripts/npm"
	// schemaFile is where scripts/test puts Microsoft's schema.
	schemaFile = "../../../.bin/adaptive-card-1.5.0.json"
)

// contents are the cards of all events, one a line: full and reduced, with and
// without mentions, the gauges with and without a picture.
func contents(t *testing.T) (names []string, cards []byte) {
	t.Helper()
	bare, calling := newSink(t, ""), mentioning(t, Mention{To: []Person{ada, grace}})
	add := func(name string, s *Sink, e *event.Event) {
		for _, body := range [][]byte{s.Render(e).Body, s.RenderReduced(e).Body} {
			var m struct {
				Attachments []struct{ Content json.RawMessage }
			}
			if err := json.Unmarshal(body, &m); err != nil {
				t.Fatal(name, err)
			}
			names = append(names, name)
			cards = append(append(cards, m.Attachments[0].Content...), '\n')
		}
	}
	for _, c := range pictured() {
		add(c.Name+" with a picture", bare, &c.Event)
		if c.Event.Gauge != nil {
			c.Event.Gauge.Image = ""
		}
		add(c.Name, bare, &c.Event)
		add(c.Name+" with mentions", calling, &c.Event)
	}
	return names, cards
}

// judged runs a script over all cards, which must have nothing to say of any.
func judged(t *testing.T, needs string, args ...string) {
	t.Helper()
	if _, err := os.Stat(npmDir + "/node_modules/" + needs); err != nil {
		t.Skipf("%s is not installed: run npm ci in scripts/npm", needs)
	}
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("node is not installed")
	}
	names, cards := contents(t)
	cmd := exec.Command("node", args...) //nolint:gosec // the test's own words
	cmd.Stdin, cmd.Stderr = bytes.NewReader(cards), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	said := bytes.Split(bytes.TrimSpace(out), []byte("\n"))
	if len(said) != len(names) || len(names) < 200 {
		t.Fatalf("%d answers for %d cards", len(said), len(names))
	}
	for i, line := range said {
		if string(line) != "[]" {
			t.Errorf("%s: %s", names[i], line)
		}
	}
}

// Microsoft's own parser has nothing to say about any card, besides that it
// doesn't know Teams' charts.
func TestMicrosoftsParserAcceptsCards(t *testing.T) {
	judged(t, "adaptivecards", npmDir+"/parse.js")
}

// Microsoft's schema has nothing against any card, less what is Teams' own.
func TestMicrosoftsSchemaAcceptsCards(t *testing.T) {
	if _, err := os.Stat(schemaFile); err != nil {
		t.Skipf("%v: scripts/test gets it from Microsoft's repository", err)
	}
	judged(t, "ajv", npmDir+"/schema.js", schemaFile)
}
