package inbox

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/sigpost/sigpost/pkg/event"
)

// everyMessage is the messages of testdata/drawn, each with an event.
func everyMessage(t *testing.T) []Message {
	t.Helper()
	files, err := filepath.Glob("testdata/drawn/*.json")
	if err != nil || len(files) < 8 {
		t.Fatal(files, err)
	}
	var all []Message
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		kind, _, _ := strings.Cut(name, "-")
		all = append(all, Message{
			Sink: "ops", Type: kind, Status: "delivered", Time: morning, Body: body,
			Event: event.Event{ID: "7", Source: "github", Product: "GitHub", Type: "issues.opened", Title: "Event of " + name},
		})
	}
	return all
}

const focused = `document.activeElement.dataset.id`

func TestKeys(t *testing.T) {
	b := New()
	for _, m := range everyMessage(t)[:9] {
		b.Add(m)
	}
	p := open(t, b)
	b.Add(numbered(1))
	p.until(ids + `.startsWith("` + "10,9,8" + `")`)

	// The first Tab shows the way past the page's head.
	p.keys(kb.Tab)
	p.is(`document.activeElement.className === "skip"`, `document.activeElement.getBoundingClientRect().top >= 0`)
	p.keys(kb.Enter)
	p.is(`document.activeElement.id === "messages"`)

	for _, step := range []struct{ key, want string }{
		{"j", "10"},
		{"j", "9"},
		{"k", "10"},
		{"k", "10"},
		{kb.ArrowDown, "9"},
		{kb.ArrowDown, "8"},
		{kb.ArrowUp, "9"},
		{"j", "8"},
	} {
		p.keys(step.key)
		p.is(focused + ` === "` + step.want + `"`)
	}
	// It can be seen where the focus is, and it is on the screen.
	p.is(`getComputedStyle(document.activeElement).outlineStyle === "solid"`,
		`parseFloat(getComputedStyle(document.activeElement).outlineWidth) >= 2`,
		`document.activeElement.getBoundingClientRect().top < innerHeight && document.activeElement.getBoundingClientRect().bottom > 0`)

	// A message taller than the screen is shown from its beginning, also from below.
	p.keys("jjk")
	p.is(focused+` === "7"`, `document.activeElement.offsetHeight > innerHeight`,
		`document.activeElement.getBoundingClientRect().top >= document.querySelector(".top").getBoundingClientRect().bottom`)
	p.keys("k")

	// Raw JSON and event are a key away, and go with Escape.
	const raw, source = `document.activeElement.closest("article").querySelector(".raw")`, `document.activeElement.closest("article").querySelector(".event")`
	p.keys(kb.Enter)
	p.until(raw + `.querySelector("pre") !== null`)
	p.is(raw+`.open`, `!`+source+`.open`, `typeof JSON.parse(`+raw+`.querySelector("pre").textContent) === "object"`)
	p.keys(kb.Enter)
	p.is(`!` + raw + `.open`)
	p.keys("e")
	p.until(source + `.querySelector("pre") !== null`)
	p.is(source+`.open`, `JSON.parse(`+source+`.querySelector("pre").textContent).title.startsWith("Event of ")`)
	p.keys(kb.Tab)
	p.keys(kb.Escape)
	p.is(focused+` === "8"`, `document.querySelectorAll("details[open]").length === 0`)

	// On a button Enter is the button's own.
	p.do("focus", chromedp.Focus(chromedp.CSS(`article[data-id="8"] .raw summary`)))
	p.keys(kb.Enter)
	p.is(raw+`.open`, `document.activeElement.localName === "summary"`)
	p.keys(kb.Escape)
	// With Control, Alt or Command a key is the browser's.
	p.do("ctrl-j", chromedp.KeyEvent("j", chromedp.KeyModifiers(2)))
	p.is(focused + ` === "8"`)
}

// TestTabOrder goes through the page with Tab: everything that can be used is
// met, in the order in which it is read.
func TestTabOrder(t *testing.T) {
	b := New()
	for _, m := range everyMessage(t) {
		b.Add(m)
	}
	p := open(t, b)
	p.arrived(9)
	n := get[int](p, `(window.stops = [...document.querySelectorAll("a[href], summary, article")]).length`)
	if n < 40 {
		t.Fatalf("only %d stops", n)
	}
	p.is(`(() => { window.met = []; document.addEventListener("focusin", (e) => met.push(e.target)); return true; })()`)
	p.keys(strings.Repeat(kb.Tab, n))
	p.is(`met.length === stops.length && met.every((n, i) => n === stops[i])`,
		`stops.filter((n) => n.localName !== "article").every((n) => n.textContent.trim() !== "")`)
}

// TestOneClick opens the raw JSON and the event with the mouse.
func TestOneClick(t *testing.T) {
	b := New()
	m := numbered(1)
	m.Event.Text.Body = strings.Repeat("wide", 300)
	b.Add(m)
	p := open(t, b)
	p.arrived(1)
	p.is(`document.querySelectorAll("details pre").length === 0`) // not before it is wanted
	p.do("click", chromedp.Click(chromedp.CSS(".raw summary")), chromedp.WaitVisible(chromedp.CSS(".raw pre")),
		chromedp.Click(chromedp.CSS(".event summary")), chromedp.WaitVisible(chromedp.CSS(".event pre")))
	p.is(`document.querySelector(".raw pre").textContent === JSON.stringify({text: "message 1"}, null, 2)`,
		`JSON.parse(document.querySelector(".event pre").textContent).title === "Title 1"`,
		`document.documentElement.scrollWidth <= 360`)
}
