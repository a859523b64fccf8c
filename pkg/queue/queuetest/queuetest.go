// Package queuetest is the suite that every queue.Queue must pass.
package queuetest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/event/eventtest"
	"github.com/sigpost/sigpost/pkg/queue"
)

// Fixture is an empty queue and what is around it.
type Fixture struct {
	Queue queue.Queue
	// Work hands everything that is due to work, once more if that settles it so
	// that it is due again, and returns when nothing is. Work may be called by
	// several goroutines at once.
	Work func(work func(queue.Message) queue.Verdict)
	// Pass lets time pass for the queue. The suite stays below the time for which
	// a queue keeps what nobody settles.
	Pass func(time.Duration)
	// Dead is what was buried.
	Dead func() []queue.Dead
	// Down, if not nil, makes the queue unreachable, and reachable again.
	Down func(bool)
	// Doubles tells that an item that is put twice is handed out twice: one after
	// the other, so that whoever works on them knows the second by its ID.
	Doubles bool
}

// Run tests the queues that open makes.
func Run(t *testing.T, open func(t *testing.T) Fixture) {
	t.Helper()
	for name, test := range map[string]func(*kit){
		"hands out what was put": handsOut, "an item that is there is not stored twice": once, "order": order,
		"a group waits for its first": waits, "many at once": many, "the limit": limit, "hostile events": hostile,
		"the dead": dead, "the dead are whole": deadWhole, "down": down,
	} {
		t.Run(name, func(t *testing.T) { test(&kit{T: t, Fixture: open(t)}) })
	}
}

// maxLong bounds bodies, in bytes, where a queue takes more: it is the limit of
// the clouds' queues.
const maxLong = 1 << 20

type kit struct {
	*testing.T
	Fixture
}

// item is an item of a group; its body is its name.
func item(group string, name string) queue.Item {
	return queue.Item{ID: queue.BodyID([]byte(name)), Group: queue.BodyID([]byte(group)), Body: []byte(`"` + name + `"`)}
}

// put adds items named "group/name".
func (k *kit) put(names ...string) {
	k.Helper()
	items := make([]queue.Item, 0, len(names))
	for _, n := range names {
		group, _, _ := strings.Cut(n, "/")
		items = append(items, item(group, n))
	}
	if err := k.Queue.Put(k.Context(), items); err != nil {
		k.Fatal(err)
	}
}

// work takes what is due and returns what came, "name received" each, in the
// order of its group; say tells the verdict, nil takes everything off.
func (k *kit) work(say func(name string) queue.Verdict) map[string][]string {
	k.Helper()
	var mu sync.Mutex
	got := map[string][]string{}
	k.Work(func(m queue.Message) queue.Verdict {
		mu.Lock()
		defer mu.Unlock()
		name := strings.Trim(string(m.Body), `"`)
		group, _, _ := strings.Cut(name, "/")
		got[group] = append(got[group], fmt.Sprintf("%s %d", name, m.Received))
		if say == nil {
			return queue.Verdict{}
		}
		return say(name)
	})
	return got
}

func (k *kit) want(got map[string][]string, want ...string) {
	k.Helper()
	var all []string
	for _, g := range got {
		all = append(all, g...)
	}
	if len(all) != len(want) {
		k.Fatalf("came %v, want %v", got, want)
	}
	for _, w := range want {
		group, _, _ := strings.Cut(w, "/")
		if len(got[group]) == 0 || got[group][0] != w {
			k.Fatalf("came %v, want %v", got, want)
		}
		got[group] = got[group][1:]
	}
}

func handsOut(k *kit) {
	k.want(k.work(nil))
	k.put("a/1")
	k.put()
	k.want(k.work(nil), "a/1 1")
	k.want(k.work(nil))
	if n := k.Queue.Limit(); n < 256<<10 {
		k.Errorf("the limit is %d bytes: an event of ordinary size must fit", n)
	}
}

func once(k *kit) {
	if k.Doubles {
		k.put("a/1", "a/1", "a/2")
		k.put("a/1")
		k.want(k.work(nil), "a/1 1", "a/1 1", "a/2 1", "a/1 1")
		return
	}
	k.put("a/1", "a/1")
	k.put("a/1")
	k.want(k.work(func(string) queue.Verdict {
		k.put("a/1")
		return queue.Verdict{Again: true, After: time.Minute}
	}), "a/1 1")
	k.put("a/1")
	k.Pass(time.Minute)
	k.want(k.work(nil), "a/1 2")
	k.want(k.work(nil))
}

func order(k *kit) {
	k.put("a/1", "b/1", "a/2", "c/1", "a/3", "b/2")
	k.put("a/4")
	k.want(k.work(nil), "a/1 1", "a/2 1", "a/3 1", "a/4 1", "b/1 1", "b/2 1", "c/1 1")
}

// waits wants what follows an item that waits to come after it, and only then,
// and another group not to wait. How often what follows was handed out is the
// queue's own matter.
func waits(k *kit) {
	k.put("a/1", "a/2", "b/1", "a/3")
	k.want(k.work(func(name string) queue.Verdict {
		return queue.Verdict{Again: name == "a/1", After: 90 * time.Second}
	}), "a/1 1", "b/1 1")
	k.put("a/4", "b/2")
	k.Pass(90*time.Second - time.Millisecond)
	k.want(k.work(nil), "b/2 1")
	k.Pass(time.Millisecond)
	got := k.work(nil)["a"]
	if len(got) != 4 || got[0] != "a/1 2" {
		k.Fatalf("came %v", got)
	}
	for i, g := range got {
		if !strings.HasPrefix(g, fmt.Sprintf("a/%d ", i+1)) {
			k.Fatalf("came %v", got)
		}
	}
	k.want(k.work(nil))
}

