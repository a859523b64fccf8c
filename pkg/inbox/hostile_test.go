package inbox

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sigpost/sigpost/pkg/event"
)

// hostile are texts that would do something, were they more than text.
var hostile = []string{
	`<script>window.hit=1</script><img src=x onerror="window.hit=1"><svg onload="window.hit=1">`,
	`<javascript:window.hit=1|press me> [press me](javascript:window.hit=1) <data:text/html,x|y> <https://evil.example/"onclick="window.hit=1|quote>`,
	`javascript:window.hit=1`,
	"java\nscript:window.hit=1",
	"data:text/html,<script>window.hit=1</script>",
	"https://user@evil.example/<script>window.hit=1</script>",
	`"><script>window.hit=1</script>`,
	"<!channel> <!here|x> <@U1> <!subteam^S1> <at>everyone</at> @everyone",
	"safe \u202egnp.exe\u202c \u2066isolated\u2069 \u202bend",
	"<!date^1772616600^{date}^javascript:window.hit=1|x> {{DATE(javascript:window.hit=1)}} ${window.hit=1}",
	"__proto__", "constructor", "toString",
	strings.Repeat("*_~`<[**__", 50),
	strings.Repeat("> ", 100) + strings.Repeat("- \n", 20),
}

// poisoned is a body with every string replaced, or every one that isn't a
// keyword of the format.
func poisoned(v any, key, with string, all bool) any {
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			v[k] = poisoned(x, k, with, all)
		}
	case []any:
		for i, x := range v {
			v[i] = poisoned(x, key, with, all)
		}
	case string:
		switch key {
		case "type", "@type", "contentType", "width", "style", "size", "color", "themeColor":
			if !all {
				return v
			}
		}
		return with
	}
	return v
}

// TestHostileTextIsInert puts hostile text everywhere a message has text, in
// every format, and finds nothing in the page that could act.
func TestHostileTextIsInert(t *testing.T) {
	files, err := filepath.Glob("testdata/drawn/*.json")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	most := Keep/len(hostile) - 1 // files that a page has room for
	pages := (len(files) + most - 1) / most
	for chunk := range slices.Chunk(files, (len(files)+pages-1)/pages) {
		hostileInbox(t, chunk)
	}
}

func hostileInbox(t *testing.T, files []string) {
	t.Helper()
	b, n := New(), int64(0)
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		kind, _, _ := strings.Cut(filepath.Base(file), "-")
		for i, text := range hostile {
			var v any
			if err := json.Unmarshal(body, &v); err != nil {
				t.Fatal(err)
			}
			bad, err := json.Marshal(poisoned(v, "", text, i%4 == 3))
			if err != nil {
				t.Fatal(err)
			}
			b.Add(Message{
				Sink: text, Type: kind, Status: text, Body: bad,
				Event: event.Event{Source: text, Product: text, Type: text, Title: text},
			})
			n++
		}
	}
	for _, text := range hostile { // neither JSON nor a type that is known
		b.Add(Message{Sink: text, Type: text, Status: text, Body: []byte(text)})
		n++
	}
	p := open(t, b)
	p.arrived(n)
	p.is(
		fmt.Sprintf(`document.querySelectorAll("article").length === %d`, n),
		`document.querySelectorAll("main :is(script, iframe, img:not(.image), object, embed, form, input, style, base, link, meta, template)").length === 0`,
		`[...document.querySelectorAll("main *")].every((n) => [...n.attributes].every((a) => !/^on/i.test(a.name)))`,
		`[...document.querySelectorAll("main a")].length > 10`,
		`[...document.querySelectorAll("main a")].every((a) => ["https:", "http:"].includes(a.protocol))`,
		// Nothing turns the order of the text around it, in text or in attributes.
		`!/[\u202a-\u202e\u2066-\u2069]/.test(document.documentElement.outerHTML)`,
		`document.querySelector("main").textContent.includes("safe [U+202E]gnp.exe[U+202C]")`,
		`document.querySelector("main").textContent.includes("<script>window.hit=1</script>")`,
		`[...document.querySelectorAll(".mention")].every((m) => m.localName === "span")`,
		`document.documentElement.scrollWidth <= 360`,
	)
	// Nor does it in what is one click away, or after every press that there is.
	p.is(`(() => {
		for (const n of document.querySelectorAll("summary, main span, .button:not(a)")) n.click();
		return document.querySelectorAll("details[open]").length > 50;
	})()`)
	p.until(`[...document.querySelectorAll("details[open]")].every((d) => d.querySelector("pre"))`)
	p.is(`window.hit === undefined`,
		`document.querySelectorAll("main :is(script, img:not(.image))").length === 0`,
		`!/[\u202a-\u202e\u2066-\u2069]/.test(document.documentElement.outerHTML)`)
}
