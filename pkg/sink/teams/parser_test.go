package teams

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"testing"

	"github.com/sigpost/sigpost/pkg/event/eventtest"
)

// Microsoft's own parser has nothing to say about any card, full or reduced,
// besides that it doesn't know Teams' charts.
func TestMicrosoftsParserAcceptsCards(t *testing.T) {
	const parser = "../../../scripts/npm"
	if _, err := os.Stat(parser + "/node_modules/adaptivecards"); err != nil {
		t.Skip("adaptivecards is not installed: run npm ci in scripts/npm")
	}
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("node is not installed")
	}
	s := newSink(t, "")
	var in bytes.Buffer
	var names []string
	for _, c := range append(eventtest.Canonical(), eventtest.Hostile()...) {
		for _, full := range []bool{true, false} {
			render := s.Render
			if !full {
				render = s.RenderReduced
			}
			var e struct {
				Attachments []struct{ Content json.RawMessage }
			}
			if err := json.Unmarshal(render(&c.Event).Body, &e); err != nil {
				t.Fatal(c.Name, err)
			}
			in.Write(append(e.Attachments[0].Content, '\n'))
			names = append(names, c.Name)
		}
	}
	cmd := exec.Command("node", parser+"/parse.js")
	cmd.Stdin, cmd.Stderr = &in, os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	said := bytes.Split(bytes.TrimSpace(out), []byte("\n"))
	if len(said) != len(names) {
		t.Fatalf("%d answers for %d cards", len(said), len(names))
	}
	for i, line := range said {
		if string(line) != "[]" {
			t.Errorf("%s: %s", names[i], line)
		}
	}
}
