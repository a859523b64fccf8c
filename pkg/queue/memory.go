package queue

import (
	"container/heap"
	"context"
	"slices"
	"sync"
	"time"
)

// Journal keeps what a Memory holds, so that another can carry on after a kill.
// Each call is durable, and all of it or nothing, when it returns nil.
type Journal interface {
	// Save stores records, new or changed.
	Save(records []Record) error
	// Delete forgets a record.
	Delete(seq uint64) error
	// Bury stores a dead job, in place of one with the same ID.
	Bury(dead Dead) error
	// Unbury forgets a dead job.
	Unbury(id string) error
}

// Record is an item as a Journal keeps it.
type Record struct {
	Seq      uint64    `json:"seq"` // order of arrival, from 1
	ID       string    `json:"id"`
	Group    string    `json:"group"`
	Body     []byte    `json:"body"`
	Received int       `json:"received"`
	Due      time.Time `json:"due"` // not to be handed out before
}

// memoryLimit is the most bytes of a body in a Memory: 32 MiB, more than any
// source takes.
const memoryLimit = 32 << 20

// Memory is a Queue within one process, with the guarantees of the clouds' ones:
// order within a group, whose later items wait while an earlier one is out or
// waits itself; an item that is known by its ID is not stored twice while it is
// there. It is safe for concurrent use.
type Memory struct {
	now     func() time.Time
	journal Journal

	mu     sync.Mutex
	seq    uint64
	groups map[string]*group
	ids    map[string]bool
	ready  schedule
	dead   []Dead
	wake   chan struct{} // closed and made anew whenever something was added or settled
}

// group is the items of one group in order. While its first is handed out, busy
// is set and the group is not in the schedule.
type group struct {
	name  string
	items []*Record
	busy  bool
}

// Lease is an item handed out. It must be settled.
type Lease struct {
	Message
	group *group
}

var _ Queue = (*Memory)(nil)

// NewMemory returns a queue that reads the time from now (nil: time.Now). With
// a journal it is durable; records and dead are what that journal had kept.
func NewMemory(now func() time.Time, j Journal, records []Record, dead []Dead) *Memory {
	if now == nil {
		now = time.Now
	}
	m := &Memory{now: now, journal: j, groups: map[string]*group{}, ids: map[string]bool{}, dead: dead, wake: make(chan struct{})}
	for i := range records {
		records[i].Received++ // perhaps, when the process before was killed
		m.add(&records[i])
		m.seq = max(m.seq, records[i].Seq)
	}
	return m
}

// Limit implements Queue.
func (m *Memory) Limit() int { return memoryLimit }

// Put implements Queue.
func (m *Memory) Put(_ context.Context, items []Item) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	var records []Record
	seq := m.seq
	for _, it := range items {
		if m.ids[it.ID] || slices.ContainsFunc(records, func(r Record) bool { return r.ID == it.ID }) {
			continue
		}
		seq++
		records = append(records, Record{Seq: seq, ID: it.ID, Group: it.Group, Body: it.Body, Due: m.now()})
	}
	if m.journal != nil && len(records) > 0 {
		if err := m.journal.Save(records); err != nil {
			return err
		}
	}
	m.seq = seq
	for i := range records {
		m.add(&records[i])
	}
	m.signal()
	return nil
}

func (m *Memory) add(r *Record) {
	m.ids[r.ID] = true
	g := m.groups[r.Group]
	if g == nil {
		g = &group{name: r.Group}
		m.groups[r.Group] = g
	}
	g.items = append(g.items, r)
	if len(g.items) == 1 {
		heap.Push(&m.ready, g)
	}
}

func (m *Memory) signal() {
	close(m.wake)
	m.wake = make(chan struct{})
}

// Bury implements Queue.
func (m *Memory) Bury(_ context.Context, d Dead) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.journal != nil {
		if err := m.journal.Bury(d); err != nil {
			return err
		}
	}
	if i := m.indexDead(d.ID); i >= 0 { // buried before, by a worker that then died
		m.dead[i] = d
		return nil
	}
	m.dead = append(m.dead, d)
	return nil
}

