package inbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/sigpost/sigpost/pkg/event/eventtest"
	"github.com/sigpost/sigpost/pkg/secret"
	"github.com/sigpost/sigpost/pkg/sink/teams"
)

// npmDir is where scripts/test installs Microsoft's renderer, and the Markdown
// parser that its documentation names.
var npmDir = filepath.Join("..", "..", "scripts", "npm", "node_modules")

// besidePage draws a card twice, and lets nothing be loaded from elsewhere.
const besidePage = `<!doctype html><meta charset="utf-8"><title>two drawings</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'self'; style-src 'self'; img-src data:">
<link rel="icon" href="data:,"><link rel="stylesheet" href="/app.css">
<script src="/app.js"></script><script src="/cards.js"></script><script src="/markdown.js"></script>
<script src="/beside.js"></script><script src="/microsoft.js"></script>
<link rel="stylesheet" href="/host.css">
<main><div id="own"></div><div id="other"></div></main>`

// hostStyle gives both drawings the same room, and breaks words that are wider
// than their place: Microsoft's renderer leaves that to the host.
const hostStyle = `main { max-width: none; padding: 0 } #other { padding: 0 1rem } #other * { overflow-wrap: anywhere !important }`

// beside opens the page with both renderers, or skips the test where Microsoft's
// isn't installed.
func beside(t *testing.T) *tab {
	t.Helper()
	files := map[string]string{
		"/cards.js":     filepath.Join(npmDir, "adaptivecards", "dist", "adaptivecards.min.js"),
		"/markdown.js":  filepath.Join(npmDir, "markdown-it", "dist", "browser", "markdown-it.umd.min.js"),
		"/beside.js":    filepath.Join("testdata", "beside", "beside.js"),
		"/microsoft.js": filepath.Join("testdata", "beside", "microsoft.js"),
	}
	mux := http.NewServeMux()
	for path, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Skipf("%v: run npm ci in scripts/npm", err)
		}
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
			_, _ = w.Write(text)
		})
	}
	mux.HandleFunc("GET /app.css", asset("text/css; charset=utf-8", styles...))
	mux.HandleFunc("GET /host.css", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/css; charset=utf-8")
		fmt.Fprint(w, hostStyle)
	})
	mux.HandleFunc("GET /app.js", asset("text/javascript; charset=utf-8", slices.Clone(drawings)...))
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, besidePage) })
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	p := blank(t)
	p.do("open the page", chromedp.Navigate(srv.URL+"/"))
	p.is(`typeof besides === "function"`)
	return p
}

// teamsCards are the cards of every event of eventtest, full and reduced, those
// of the canonical ones with mentions too, and one of all that the page can draw.
func teamsCards(t *testing.T) (names []string, cards []json.RawMessage) {
	t.Helper()
	add := func(name string, card []byte) { names, cards = append(names, name), append(cards, card) }
	render := func(what string, events []eventtest.Case, mentions ...teams.Mention) {
		s, err := teams.New(teams.Config{URL: secret.Fixed("https://example.com/?sig=x"), Mentions: mentions})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range events {
			add(c.Name+what, s.Render(&c.Event).Body)
			add(c.Name+what+", reduced", s.RenderReduced(&c.Event).Body)
		}
	}
	pictured := eventtest.Canonical()
	for i := range pictured {
		if g := pictured[i].Event.Gauge; g != nil {
			g.Image = "https://example.com/gauge/x.png"
		}
	}
	render("", append(eventtest.Canonical(), eventtest.Hostile()...))
	render(" with mentions", pictured, teams.Mention{To: []teams.Person{{Name: "Ada", ID: "ada@acme.example"}, {Name: "Grace O'Hopper-Ütz", ID: "grace@acme.example"}}})
	more, err := os.ReadFile(filepath.Join("testdata", "beside", "more.json"))
	if err != nil {
		t.Fatal(err)
	}
	add("more.json", more)
	return names, cards
}

// The page draws every card as Microsoft's own renderer does: the same words in
// the same order, as bold and as large, with the same links, on the same ground,
// in the same arrangement.
func TestDrawsTeamsAsMicrosoftDoes(t *testing.T) {
	p := beside(t)
	names, cards := teamsCards(t)
	seen := 0
	for _, width := range []int64{900, 360} {
		p.do("resize", chromedp.EmulateViewport(width, 740))
		for i, card := range cards {
			r := get[struct {
				Said []string
				Seen int
			}](p, fmt.Sprintf("besides(%s)", card))
			if seen += r.Seen; r.Seen < 2 {
				t.Errorf("%s, %d wide: Microsoft's renderer draws %d pieces", names[i], width, r.Seen)
			}
			for _, s := range r.Said {
				t.Errorf("%s, %d wide: %s", names[i], width, s)
			}
		}
	}
	if seen < 20*len(cards) {
		t.Errorf("only %d pieces in %d cards were compared", seen, len(cards))
	}
	for _, scheme := range []string{"light", "dark"} {
		p.prefer(scheme, "no-preference")
		for _, s := range get[[]string](p, `strays(getComputedStyle(document.querySelector(".teams")))`) {
			t.Errorf("%s: %s", scheme, s)
		}
	}
}
