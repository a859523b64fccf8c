package inbox

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/performance"
	"github.com/chromedp/chromedp"
)

const (
	ids   = `[...document.querySelectorAll("article")].map((a) => a.dataset.id).join()`
	texts = `[...document.querySelectorAll(".message")].map((a) => a.textContent).join()`
	state = `document.getElementById("state").textContent`
	news  = `document.getElementById("news").textContent`
)

func TestArrivals(t *testing.T) {
	b := New()
	p := open(t, b)
	p.is(`!document.getElementById("empty").hidden`, `document.getElementById("empty").textContent.includes("sigpost send github")`)
	for n := range 3 {
		b.Add(numbered(n + 1))
	}
	p.arrived(3)
	p.is(ids+` === "3,2,1"`, texts+` === "message 3,message 2,message 1"`, state+` === "Live"`,
		`document.getElementById("empty").hidden`, `document.getElementById("count").textContent === "3 messages"`,
		`document.getElementById("news").ariaLive === "polite"`,
		`[...document.querySelectorAll("article")].every((a, i) => a.ariaPosInSet === String(i + 1) && a.ariaSetSize === "3")`)

	// An arrival moves neither the reader's place nor the focus, and is told once.
	p.do("focus", chromedp.Focus(chromedp.CSS(`article[data-id="2"]`)))
	b.Add(numbered(4))
	p.arrived(4)
	p.is(`document.activeElement.dataset.id === "2"`, news+` === "New message, Slack ops: Title 4"`)

	// What the server has let go goes from the page, and the focus stays on it.
	b.mu.Lock()
	b.entries = b.entries[2:]
	b.mu.Unlock()
	b.Add(numbered(5))
	p.arrived(5)
	p.is(ids+` === "5,4,3"`, `document.activeElement.dataset.id === "3"`)

	// What was there when the page was opened is no news.
	p.do("reload", chromedp.Reload())
	p.until(ids + ` === "5,4,3"`)
	p.is(news + ` === ""`)
}

func TestReducedMotion(t *testing.T) {
	b := New()
	p := open(t, b)
	const name = `getComputedStyle(document.querySelector("article")).animationName`
	b.Add(numbered(1))
	p.arrived(1)
	p.is(name + ` === "arrive"`)
	p.prefer("light", "reduce")
	b.Add(numbered(2))
	p.arrived(2)
	p.is(name+` === "none"`, `document.getAnimations().length === 0`,
		`[...document.querySelectorAll("*")].every((n) => getComputedStyle(n).transitionDuration === "0s")`)
}

// TestReconnect drops the page's stream, refuses what it asks, and starts the
// server anew with other messages under the same ids.
func TestReconnect(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	var refuse atomic.Int32
	start := func(l net.Listener, b *Inbox) *httptest.Server {
		h := b.Handler()
		srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/inbox" && refuse.Add(-1) >= 0 {
				http.Error(w, "not now", http.StatusServiceUnavailable)
				return
			}
			h.ServeHTTP(w, r)
		}))
		srv.Listener.Close()
		srv.Listener = l
		srv.Start()
		return srv
	}
	b := New()
	srv := start(l, b)
	b.Add(numbered(1))
	p := blank(t)
	p.do("open the page", chromedp.Navigate("http://"+addr+"/inbox"))
	p.arrived(1)

	srv.CloseClientConnections()
	p.until(state + ` === "Disconnected, trying again"`)
	b.Add(numbered(2))
	p.until(ids + ` === "2,1"`)
	p.is(state + ` === "Live"`)

	// A stream that is refused ends for good, unless the page opens another.
	refuse.Store(1)
	srv.CloseClientConnections()
	b.Add(numbered(3))
	p.until(ids + ` === "3,2,1"`)
	// Messages that are refused are asked for again.
	refuse.Store(1)
	b.Add(numbered(4))
	p.until(ids + ` === "4,3,2,1"`)

	srv.CloseClientConnections()
	srv.Close()
	p.until(state + ` === "Disconnected, trying again"`)
	b = New()
	for n := range 6 {
		b.Add(numbered(10 + n))
	}
	l, err = net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	srv = start(l, b)
	t.Cleanup(func() { srv.CloseClientConnections(); srv.Close() })
	p.until(ids + ` === "6,5,4,3,2,1"`)
	p.is(state+` === "Live"`, texts+` === "message 15,message 14,message 13,message 12,message 11,message 10"`)
	b.Add(numbered(20))
	p.arrived(7)
	p.is(`document.querySelector(".message").textContent === "message 20"`)
}

// TestManyMessages opens a full inbox: it costs little, and one more message
// costs one drawing.
func TestManyMessages(t *testing.T) {
	b := New()
	for n := range Keep {
		for _, m := range everyMessage(t)[n%8 : n%8+1] {
			b.Add(m)
		}
	}
	p := open(t, b)
	p.arrived(Keep)
	p.is(`document.querySelectorAll("article").length === 200`, `document.body.offsetHeight > 200 * 100`)
	if spent := cpu(p); spent > 3 {
		t.Errorf("200 messages took %.2f s of processor time", spent)
	}
	p.is(`(() => {
		window.added = []; window.removed = [];
		new MutationObserver((all) => { for (const m of all) { added.push(...m.addedNodes); removed.push(...m.removedNodes); } })
			.observe(document.getElementById("list"), { childList: true, subtree: true });
		return true;
	})()`)
	before := cpu(p)
	b.Add(numbered(1))
	p.arrived(Keep + 1)
	p.is(`document.body.offsetHeight > 0`)
	if more := cpu(p) - before; more > 0.5 {
		t.Errorf("one more message took %.2f s of processor time", more)
	}
	p.is(`added.length === 1 && added[0].dataset.id === "201"`, `removed.length === 1 && removed[0].dataset.id === "1"`,
		`document.querySelectorAll("article").length === 200`)
}

// cpu is the processor time that the page has taken, in seconds. Unlike the time
// on the clock it doesn't depend on what else the machine does.
func cpu(p *tab) float64 {
	p.t.Helper()
	got, err := chromedp.Run(p.ctx, func(ctx context.Context, tab *chromedp.Target) (performance.GetMetricsResult, error) {
		return cdp.Call(ctx, tab, performance.GetMetrics, cdp.Empty{})
	})
	if err != nil {
		p.t.Fatal(err)
	}
	for _, m := range got.Metrics {
		if m.Name == "TaskDuration" {
			return m.Value
		}
	}
	p.t.Fatal("the browser doesn't tell the time it takes")
	return 0
}
