package inbox

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

// script binds $ and $$ to the one drawing on the page, and text to its text.
func script(js string) string {
	return fmt.Sprintf(`(() => {
		const card = document.querySelector("article .card");
		const $ = (q) => card.querySelector(q), $$ = (q) => [...card.querySelectorAll(q)];
		const text = card.textContent, style = (q) => getComputedStyle($(q));
		return %s;
	})()`, js)
}

// TestDrawn draws each testdata/drawn/<type>-<case>.json on one page and checks
// what the lines of its .want file say of it, each a script.
func TestDrawn(t *testing.T) {
	files, err := filepath.Glob("testdata/drawn/*.json")
	if err != nil || len(files) < 8 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	b := New()
	p := open(t, b)
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		t.Run(name, func(t *testing.T) {
			p := p.of(t)
			body, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			wants, err := os.ReadFile(strings.TrimSuffix(file, ".json") + ".want")
			if err != nil {
				t.Fatal(err)
			}
			kind, _, _ := strings.Cut(name, "-")
			b.Add(Message{Sink: "ops", Type: kind, Status: "delivered", Time: morning, Body: body})
			p.arrived(b.span().Newest)
			p.is(`document.documentElement.scrollWidth <= 360`)
			for want := range strings.Lines(string(wants)) {
				if want = strings.TrimSpace(want); want != "" && !strings.HasPrefix(want, "//") {
					p.is(script(want))
				}
			}
		})
	}
	orphans, err := filepath.Glob("testdata/drawn/*")
	if err != nil || len(orphans) != 2*len(files) {
		t.Errorf("%d files for %d messages: something there is not tested (%v)", len(orphans), len(files), err)
	}
}

// TestDrawsWhatSinksSend draws every message that the sinks' own tests pin: no
// part may be left undrawn, no word and no link may be missing.
func TestDrawsWhatSinksSend(t *testing.T) {
	for _, kind := range []string{"slack", "teams", "generic"} {
		t.Run(kind, func(t *testing.T) {
			files, err := filepath.Glob(filepath.Join("..", "sink", kind, "testdata", "*", "*.json"))
			if err != nil || len(files) < 10 {
				t.Fatalf("%d files, %v", len(files), err)
			}
			b := New()
			bodies := make([][]byte, len(files))
			for i, file := range files {
				if bodies[i], err = os.ReadFile(file); err != nil {
					t.Fatal(err)
				}
				b.Add(Message{Sink: "ops", Type: kind, Status: "delivered", Time: morning, Body: bodies[i]})
			}
			p := open(t, b)
			p.is(`document.querySelectorAll(".not-drawn").length === 0`, `document.documentElement.scrollWidth <= 360`)
			for i, d := range get[[]struct {
				Text  string
				Links []string
			}](p, `[...document.querySelectorAll("article .card")].reverse().map((c) => ({
				Text: c.textContent, Links: [...c.querySelectorAll("a")].map((a) => a.getAttribute("href")) }))`) {
				words, links := said(t, kind, bodies[i])
				drawn := bare(d.Text)
				for _, w := range words {
					if !strings.Contains(drawn, bare(w)) {
						t.Errorf("%s: %q is not drawn in\n%s", files[i], w, d.Text)
					}
				}
				for _, l := range links {
					if !contains(d.Links, l) {
						t.Errorf("%s: no link to %s in %q", files[i], l, d.Links)
					}
				}
			}
		})
	}
}

// contains compares addresses as a browser writes them.
func contains(links []string, want string) bool {
	for _, l := range links {
		if strings.TrimSuffix(l, "/") == strings.TrimSuffix(want, "/") {
			return true
		}
	}
	return false
}

var (
	dates    = regexp.MustCompile(`<!date\^[^>]*>|\{\{[A-Z]+\([^)]*\)\}\}`)
	targets  = regexp.MustCompile(`<(https?://[^|>]+)\||\]\((https?://[^)]+)\)`)
	listMark = regexp.MustCompile(`(?m)^\s*\d+\.\s`)
	entities = strings.NewReplacer("&amp;", "&", "&lt;", "<", "&gt;", ">")
)

// said collects the words that a message shows, line by line and without marks,
// and the addresses that it links to.
func said(t *testing.T, kind string, body []byte) (words, links []string) {
	t.Helper()
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		t.Fatal(err)
	}
	var walk func(key string, v any)
	walk = func(key string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for k, x := range v {
				// These two are for notifications, and text is in Slack too where there are blocks.
				if k == "fallbackText" || k == "summary" || k == "fallback" || k == "text" && v["blocks"] != nil {
					continue
				}
				walk(k, x)
			}
		case []any:
			for _, x := range v {
				walk(key, x)
			}
		case string:
			switch key {
			case "url", "uri", "title_link", "author_link":
				links = append(links, v)
			case "text", "title", "value", "name", "footer", "message", "source", "subLabel":
				if kind != "generic" {
					for _, m := range targets.FindAllStringSubmatch(v, -1) {
						links = append(links, entities.Replace(m[1]+m[2]))
					}
					v = targets.ReplaceAllString(dates.ReplaceAllString(v, "\n"), "")
					v = listMark.ReplaceAllString(v, "")
				} else if strings.HasPrefix(v, "https://") {
					links = append(links, v)
				}
				for l := range strings.Lines(entities.Replace(v)) {
					words = append(words, l)
				}
			}
		}
	}
	walk("", v)
	return words, links
}

// bare is the letters and digits of s: what drawing must not change.
func bare(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, s)
}
