package slack

import "testing"

// A place that Slack can't have told is no place: a reply to it would be refused
// for as long as the memory lives.
func TestRecallForgetsAPlaceThatIsNone(t *testing.T) {
	for _, text := range []string{
		`{"at":"#ops","ts":"1.2"}`,
		`{"at":"#ops","c":"#ops","ts":"1.2"}`,
		`{"at":"#ops","c":"C0123456789","ts":"yesterday"}`,
		`{"at":"#ops","c":"C0123456789\n","ts":"1.2"}`,
	} {
		if m := recall(text, "#ops"); m.TS != "" || m.Channel != "" {
			t.Errorf("recall(%s) is at %q, %q", text, m.Channel, m.TS)
		}
	}
	if m := recall(`{"at":"#ops","c":"C0123456789","ts":"1.2","d":[{"i":"x","s":1}]}`, "#ops"); m.TS != "1.2" || len(m.Done) != 1 {
		t.Errorf("a good memory was forgotten: %+v", m)
	}
}
