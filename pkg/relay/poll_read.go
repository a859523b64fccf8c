package relay

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/sigpost/sigpost/pkg/deliver"
	"github.com/sigpost/sigpost/pkg/secret"
	"github.com/sigpost/sigpost/pkg/source"
)

const (
	// maxPages and maxReadBytes bound what one poll reads. The next one goes on
	// from there.
	maxPages     = 100
	maxReadBytes = 16 << 20
	// maxSkew is how far a source's clock may be from ours to be believed.
	maxSkew = 24 * time.Hour
)

// reading is what one poll read.
type reading struct {
	progress
	entries  []source.Entry // each once, oldest first
	complete bool           // to the log's end
	cut      bool           // to where one poll stops
	now      time.Time      // by the source's clock; zero if it does not tell

	seen       map[string]bool
	bytes      int64
	unreadable int
	latest     time.Time // of all entries
	previous   time.Time // of the entry that came last
	rises      bool      // no entry is older than the one that came before it
	falls      bool      // no entry is newer
}

var errRepeats = errors.New("its pages repeat or are empty, though it says that there are more")

// read reads page after page from where p says. The reading is good for what
// it has, whether or not there is an error.
func (t *turn) read(ctx context.Context, p progress) (*reading, error) {
	got := &reading{progress: p, seen: map[string]bool{}, rises: true, falls: true}
	budget := t.readBudget(ctx)
	var err error
	for page := 1; err == nil && !got.complete; page++ {
		if page > maxPages || got.bytes > maxReadBytes || page > 1 && time.Now().After(budget) {
			err = got.cutShort()
			break
		}
		var again bool
		if again, err = t.readPage(ctx, got, page); again {
			page = 0
		}
	}
	if !got.complete && !got.cut && (!got.rises || got.falls) {
		// A page failed, and older entries may be behind it: they come first.
		got.entries = nil
	}
	slices.SortStableFunc(got.entries, func(a, b source.Entry) int { return a.Time.Compare(b.Time) })
	if got.unreadable > 0 {
		t.opt.Log.LogAttrs(ctx, slog.LevelWarn, "entries of a log can't be read and are left out",
			slog.String("source", t.src.Name), slog.Int("entries", got.unreadable))
	}
	return got, err
}

// readBudget is when to stop reading, so that time is left to deliver.
func (t *turn) readBudget(ctx context.Context) time.Time {
	now := time.Now()
	if deadline, ok := ctx.Deadline(); ok {
		return now.Add(deadline.Sub(now) / 2)
	}
	return now.Add(pollTime / 2)
}

// readPage adds a page. The first poll of all may find that the source's clock
// is behind ours, and then has to begin again, earlier.
func (t *turn) readPage(ctx context.Context, got *reading, number int) (again bool, err error) {
	answer, err := t.ask(ctx, got.from, number)
	var de *deliver.Error
	if number > 1 && errors.As(err, &de) && de.Status == http.StatusNotFound {
		got.complete = true // the log has become shorter
		return false, nil
	}
	if err != nil {
		return false, err
	}
	page, err := t.src.Poller.Parse(answer.Body)
	if err != nil {
		return false, fmt.Errorf("%s answered with something else than its log: %w", t.src.Product, err)
	}
	if number == 1 {
		if again = t.synchronise(ctx, got, answer.Date); again {
			return true, nil
		}
	}
	got.bytes += int64(len(answer.Body))
	got.unreadable += page.Unreadable
	added := got.add(t.src.Name, page.Entries)
	switch {
	case !page.More, got.falls && !got.rises && got.previous.Before(got.from):
		got.complete = true
	case added == 0:
		return false, errRepeats
	}
	return false, nil
}

