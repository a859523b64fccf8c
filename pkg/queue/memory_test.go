package queue

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// bench is a Memory and its clock.
type bench struct {
	*Memory
	t   *testing.T
	clk time.Time
}

func newBench(t *testing.T, j Journal) *bench {
	t.Helper()
	b := &bench{t: t, clk: accepted}
	b.Memory = NewMemory(func() time.Time { return b.clk }, j, nil, nil)
	return b
}

// put adds items named "group/n".
func (b *bench) put(names ...string) {
	b.t.Helper()
	var items []Item
	for _, n := range names {
		g, _, _ := strings.Cut(n, "/")
		items = append(items, Item{ID: n, Group: g, Body: []byte(n)})
	}
	if err := b.Put(b.t.Context(), items); err != nil {
		b.t.Fatal(err)
	}
}

// take wants one item, or none for "".
func (b *bench) take(want string) Lease {
	b.t.Helper()
	l, _, ok := b.Take()
	if got := string(l.Body); got != want || ok != (want != "") {
		b.t.Fatalf("took %q, want %q", got, want)
	}
	return l
}

func (b *bench) settle(l Lease, v Verdict) {
	b.t.Helper()
	if err := b.Settle(l, v); err != nil {
		b.t.Fatal(err)
	}
}

func TestAGroupKeepsItsOrderAndOthersDoNotWait(t *testing.T) {
	b := newBench(t, nil)
	b.put("a/1", "a/2", "b/1", "a/3")
	a1 := b.take("a/1")
	b1 := b.take("b/1")
	b.take("")
	b.settle(a1, Verdict{Again: true, After: time.Minute})
	b.take("")
	b.settle(b1, Verdict{})
	b.take("")
	b.clk = b.clk.Add(time.Minute - 1)
	if _, wait, ok := b.Take(); ok || wait != 1 {
		t.Errorf("wait %v, %v", wait, ok)
	}
	b.clk = b.clk.Add(1)
	a1 = b.take("a/1")
	if a1.Received != 2 {
		t.Errorf("received %d times, want 2", a1.Received)
	}
	b.settle(a1, Verdict{})
	b.settle(b.take("a/2"), Verdict{})
	b.settle(b.take("a/3"), Verdict{})
	b.take("")
	if b.Len() != 0 {
		t.Errorf("%d left", b.Len())
	}
	b.put("a/1")
	b.take("a/1")
}

func TestAnItemThatIsThereIsNotStoredTwice(t *testing.T) {
	b := newBench(t, nil)
	b.put("a/1", "a/1")
	l := b.take("a/1")
	b.put("a/1")
	b.settle(l, Verdict{})
	b.take("")
	b.put("a/1")
	b.take("a/1")
}

func TestTheDead(t *testing.T) {
	b := newBench(t, nil)
	for _, d := range []Dead{{ID: "1", Reason: "a"}, {ID: "2"}, {ID: "1", Reason: "b"}} {
		if err := b.Bury(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}
	if d := b.Dead(); len(d) != 2 || d[0].Reason != "b" {
		t.Errorf("dead: %+v", d)
	}
	if err := errors.Join(b.Unbury("1"), b.Unbury("1")); err != nil {
		t.Error(err)
	}
	if d := b.Dead(); len(d) != 1 || d[0].ID != "2" {
		t.Errorf("dead: %+v", d)
	}
}

// broken is a Journal that fails when it is told to.
type broken struct{ on bool }

func (b *broken) err() error {
	if b.on {
		return errors.New("disk is full")
	}
	return nil
}
func (b *broken) Save([]Record) error { return b.err() }
func (b *broken) Delete(uint64) error { return b.err() }
func (b *broken) Bury(Dead) error     { return b.err() }
func (b *broken) Unbury(string) error { return b.err() }

func TestWhatTheJournalDidNotTakeIsNotTaken(t *testing.T) {
	j := &broken{}
	b := newBench(t, j)
	b.put("a/1")
	j.on = true
	if b.Put(t.Context(), []Item{{ID: "a/2", Group: "a"}}) == nil || b.Len() != 1 {
		t.Errorf("taken without a journal: %d", b.Len())
	}
	if b.Bury(t.Context(), Dead{ID: "x"}) == nil || len(b.Dead()) != 0 {
		t.Error("buried without a journal")
	}
	if l := b.take("a/1"); b.Settle(l, Verdict{}) == nil {
		t.Error("settled without a journal")
	}
	if l := b.take("a/1"); b.Settle(l, Verdict{Again: true}) == nil {
		t.Error("put back without a journal")
	}
	j.on = false
	b.settle(b.take("a/1"), Verdict{})
	b.take("")
}

func TestManyWorkersKeepTheOrderOfEachGroup(t *testing.T) {
	m := NewMemory(nil, nil, nil, nil)
	const groups, each = 40, 25
	var left atomic.Int32
	left.Store(groups * each)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var mu sync.Mutex
	next := map[string]int{}
	done := make(chan struct{})
	go func() {
		defer close(done)
		m.Work(ctx, 8, func(_ context.Context, msg Message) Verdict {
			g, n, _ := strings.Cut(string(msg.Body), "/")
			mu.Lock()
			defer mu.Unlock()
			if msg.Received == 1 && (n + g)[0]%3 == 0 {
				return Verdict{Again: true, After: time.Millisecond}
			}
			if want := fmt.Sprint(next[g]); n != want {
				t.Errorf("group %s: %s came, want %s", g, n, want)
			}
			next[g]++
			if left.Add(-1) == 0 {
				stop()
			}
			return Verdict{}
		})
	}()
	for n := range each {
		for g := range groups {
			id := fmt.Sprintf("%d/%d", g, n)
			if err := m.Put(t.Context(), []Item{{ID: id, Group: fmt.Sprint(g), Body: []byte(id)}}); err != nil {
				t.Fatal(err)
			}
		}
	}
	<-done
	if left.Load() != 0 || m.Len() != 0 {
		t.Errorf("%d not worked on, %d left", left.Load(), m.Len())
	}
}

func TestRecordsOfAJournalGoOn(t *testing.T) {
	records := []Record{{Seq: 3, ID: "a/1", Group: "a", Body: []byte("a/1")}, {Seq: 7, ID: "a/2", Group: "a", Body: []byte("a/2")}}
	m := NewMemory(nil, nil, slices.Clone(records), []Dead{{ID: "x"}})
	l, _, ok := m.Take()
	if !ok || string(l.Body) != "a/1" || len(m.Dead()) != 1 {
		t.Fatalf("took %q", l.Body)
	}
	if err := m.Put(t.Context(), []Item{{ID: "b/1", Group: "b", Body: []byte("b/1")}, {ID: "a/1", Group: "a"}}); err != nil {
		t.Fatal(err)
	}
	if l, _, _ := m.Take(); string(l.Body) != "b/1" || m.seq != 8 || m.Len() != 3 {
		t.Errorf("took %q, number %d, %d there", l.Body, m.seq, m.Len())
	}
}
