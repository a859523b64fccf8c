package relay

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// Whatever fails, every entry comes, in the order of its subject; and once, as
// long as no crash falls between posting and remembering.
func TestPollProperty(t *testing.T) {
	for seed := range uint64(8) {
		for _, crashes := range []bool{false, true} {
			t.Run(fmt.Sprintf("seed %d, crashes %v", seed, crashes), func(t *testing.T) { pollProperty(t, seed, crashes) })
		}
	}
}

func pollProperty(t *testing.T, seed uint64, crashes bool) {
	t.Helper()
	w := newWatch(t)
	random := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // a test
	chance := func(percent int) bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		return random.IntN(100) < percent
	}
	w.truth.MaxPageSize = 1 + random.IntN(5)
	w.truth.Unordered = chance(20)
	w.want("first", Polled{})
	trouble := true
	var dead atomic.Bool
	w.truth.Intercept = func(out http.ResponseWriter, r *http.Request) bool {
		return trouble && chance(15) && answering(http.StatusServiceUnavailable)(out, r)
	}
	w.refer = func(string, string) int {
		if trouble && chance(20) {
			return http.StatusServiceUnavailable
		}
		return http.StatusOK
	}
	fail := func(op, _ string) bool {
		if crashes {
			if trouble && chance(2) {
				dead.Store(true)
			}
			return dead.Load()
		}
		// What a sink took is remembered: anything else would be a crash.
		return trouble && op != "done" && op != "release" && chance(5)
	}
	w.store.fail.Store(&fail)
	subjects := map[string][]string{}
	total := 0
	for range 40 {
		for range random.IntN(4) {
			name := fmt.Sprint("p", random.IntN(3))
			subjects[name] = append(subjects[name], w.change(name))
			total++
			w.pass(time.Second)
		}
		_, _ = w.poll()
		if dead.Swap(false) {
			w.restart()
		}
		w.pass(time.Minute)
	}
	trouble = false
	for range 5 {
		w.pass(20 * time.Minute)
		if _, err := w.poll(); err != nil {
			t.Log(err)
		}
	}
	w.want("nothing is left", Polled{})
	for _, sink := range []string{"ops", "archive"} {
		got := map[string][]string{}
		n := 0
		for _, line := range w.at(sink) {
			f := strings.Fields(line)
			if ids := got[f[1]]; !crashes || !slices.Contains(ids, f[0]) {
				got[f[1]] = append(ids, f[0])
				n++
			}
		}
		if n != total {
			t.Errorf("%s got %d of %d entries", sink, n, total)
		}
		for name, want := range subjects {
			if !slices.Equal(got[name], want) {
				t.Errorf("%s got of %s %v, want %v", sink, name, got[name], want)
			}
		}
	}
}