// synchronise notes the source's clock.
func (t *turn) synchronise(ctx context.Context, got *reading, date time.Time) (again bool) {
	if date.IsZero() {
		return false
	}
	if skew := date.Sub(t.opt.Now()); skew.Abs() > maxSkew {
		t.opt.Log.WarnContext(ctx, "the clocks of this machine and of a source are too far apart: set this one right", "source", t.src.Name, "ahead", -skew)
		return false
	}
	got.now = date
	if !got.first {
		return false
	}
	begin := date.Add(-t.src.Poller.Schedule().Since)
	again = begin.Before(got.from.Add(-time.Second)) // a Date has whole seconds
	got.from, got.floor, got.first = begin, begin, false
	return again
}

// add takes the entries that are new to this reading, and counts them.
func (g *reading) add(name string, entries []source.Entry) (added int) {
	from := g.from.Truncate(time.Microsecond) // as finely as it was asked for
	for _, e := range entries {
		if e.ID = safeID(e.ID); e.ID == "" {
			h := sha256.New()
			_, _ = h.Write([]byte(name + "\n"))
			_, _ = h.Write(e.Raw)
			e.ID = hex.EncodeToString(h.Sum(nil)[:16])
		}
		if g.seen[e.ID] {
			continue
		}
		g.seen[e.ID] = true
		added++
		g.order(e.Time)
		if e.Event != nil && (e.Time.IsZero() || !e.Time.Before(from)) {
			g.entries = append(g.entries, e)
		}
	}
	return added
}

// order notes the time of an entry.
func (g *reading) order(at time.Time) {
	if at.IsZero() {
		return
	}
	if !g.previous.IsZero() {
		g.rises = g.rises && !at.Before(g.previous)
		g.falls = g.falls && !at.After(g.previous)
	}
	g.previous = at
	if at.After(g.latest) {
		g.latest = at
	}
}

// cutShort is an error if the next poll can't go on from here.
func (g *reading) cutShort() error {
	g.cut = true
	switch {
	case !g.rises:
		return errors.New("it has more new entries than one poll reads, and they are not in the order of time: no progress can be made")
	case !g.latest.After(g.from):
		return errors.New("it has more entries of one moment than one poll reads: no progress can be made")
	}
	return nil
}

// next is where the next poll begins: by the overlap before the end of this
// one, no later than the last entry if it was cut short, and where this one
// began if a page failed. It is never later than the source's clock allows,
// whatever the entries say.
func (g *reading) next(overlap time.Duration, ours time.Time) time.Time {
	to := g.now.Add(-overlap)
	if g.now.IsZero() {
		to = later(g.from, earlier(g.latest, ours).Add(-overlap))
	}
	switch {
	case g.complete:
	case g.cut && g.rises:
		to = later(g.from, earlier(to, g.latest))
	default:
		to = g.from
	}
	return later(to, g.floor)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// ask gets one page. If the key is refused, it may have been rotated.
func (t *turn) ask(ctx context.Context, from time.Time, page int) (deliver.Answer, error) {
	for retried := false; ; retried = true {
		asked := t.opt.Now()
		q, err := t.src.Poller.Question(ctx, from, page)
		if err != nil {
			return deliver.Answer{}, err
		}
		answer, err := t.opt.Client.Get(ctx, deliver.Query{URL: q.URL, Header: q.Header, MaxBytes: q.MaxBytes})
		var de *deliver.Error
		switch {
		case err == nil:
			return answer, nil
		case !errors.As(err, &de) || de.Status != http.StatusUnauthorized && de.Status != http.StatusForbidden:
			return answer, fmt.Errorf("%s: %w", t.src.Product, err)
		case !retried && secret.Refresh(ctx, t.src.Secrets, asked):
			continue
		}
		return answer, &refusedKeyError{product: t.src.Product, advice: q.Refused, err: de}
	}
}

// refusedKeyError says what to do.
type refusedKeyError struct {
	product, advice string
	err             *deliver.Error
}

func (e *refusedKeyError) Error() string {
	return fmt.Sprintf("%s refused the key with status %d: %s", e.product, e.err.Status, e.advice)
}

func (e *refusedKeyError) Unwrap() error { return e.err }