func (m *Memory) indexDead(id string) int {
	return slices.IndexFunc(m.dead, func(d Dead) bool { return d.ID == id })
}

// Unbury takes a dead job out; one that isn't there is no error.
func (m *Memory) Unbury(id string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	i := m.indexDead(id)
	if i < 0 {
		return nil
	}
	if m.journal != nil {
		if err := m.journal.Unbury(id); err != nil {
			return err
		}
	}
	m.dead = slices.Delete(m.dead, i, i+1)
	return nil
}

// Dead is what was buried, oldest first.
func (m *Memory) Dead() []Dead {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.dead)
}

// Len is how many items are waiting or out.
func (m *Memory) Len() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.ids)
}

// Take hands out the item that is due longest. Without one, ok is false and
// wait is how long until the next will be; 0 if none is known.
func (m *Memory) Take() (l Lease, wait time.Duration, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.ready) == 0 {
		return Lease{}, 0, false
	}
	g := m.ready[0]
	if wait := g.items[0].Due.Sub(m.now()); wait > 0 {
		return Lease{}, wait, false
	}
	heap.Pop(&m.ready)
	g.busy = true
	r := g.items[0]
	r.Received++
	return Lease{Message: Message{Body: r.Body, Received: r.Received}, group: g}, 0, true
}

// Settle ends a lease. The error is the journal's: the item is then handed out
// again, since it would be after a restart.
func (m *Memory) Settle(l Lease, v Verdict) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	defer m.signal()
	g := l.group
	g.busy = false
	r := g.items[0]
	var err error
	if v.Again {
		r.Due = m.now().Add(max(v.After, 0))
		if m.journal != nil {
			err = m.journal.Save([]Record{*r})
		}
		heap.Push(&m.ready, g)
		return err
	}
	if m.journal != nil {
		if err = m.journal.Delete(r.Seq); err != nil {
			heap.Push(&m.ready, g)
			return err
		}
	}
	delete(m.ids, r.ID)
	g.items[0] = nil
	if g.items = g.items[1:]; len(g.items) > 0 {
		heap.Push(&m.ready, g)
		return nil
	}
	delete(m.groups, g.name)
	return nil
}

// Work hands items to work, at most workers at a time, until ctx ends; then it
// waits for those that are out.
func (m *Memory) Work(ctx context.Context, workers int, work func(context.Context, Message) Verdict) {
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for ctx.Err() == nil {
				m.workOne(ctx, work)
			}
		})
	}
	wg.Wait()
}

func (m *Memory) workOne(ctx context.Context, work func(context.Context, Message) Verdict) {
	m.mu.Lock()
	wake := m.wake
	m.mu.Unlock()
	l, wait, ok := m.Take()
	if ok {
		// What a journal can't store now is handed out again.
		_ = m.Settle(l, work(ctx, l.Message))
		return
	}
	var due <-chan time.Time
	if wait > 0 {
		t := time.NewTimer(wait)
		defer t.Stop()
		due = t.C
	}
	select {
	case <-wake:
	case <-due:
	case <-ctx.Done():
	}
}

// schedule is the groups that have an item and are not busy, the one that is
// due first at the top; of two that are due at once, the one that came first.
type schedule []*group

func (s schedule) Len() int { return len(s) }

func (s schedule) Less(i, j int) bool {
	a, b := s[i].items[0], s[j].items[0]
	if !a.Due.Equal(b.Due) {
		return a.Due.Before(b.Due)
	}
	return a.Seq < b.Seq
}

func (s schedule) Swap(i, j int) { s[i], s[j] = s[j], s[i] }

func (s *schedule) Push(g any) { *s = append(*s, g.(*group)) } //nolint:forcetypeassert // heap pushes what it is given

func (s *schedule) Pop() any {
	old := *s
	g := old[len(old)-1]
	old[len(old)-1] = nil
	*s = old[:len(old)-1]
	return g
}
