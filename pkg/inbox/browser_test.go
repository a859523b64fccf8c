package inbox

import (
	"context"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/performance"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// patience is how long a test waits for a page. It is never waited out, unless
// something is broken.
const patience = time.Minute

// chromium is one browser for all tests of this package, each in a tab of its
// own. Its parts are nil where there is no browser to start.
var chromium struct {
	once sync.Once
	ctx  context.Context
	err  error
	stop []func()
}

func TestMain(m *testing.M) {
	code := m.Run()
	for i := len(chromium.stop) - 1; i >= 0; i-- {
		chromium.stop[i]()
	}
	os.Exit(code)
}

func startChromium() {
	var path string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		return
	}
	dir, err := os.MkdirTemp("", "inbox-chromium-")
	if err != nil {
		chromium.err = err
		return
	}
	chromium.stop = append(chromium.stop, func() { os.RemoveAll(dir) })
	opts := []chromedp.ExecAllocatorOption{chromedp.ExecPath(path), chromedp.UserDataDir(dir)}
	for _, flag := range []string{
		"headless", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run",
		"disable-background-networking", "disable-component-update", "disable-sync",
	} {
		opts = append(opts, chromedp.Flag(flag, true))
	}
	ctx, stop := chromedp.NewExecAllocator(context.Background(), opts...)
	chromium.stop = append(chromium.stop, stop)
	ctx, stop = chromedp.NewContext(ctx)
	chromium.stop = append(chromium.stop, stop)
	chromium.ctx, chromium.err = ctx, chromedp.Do(ctx)
}

// tab is a page of the inbox in a browser.
type tab struct {
	t   *testing.T
	ctx context.Context
	log *record
}

// record is what a page did.
type record struct {
	mu       sync.Mutex
	requests []string // their addresses
	wrongs   []string // what the page threw, and what its policy stopped
}

// open serves b and opens its page in a new tab, as wide as a phone, in light
// colours and UTC. When the test ends, the page must have asked no other server
// for anything and thrown nothing.
func open(t *testing.T, b *Inbox) *tab {
	t.Helper()
	srv := httptest.NewServer(b.Handler())
	t.Cleanup(func() {
		srv.CloseClientConnections() // the stream would hold Close up
		srv.Close()
	})
	p := blank(t)
	p.do("open the page", chromedp.Navigate(srv.URL+"/inbox"))
	p.until(`document.getElementById("count").textContent !== ""`)
	t.Cleanup(func() { p.log.judge(t, srv.URL) })
	return p
}

// blank is an empty tab, or skips the test where there is no browser.
func blank(t *testing.T) *tab {
	t.Helper()
	chromium.once.Do(startChromium)
	if chromium.err != nil {
		t.Fatalf("start chromium: %v", chromium.err)
	}
	if chromium.ctx == nil {
		t.Skip("no chromium found: the page was not tried in a browser")
	}
	ctx, stop := chromedp.NewContext(chromium.ctx)
	t.Cleanup(stop)
	p := &tab{t: t, ctx: ctx, log: &record{}}
	if err := chromedp.Listen(ctx, p.log.add); err != nil {
		t.Fatal(err)
	}
	p.ctx, stop = context.WithTimeout(ctx, patience)
	t.Cleanup(stop)
	yes := true
	p.do("set the tab up", chromedp.EmulateViewport(360, 740),
		call(network.Enable, network.EnableParams{}),
		call(log.Enable, cdp.Empty{}),
		call(performance.Enable, performance.EnableParams{TimeDomain: performance.EnableTimeDomainThreadTicks}),
		call(emulation.SetTimezoneOverride, emulation.SetTimezoneOverrideParams{TimezoneID: "UTC"}),
		call(emulation.SetLocaleOverride, emulation.SetLocaleOverrideParams{Locale: "en-US"}),
		call(emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: yes}))
	p.prefer("light", "no-preference")
	return p
}

// call is a command to the browser as a step.
func call[P, R any](c cdp.Command[P, R], params P) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, c, params)
		return err
	})
}

// of is the same page for a subtest.
func (p *tab) of(t *testing.T) *tab {
	t.Helper()
	return &tab{t: t, ctx: p.ctx, log: p.log}
}

func (r *record) add(ev any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch ev := ev.(type) {
	case *network.EventRequestWillBeSent:
		r.requests = append(r.requests, ev.Request.URL)
	case *network.EventWebSocketCreated:
		r.requests = append(r.requests, ev.URL)
	case *runtime.EventExceptionThrown:
		r.wrongs = append(r.wrongs, fmt.Sprint("exception: ", ev.ExceptionDetails.Text, ev.ExceptionDetails.Exception))
	case *log.EventEntryAdded:
		if text := ev.Entry.Text; strings.Contains(text, "Content Security Policy") || strings.Contains(text, "Trusted") {
			r.wrongs = append(r.wrongs, text)
		}
	}
}

// judge looks back on it: nothing from another server, and nothing wrong.
func (r *record) judge(t *testing.T, server string) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.requests) < 4 {
		t.Errorf("only %d requests were seen: %q", len(r.requests), r.requests)
	}
	for _, u := range r.requests {
		if !strings.HasPrefix(u, server+"/inbox") && !strings.HasPrefix(u, "data:") {
			t.Errorf("the page asked for %s", u)
		}
	}
	for _, w := range r.wrongs {
		t.Errorf("in the page: %s", w)
	}
}

// prefer sets what the reader's system prefers.
func (p *tab) prefer(scheme, motion string) {
	p.t.Helper()
	p.do("preferences", call(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: motion},
	}}))
}

func (p *tab) do(what string, steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	if err := chromedp.Do(p.ctx, steps...); err != nil {
		p.t.Fatalf("%s: %v", what, err)
	}
}

// keys presses keys, one after the other.
func (p *tab) keys(keys string) {
	p.t.Helper()
	p.do(fmt.Sprintf("press %q", keys), chromedp.KeyEvent(keys))
}

// get is the value of a script.
func get[T any](p *tab, js string) T {
	p.t.Helper()
	v, err := chromedp.Run(p.ctx, chromedp.Evaluate[T](js))
	if err != nil {
		p.t.Fatalf("%s: %v", js, err)
	}
	return v
}

// is checks that each script is true.
func (p *tab) is(scripts ...string) {
	p.t.Helper()
	for _, js := range scripts {
		if !get[bool](p, js) {
			p.t.Errorf("not so: %s", js)
		}
	}
}

// until waits until a script is true.
func (p *tab) until(js string) {
	p.t.Helper()
	wait := fmt.Sprintf(`new Promise((done) => { const look = () => (%s) ? done(true) : setTimeout(look, 5); look(); })`, js)
	if _, err := chromedp.Run(p.ctx, chromedp.Evaluate[bool](wait, chromedp.EvalAwaitPromise)); err != nil {
		p.t.Fatalf("%s never became so: %v", js, err)
	}
}

// arrived waits for the message with an id.
func (p *tab) arrived(id int64) {
	p.t.Helper()
	p.until(fmt.Sprintf(`document.querySelector('article[data-id="%d"]') !== null`, id))
}