func many(k *kit) {
	var names []string
	for i := range 60 {
		names = append(names, fmt.Sprintf("%c/%d", 'a'+i%7, i))
	}
	k.put(names...)
	var want []string
	for _, n := range names {
		want = append(want, n+" 1")
	}
	k.want(k.work(nil), want...)
}

// limit puts bodies as long as they may be, more in one call than fit together.
func limit(k *kit) {
	var items []queue.Item
	for i := range 3 {
		it := item(fmt.Sprint(i%2), fmt.Sprint("long/", i))
		n := min(k.Queue.Limit(), maxLong)
		it.Body = []byte(`"` + strings.Repeat(fmt.Sprint(i), n-2) + `"`)
		items = append(items, it)
	}
	if err := k.Queue.Put(k.Context(), items); err != nil {
		k.Fatal(err)
	}
	var mu sync.Mutex
	came := 0
	k.Work(func(m queue.Message) queue.Verdict {
		mu.Lock()
		defer mu.Unlock()
		for _, it := range items {
			if bytes.Equal(it.Body, m.Body) {
				came++
			}
		}
		return queue.Verdict{}
	})
	if came != len(items) {
		k.Errorf("%d of %d came as they were", came, len(items))
	}
}

// hostile wants jobs of any event to come back as jobs.
func hostile(k *kit) {
	var items []queue.Item
	want := map[string]bool{}
	add := func(name string, e event.Event) {
		e.ID, e.Source, e.Raw = name, "github", []byte("\x00\xff body")
		it, err := queue.Job{Sink: "ops", Event: e, Accepted: time.UnixMilli(0)}.Item(min(k.Queue.Limit(), maxLong))
		if err != nil {
			k.Fatal(name, err)
		}
		items = append(items, it)
		want[it.ID] = true
	}
	for i, c := range eventtest.Hostile() {
		add(fmt.Sprint(i), c.Event)
	}
	add("noncharacters", event.Event{Title: "a\uFFFE\uFFFF\x00\x01\x7f\u2028z", Key: "\uFFFF"})
	if err := k.Queue.Put(k.Context(), items); err != nil {
		k.Fatal(err)
	}
	var mu sync.Mutex
	k.Work(func(m queue.Message) queue.Verdict {
		mu.Lock()
		defer mu.Unlock()
		j, err := queue.Decode(m.Body)
		if err != nil || string(j.Event.Raw) != "\x00\xff body" {
			k.Errorf("%v: %.200s", err, m.Body)
		}
		delete(want, j.ID())
		return queue.Verdict{}
	})
	if len(want) > 0 {
		k.Errorf("%d did not come", len(want))
	}
}

func dead(k *kit) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	first := queue.Dead{
		ID: queue.BodyID([]byte("1")), Reason: "refused\u2028: \"<no>\" \uFFFF", Status: 404, Attempts: 3, Buried: at,
		Source: "github", Type: "issues.opened", Sink: "ops", Body: []byte(`{"version":1}`),
	}
	second := queue.Dead{ID: queue.BodyID([]byte("2")), Reason: "no job", Buried: at.Add(time.Second), Body: []byte("\xff\x00\x01")}
	for _, d := range []queue.Dead{first, second, first} {
		if err := k.Queue.Bury(k.Context(), d); err != nil {
			k.Fatal(err)
		}
	}
	got := k.Dead()
	if len(got) != 2 {
		k.Fatalf("%d dead, want 2: one was buried twice", len(got))
	}
	for i, want := range []queue.Dead{first, second} {
		want.Reason, got[i].Reason = strings.Trim(want.Reason, "\uFFFF"), strings.Trim(got[i].Reason, "\uFFFD\uFFFF")
		a, _ := json.Marshal(want)
		b, _ := json.Marshal(got[i])
		if !bytes.Equal(a, b) {
			k.Errorf("buried %s\ncame   %s", a, b)
		}
	}
	k.want(k.work(nil))
}

// deadWhole buries the longest job that there can be with the longest texts, and
// something longer that is none.
func deadWhole(k *kit) {
	long := strings.Repeat("\x01é", 64<<10)
	n := min(k.Queue.Limit(), maxLong)
	d := queue.Dead{
		ID: queue.BodyID([]byte("1")), Reason: long, Source: long, Type: long, Sink: long,
		Body: []byte(strings.Repeat("x", n)),
	}
	if err := k.Queue.Bury(k.Context(), d); err != nil {
		k.Fatal(err)
	}
	d.ID, d.Body = queue.BodyID([]byte("2")), append(d.Body, d.Body...)
	if err := k.Queue.Bury(k.Context(), d); err != nil {
		k.Fatal(err)
	}
	got := k.Dead()
	if len(got) != 2 || len(got[0].Body) != n || got[0].Reason[:3] != "\x01é" || len(got[1].Body) < n {
		k.Errorf("%d dead", len(got))
	}
}

func down(k *kit) {
	if k.Down == nil {
		k.Log("this queue can't be down")
		return
	}
	k.put("a/1")
	k.Down(true)
	if err := k.Queue.Put(k.Context(), []queue.Item{item("a", "a/2")}); err == nil {
		k.Error("put into a queue that is down")
	}
	if err := k.Queue.Bury(k.Context(), queue.Dead{ID: queue.BodyID(nil), Body: []byte("x")}); err == nil {
		k.Error("buried in a queue that is down")
	}
	k.Down(false)
	if n := len(k.Dead()); n != 0 {
		k.Errorf("%d dead", n)
	}
	k.put("a/2")
	k.want(k.work(nil), "a/1 1", "a/2 1")
}
