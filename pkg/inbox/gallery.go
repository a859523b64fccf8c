package inbox

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"io"
)

// Group is messages of one event, for a gallery.
type Group struct {
	Name     string // what happened, such as "github issues.opened"
	Messages []Message
}

// Gallery writes a page that needs no server: the messages of each group beside
// each other, drawn as the inbox draws them. The page loads nothing.
func Gallery(w io.Writer, title string, groups []Group) error {
	type section struct {
		Name     string `json:"name"`
		Messages []wire `json:"messages"`
	}
	sections := make([]section, 0, len(groups))
	for _, g := range groups {
		s := section{Name: g.Name}
		for _, m := range g.Messages {
			s.Messages = append(s.Messages, wireOf(m))
		}
		sections = append(sections, s)
	}
	// Marshal writes < as an escape, so no text ends the script element.
	data, err := json.Marshal(sections)
	if err != nil {
		return err
	}
	css, js := joined(append(styles[:len(styles):len(styles)], "gallery.css")...), joined(append(drawings[:len(drawings):len(drawings)], "gallery.js")...)
	_, err = fmt.Fprintf(w, galleryPage, hashOf(js), hashOf(css), html.EscapeString(title), css, html.EscapeString(title), data, js)
	return err
}

func hashOf(text []byte) string {
	sum := sha256.Sum256(text)
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// galleryPage lets its own script and style run and nothing else.
const galleryPage = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src %s; style-src %s; img-src data:; base-uri 'none'; form-action 'none'">
<title>%s</title>
<style>%s</style>
</head>
<body>
<header class="top"><h1>%s</h1> <nav id="choice" aria-label="What is shown"></nav></header>
<main id="gallery"></main>
<script type="application/json" id="data">%s</script>
<script>%s</script>
</body>
</html>
`
