package inbox

import (
	"bytes"
	"flag"
	"image"
	"image/draw"
	"image/png"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
)

var pictures = flag.String("pictures", "", "write the gallery's pictures to this `folder`")

// galleryGroups are two events as the goldens of four receivers draw them.
func galleryGroups(t *testing.T) (groups []Group) {
	t.Helper()
	for _, name := range []string{"github_workflow_failed", "github_issue_opened"} {
		g := Group{Name: name}
		for _, dir := range []string{"slack/blocks", "teams/adaptive-card", "discord/embed", "pagerduty/events"} {
			body, err := os.ReadFile(filepath.Join("..", "sink", filepath.Dir(dir), "testdata", filepath.Base(dir), name+".json"))
			if err != nil {
				t.Fatal(err)
			}
			g.Messages = append(g.Messages, Message{Sink: filepath.Dir(dir), Type: filepath.Dir(dir), Status: "drawn", Time: morning, Body: body})
		}
		groups = append(groups, g)
	}
	return groups
}

// The gallery draws everything, chooses, asks no server for anything, and looks
// right in light and dark; -pictures keeps what it looks like.
func TestGallery(t *testing.T) {
	var page bytes.Buffer
	groups := galleryGroups(t)
	if err := Gallery(&page, "sigpost <gallery>", groups); err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write(page.Bytes())
	}))
	t.Cleanup(srv.Close)
	p := blank(t)
	p.do("open the gallery", chromedp.EmulateViewport(1180, 1400), chromedp.Navigate(srv.URL+"/gallery"))
	p.is(`document.title === "sigpost <gallery>" && document.querySelector("h1").textContent === "sigpost <gallery>"`,
		`document.querySelectorAll("article").length === 8`, `document.querySelectorAll(".not-drawn, .failed").length === 0`,
		`[...document.querySelectorAll(".group > h2")].map((h) => h.textContent).join() === "github_workflow_failed,github_issue_opened"`,
		`document.documentElement.scrollWidth <= innerWidth`)
	p.is(`(document.documentElement.style.scrollbarWidth = "none") === "none"`)
	choose := func(name, value string) {
		p.is(`(() => { const s = document.getElementById("choose-` + name + `"); s.value = "` + value + `"; s.dispatchEvent(new Event("change")); return s.value === "` + value + `"; })()`)
	}
	choose("sink", "teams")
	p.is(`document.querySelectorAll("article").length === 2`)
	choose("sink", "")
	for i, g := range groups {
		choose("event", g.Name)
		p.is(`document.querySelectorAll("article").length === 4`)
		scheme := []string{"light", "dark"}[i]
		p.prefer(scheme, "reduce")
		shot, err := chromedp.Run(p.ctx, chromedp.FullScreenshot(100))
		if err != nil {
			t.Fatal(err)
		}
		picture(t, "gallery-"+scheme+".png", shot, scheme == "dark")
	}
	p.log.mu.Lock()
	defer p.log.mu.Unlock()
	for _, u := range p.log.requests {
		if u != srv.URL+"/gallery" && u != srv.URL+"/favicon.ico" && u[:5] != "data:" {
			t.Errorf("the page asked for %s", u)
		}
	}
	for _, w := range p.log.wrongs {
		t.Errorf("in the page: %s", w)
	}
}

// picture checks that a picture shows something on the ground of its scheme, and
// keeps it if that is wanted.
func picture(t *testing.T, name string, data []byte, dark bool) {
	t.Helper()
	img, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	colors := map[[3]uint32]int{}
	for x := img.Bounds().Min.X; x < img.Bounds().Max.X; x += 3 {
		for y := img.Bounds().Min.Y; y < img.Bounds().Max.Y; y += 3 {
			r, g, b, _ := img.At(x, y).RGBA()
			colors[[3]uint32{r >> 8, g >> 8, b >> 8}]++
		}
	}
	r, _, _, _ := img.At(1, img.Bounds().Max.Y-2).RGBA()
	if len(colors) < 50 || dark != (r>>8 < 128) || img.Bounds().Dy() < 400 {
		t.Errorf("%s: %v with %d colours, the ground %d", name, img.Bounds(), len(colors), r>>8)
	}
	if *pictures == "" {
		return
	}
	var b bytes.Buffer
	if err := png.Encode(&b, trimmed(img)); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(*pictures, name), b.Bytes(), 0o644); err != nil { //nolint:gosec // for everybody
		t.Fatal(err)
	}
}

// trimmed is a picture without the empty ground below what is on it.
func trimmed(img image.Image) image.Image {
	all := img.Bounds()
	ground := img.At(1, all.Max.Y-2)
	end := all.Max.Y - 2
	for end > all.Min.Y {
		x := all.Min.X
		for x < all.Max.X && img.At(x, end-1) == ground {
			x++
		}
		if x < all.Max.X {
			break
		}
		end--
	}
	const margin = 16
	out := image.NewRGBA(image.Rect(0, 0, all.Dx(), min(end+margin, all.Max.Y)-all.Min.Y))
	draw.Draw(out, out.Bounds(), img, all.Min, draw.Src)
	return out
}
