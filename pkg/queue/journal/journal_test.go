package journal

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sigpost/sigpost/pkg/queue"
)

// copyOf is a copy of the file as it is on disk at this moment: what a process
// that is killed now leaves behind.
func copyOf(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "copy")
	if err := os.WriteFile(out, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return out
}

// reopen is a queue on the file, closed at the test's end.
func reopen(t *testing.T, path string, now time.Time) *queue.Memory {
	t.Helper()
	f, records, dead, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return queue.NewMemory(func() time.Time { return now }, f, records, dead)
}

func drain(t *testing.T, m *queue.Memory) string {
	t.Helper()
	var all []string
	for {
		l, _, ok := m.Take()
		if !ok {
			return strings.Join(all, " ")
		}
		all = append(all, fmt.Sprintf("%s:%d", l.Body, l.Received))
		if err := m.Settle(l, queue.Verdict{}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAKilledQueueGoesOn(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	path := filepath.Join(t.TempDir(), "queue")
	f, _, _, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	// Numbers of one byte and of two.
	m := queue.NewMemory(func() time.Time { return now }, f, []queue.Record{{Seq: 250, ID: "first"}}, nil)
	if l, _, ok := m.Take(); !ok || m.Settle(l, queue.Verdict{}) != nil {
		t.Fatal("the first is not there")
	}
	var items []queue.Item
	for i := range 10 {
		items = append(items, queue.Item{ID: fmt.Sprint(i), Group: fmt.Sprint(i % 2), Body: fmt.Append(nil, i)})
	}
	if err := m.Put(t.Context(), items); err != nil {
		t.Fatal(err)
	}
	for range 6 {
		l, _, _ := m.Take()
		if err := m.Settle(l, queue.Verdict{}); err != nil {
			t.Fatal(err)
		}
	}
	l, _, _ := m.Take()
	if err := m.Settle(l, queue.Verdict{Again: true, After: time.Minute}); err != nil {
		t.Fatal(err)
	}
	if _, _, ok := m.Take(); !ok { // out when the process is killed
		t.Fatal("nothing to take")
	}
	for i := range 3 {
		d := queue.Dead{ID: fmt.Sprint(2 - i), Reason: "refused", Buried: now.Add(time.Duration(i)), Body: []byte("x")}
		if err := m.Bury(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}
	if err := m.Unbury("1"); err != nil {
		t.Fatal(err)
	}
	killed := copyOf(t, path)
	again := reopen(t, killed, now)
	if got := drain(t, again); got != "7:2 9:2" {
		t.Errorf("at once: %s", got)
	}
	later := reopen(t, copyOf(t, path), now.Add(time.Minute))
	if got := drain(t, later); got != "7:2 9:2 6:3 8:2" {
		t.Errorf("a minute later: %s", got)
	}
	if d := later.Dead(); len(d) != 2 || d[0].ID != "2" || d[1].ID != "0" || string(d[0].Body) != "x" {
		t.Errorf("dead: %+v", d)
	}
}

func TestAFileInUseIsNamed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "queue")
	reopen(t, path, time.Now())
	if _, _, _, err := Open(path); err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "another sigpost") {
		t.Errorf("got %v", err)
	}
}

func TestAFileThatIsNoQueueIsAnError(t *testing.T) {
	path := filepath.Join(t.TempDir(), "queue")
	if err := os.WriteFile(path, []byte(strings.Repeat("not a queue ", 5000)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, _, err := Open(path); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("got %v", err)
	}
}
