package inbox

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/chromedp"
)

// faint lists the texts whose contrast with what is behind them is below 4.5
// to 1, as https://www.w3.org/TR/WCAG22/#contrast-minimum counts it.
const faint = `(() => {
	const rgba = (s) => { const n = s.match(/[\d.]+/g).map(Number); return [n[0], n[1], n[2], n.length > 3 ? n[3] : 1]; };
	const over = (a, b) => [0, 1, 2].map((i) => a[i] * a[3] + b[i] * (1 - a[3])).concat(1);
	const light = (c) => { const [r, g, b] = c.slice(0, 3).map((v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
		return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
	const behind = (n) => { const layers = [];
		for (; n; n = n.parentElement) layers.push(rgba(getComputedStyle(n).backgroundColor));
		return layers.reverse().reduce((under, c) => over(c, under), [255, 255, 255, 1]); };
	const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), found = [];
	let count = 0;
	for (let t; (t = walk.nextNode());) {
		const n = t.parentElement, r = document.createRange();
		r.selectNode(t);
		if (!t.data.trim() || n.closest(".unseen, noscript") || !r.getClientRects().length) continue;
		count++;
		const style = getComputedStyle(n), under = behind(n);
		const ink = light(over(rgba(n.closest("svg") ? style.fill : style.color), under)), ground = light(under);
		const ratio = (Math.max(ink, ground) + 0.05) / (Math.min(ink, ground) + 0.05);
		if (!(ratio >= 4.5)) found.push(ratio.toFixed(2) + " " + n.className + " " + t.data.slice(0, 40));
	}
	return count < 20 ? ["only " + count + " texts were seen"] : [...new Set(found)];
})()`

// cutOff lists the texts that reach over the screen's edge, whether or not the
// page could be scrolled to see them.
const cutOff = `(() => {
	const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), found = [];
	for (let t; (t = walk.nextNode());) {
		const r = document.createRange();
		r.selectNode(t);
		if (t.parentElement.closest(".unseen, .nowrap")) continue;
		if ([...r.getClientRects()].some((b) => b.right > innerWidth || b.left < 0)) found.push(t.parentElement.className + " " + t.data.slice(0, 40));
	}
	return [...new Set(found)];
})()`

// lookInbox has something of everything that the page can show.
func lookInbox(t *testing.T) *Inbox {
	t.Helper()
	b := New()
	for _, m := range everyMessage(t) {
		b.Add(m)
	}
	failed := numbered(1)
	failed.Status = "failed: refused with 404"
	b.Add(failed)
	b.Add(Message{Sink: strings.Repeat("long", 40), Type: "slack", Status: "delivered", Body: []byte(`"` + strings.Repeat("x", PartBytes) + `"`)})
	b.Add(Message{Sink: "wide", Type: "teams", Status: "delivered", Body: []byte(`{"type":"AdaptiveCard","body":[{"type":"TextBlock","wrap":true,"text":"` +
		strings.Repeat("w", 3000) + `"},{"type":"FactSet","facts":[{"title":"` + strings.Repeat("t", 300) + `","value":"` + strings.Repeat("v", 300) + `"}]}]}`)})
	b.Add(Message{Sink: "wide", Type: "slack", Status: "delivered", Body: []byte("{\"text\":\"```" +
		strings.Repeat("c", 3000) + "``` `" + strings.Repeat("d", 3000) + "` <https://example.com/" + strings.Repeat("e", 900) + ">\"}")})
	return b
}

func TestLook(t *testing.T) {
	p := open(t, lookInbox(t))
	p.arrived(int64(len(everyMessage(t)) + 4))
	p.is(`(() => { for (const d of document.querySelectorAll("details")) d.open = true; return true; })()`)
	p.until(`[...document.querySelectorAll("details")].every((d) => d.querySelector("pre"))`)
	var grounds [2]string
	for i, scheme := range []string{"light", "dark"} {
		p.prefer(scheme, "no-preference")
		for _, line := range get[[]string](p, faint) {
			t.Errorf("%s: contrast %s", scheme, line)
		}
		grounds[i] = get[string](p, `getComputedStyle(document.body).backgroundColor + getComputedStyle(document.querySelector(".slack")).backgroundColor`)
		for _, width := range []int64{320, 360, 900} {
			p.do("resize", chromedp.EmulateViewport(width, 740))
			if got := get[int64](p, `document.documentElement.scrollWidth`); got > width {
				t.Errorf("%s: the page is %d wide on a screen of %d", scheme, got, width)
			}
			for _, line := range get[[]string](p, cutOff) {
				t.Errorf("%s: cut off on a screen of %d: %s", scheme, width, line)
			}
		}
	}
	if grounds[0] == grounds[1] {
		t.Errorf("light and dark are the same: %s", grounds[0])
	}
	if dir := os.Getenv("INBOX_SCREENSHOTS"); dir != "" {
		screenshots(p, dir)
	}
}

// TestReadAloud checks what a screen reader is told.
func TestReadAloud(t *testing.T) {
	b := New()
	for _, m := range everyMessage(t) {
		b.Add(m)
	}
	p := open(t, b)
	p.arrived(9)
	tree, err := chromedp.Run(p.ctx, func(ctx context.Context, tab *chromedp.Target) (accessibility.GetFullAXTreeResult, error) {
		return cdp.Call(ctx, tab, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{})
	})
	if err != nil {
		t.Fatal(err)
	}
	names := map[string][]string{}
	for _, n := range tree.Nodes {
		if n.Ignored || n.Role == nil {
			continue
		}
		var role, name string
		role = strings.Trim(string(n.Role.Value), `"`)
		if n.Name != nil {
			name = strings.Trim(string(n.Name.Value), `"`)
		}
		names[role] = append(names[role], name)
	}
	for role, want := range map[string]int{"banner": 1, "main": 1, "feed": 1, "article": len(everyMessage(t)), "status": 2} {
		if len(names[role]) != want {
			t.Errorf("%d of role %s, want %d: %q", len(names[role]), role, want, names[role])
		}
	}
	for _, role := range []string{"article", "link", "DisclosureTriangle", "image", "heading", "feed", "main"} {
		for _, name := range names[role] {
			if strings.TrimSpace(name) == "" {
				t.Errorf("a %s has no name", role)
			}
		}
	}
	if got := names["article"]; len(got) > 0 && got[0] != "Microsoft Teams ops: Event of teams-unknown" {
		t.Errorf("the first article is called %q", got[0])
	}
	p.is(`document.documentElement.lang === "en"`, `document.querySelectorAll("h1").length === 1`,
		// No level of headings is left out.
		`[...document.querySelectorAll("h1, h2, h3, h4, h5, h6")].every((h, i, all) => !i || h.localName[1] - all[i - 1].localName[1] <= 1)`)
}

// screenshots are for people, who judge what no test can.
func screenshots(p *tab, dir string) {
	for _, scheme := range []string{"light", "dark"} {
		p.prefer(scheme, "no-preference")
		for name, width := range map[string]int64{"phone": 360, "desk": 900} {
			p.do("resize", chromedp.EmulateViewport(width, 900))
			png, err := chromedp.Run(p.ctx, chromedp.FullScreenshot(100))
			if err == nil {
				err = os.WriteFile(filepath.Join(dir, name+"-"+scheme+".png"), png, 0o600)
			}
			if err != nil {
				p.t.Fatal(err)
			}
		}
	}
}
