package inbox

import (
	"context"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/sigpost/sigpost/pkg/event"
)

// browser starts Chromium, or skips the test where there is none.
func browser(t *testing.T) context.Context {
	t.Helper()
	var path string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		t.Skip("no chromium found: the page was not tried in a browser")
	}
	opts := []chromedp.ExecAllocatorOption{chromedp.ExecPath(path), chromedp.UserDataDir(t.TempDir())}
	for _, flag := range []string{
		"headless", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run",
		"disable-background-networking", "disable-component-update", "disable-sync",
	} {
		opts = append(opts, chromedp.Flag(flag, true))
	}
	ctx, stop := chromedp.NewExecAllocator(t.Context(), opts...)
	t.Cleanup(stop)
	ctx, stop = chromedp.NewContext(ctx)
	t.Cleanup(stop)
	ctx, stop = context.WithTimeout(ctx, 90*time.Second)
	t.Cleanup(stop)
	return ctx
}

func sample(t *testing.T, name string) []byte {
	t.Helper()
	body, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// TestBrowser opens the page, sends two messages while it is open, and reads
// them as a person would.
func TestBrowser(t *testing.T) {
	ctx := browser(t)
	b := New()
	srv := httptest.NewServer(b.Handler())
	// The open stream of the page would hold Close up, so it is cut first.
	defer srv.Close()
	defer srv.CloseClientConnections()

	run := func(what string, steps ...chromedp.Action[chromedp.Void]) {
		t.Helper()
		if err := chromedp.Do(ctx, steps...); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	eval := func(js string) bool {
		t.Helper()
		ok, err := chromedp.Run(ctx, chromedp.Evaluate[bool](js))
		if err != nil {
			t.Fatalf("%s: %v", js, err)
		}
		return ok
	}
	run("empty page", chromedp.EmulateViewport(360, 740), chromedp.Navigate(srv.URL+"/inbox"),
		chromedp.WaitVisible(chromedp.CSS("#empty")))

	at := time.Date(2026, 3, 4, 9, 30, 0, 0, time.UTC)
	b.Add(Message{
		Sink: "ops", Type: "slack", Status: "delivered", Time: at, Body: sample(t, "slack.json"),
		Event: event.Event{Source: "github", Product: "GitHub", Type: "issues.opened", Title: "Issue opened"},
	})
	run("slack message", chromedp.WaitVisible(chromedp.CSS(`article[data-id="1"] .slack`)))
	b.Add(Message{
		Sink: "platform", Type: "teams", Status: "failed: refused", Time: at, Body: sample(t, "teams.json"),
		Event: event.Event{Source: "array", Product: "CloudIQ", Type: "health-issue-change", Title: "Health 70"},
	})
	run("teams message", chromedp.WaitVisible(chromedp.CSS(`article[data-id="2"] .teams svg`)))

	for _, js := range []string{
		// Newest first, and counted.
		`document.querySelector("article").dataset.id === "2"`,
		`document.getElementById("count").textContent === "2 messages"`,
		`document.getElementById("empty").hidden`,
		// Slack: the link's entities decoded, two columns, the bar, a time.
		`document.querySelector(".slack a").textContent === "#1347 Crash on <empty> & \"null\" config"`,
		`document.querySelector(".slack a").rel.includes("noopener")`,
		`document.querySelector(".slack .bar").style.getPropertyValue("--bar") === "#2f6fd0"`,
		`document.querySelector(".slack time").dateTime === "2026-03-04T09:30:00.000Z"`,
		`getComputedStyle(document.querySelector(".slack .fields")).gridTemplateColumns.split(" ").length === 2`,
		// Teams: the gauge, Markdown with its escapes.
		`document.querySelectorAll(".teams .arc").length === 3`,
		`document.querySelector(".teams").textContent.includes("POWERMAX_7 *health* 70")`,
		`document.querySelector(".teams strong").textContent === "Resolution"`,
		`document.querySelector(".teams time") !== null`,
		// Hostile text is text.
		`document.querySelector(".slack").textContent.includes("<img src=x onerror=")`,
		`document.querySelectorAll("img, iframe, article script").length === 0`,
		`document.querySelectorAll('a[href^="javascript:"]').length === 0`,
		`window.hit === undefined`,
		// Nothing to scroll sideways on a phone.
		`document.documentElement.scrollWidth <= 360`,
	} {
		if !eval(js) {
			t.Errorf("not so: %s", js)
		}
	}

	// j goes to the first message; Tab past its links and buttons to the raw JSON.
	run("keys", chromedp.KeyEvent("j"))
	if !eval(`document.activeElement.dataset.id === "2"`) {
		t.Fatal("j did not focus the first message")
	}
	for range 20 {
		run("tab", chromedp.KeyEvent(kb.Tab))
		if eval(`document.activeElement.matches(".raw summary")`) {
			break
		}
	}
	run("open", chromedp.KeyEvent(kb.Enter), chromedp.WaitVisible(chromedp.CSS(`article[data-id="2"] .raw[open] pre`)))
	if !eval(`document.querySelector(".raw pre").textContent.includes('"type": "AdaptiveCard"')`) ||
		!eval(`document.documentElement.scrollWidth <= 360`) {
		t.Error("the raw JSON is not shown, or does not fit a phone")
	}
	if dir := os.Getenv("INBOX_SCREENSHOTS"); dir != "" {
		screenshots(ctx, t, dir)
	}
}

// screenshots are for people, who judge what no test can.
func screenshots(ctx context.Context, t *testing.T, dir string) {
	t.Helper()
	for name, width := range map[string]int64{"phone.png": 360, "desk.png": 900} {
		if err := chromedp.Do(ctx, chromedp.EmulateViewport(width, 900)); err != nil {
			t.Fatal(err)
		}
		png, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), png, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
