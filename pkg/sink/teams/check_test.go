package teams

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/text"
)

// object is a JSON object.
type object = map[string]any

// shape is which keys an element has, and which it may have. These are the ones
// that a card uses of those in Microsoft's schema,
// https://adaptivecards.io/schemas/1.5.0/adaptive-card.json, which knows no others
// of an element, and of Teams' own Chart.Gauge,
// https://learn.microsoft.com/microsoftteams/platform/task-modules-and-cards/cards/charts-in-adaptive-cards.
type shape struct{ must, may []string }

var shapes = map[string]shape{
	"TextBlock":      {[]string{"text", "wrap"}, []string{"size", "weight", "color", "isSubtle", "spacing"}},
	"Container":      {[]string{"items"}, []string{"style", "bleed"}},
	"ColumnSet":      {[]string{"columns"}, nil},
	"Column":         {[]string{"width", "items"}, nil},
	"Image":          {[]string{"url", "altText", "size"}, nil},
	"FactSet":        {[]string{"facts"}, nil},
	"ActionSet":      {[]string{"actions"}, nil},
	"Action.OpenUrl": {[]string{"title", "url"}, nil},
	"Chart.Gauge":    {[]string{"value", "min", "max", "valueFormat", "segments", "fallback"}, []string{"title", "subLabel"}},
}

var values = map[string][]string{
	"size":        {"Small", "Medium", "Stretch"},
	"weight":      {"Bolder"},
	"color":       {"default", "dark", "light", "accent", "good", "warning", "attention"},
	"spacing":     {"None", "Small"},
	"style":       {"emphasis", "accent", "good", "warning", "attention"},
	"valueFormat": {"fraction"},
}

// checkCard says what Teams would refuse or draw wrongly in an envelope.
func checkCard(body []byte) error {
	if len(body) > budgetBytes {
		return fmt.Errorf("%d bytes are more than %d", len(body), budgetBytes)
	}
	var e object
	if err := json.Unmarshal(body, &e); err != nil {
		return err
	}
	list, _ := e["attachments"].([]any)
	if e["type"] != "message" || len(e) != 2 || len(list) != 1 {
		return errors.New("not an envelope of one attachment")
	}
	a, _ := list[0].(object)
	null, has := a["contentUrl"]
	if a["contentType"] != "application/vnd.microsoft.card.adaptive" || len(a) != 3 || !has || null != nil {
		return errors.New("not an Adaptive Card attachment")
	}
	c, _ := a["content"].(object)
	return checkContent(c)
}

func checkContent(c object) error {
	if err := keys(c, shape{must: []string{"$schema", "version", "fallbackText", "msteams", "body"}}); err != nil {
		return err
	}
	if c["type"] != "AdaptiveCard" || c["version"] != "1.5" || fmt.Sprint(c["msteams"]) != "map[width:Full]" {
		return errors.New("not a full Adaptive Card 1.5")
	}
	els, _ := c["body"].([]any)
	if len(els) < 2 {
		return errors.New("no headline or no footer")
	}
	if err := inertText(c["fallbackText"]); err != nil {
		return err
	}
	last := len(els) - 1
	if button, ok := els[last].(object); ok && button["type"] == "ActionSet" {
		last--
	}
	if footer, ok := els[last].(object); ok && footer["type"] == "TextBlock" {
		footer["text"] = dates.ReplaceAllString(fmt.Sprint(footer["text"]), "")
	}
	return elements(els)
}

var (
	dates   = regexp.MustCompile(` · \{\{DATE\(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ,SHORT\)\}\} \{\{TIME\(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\)\}\}$`)
	escapes = regexp.MustCompile("\\\\[\\\\`*_\\[\\]()#~>.=+!-]")
)

func keys(o object, s shape) error {
	for _, k := range s.must {
		if v, ok := o[k]; !ok || v == "" {
			return fmt.Errorf("%v has no %s", o["type"], k)
		}
	}
	for k := range o {
		if k != "type" && !slices.Contains(s.must, k) && !slices.Contains(s.may, k) {
			return fmt.Errorf("%v has an unknown %s", o["type"], k)
		}
	}
	return nil
}

func elements(els []any) error {
	if len(els) == 0 {
		return errors.New("empty list of elements")
	}
	for _, x := range els {
		o, _ := x.(object)
		typ, _ := o["type"].(string)
		s, ok := shapes[typ]
		if !ok {
			return fmt.Errorf("unknown element %q", typ)
		}
		err := keys(o, s)
		for k, allowed := range values {
			if v, has := o[k].(string); has && !slices.Contains(allowed, v) {
				err = errors.Join(err, fmt.Errorf("%s: %s is %q", typ, k, v))
			}
		}
		for _, k := range []string{"wrap", "isSubtle", "bleed"} {
			if v, has := o[k]; has && v != true { // what is false is left out
				err = errors.Join(err, fmt.Errorf("%s: %s is %v", typ, k, v))
			}
		}
		for _, k := range []string{"items", "columns", "actions"} {
			if inner, has := o[k].([]any); has {
				err = errors.Join(err, elements(inner))
			}
		}
		if err = errors.Join(err, content(typ, o)); err != nil {
			return err
		}
	}
	return nil
}

// content checks what is particular to elements of one type.
func content(typ string, o object) error {
	switch typ {
	case "TextBlock":
		if o["wrap"] != true {
			return errors.New("text doesn't wrap")
		}
		return markdownText(o["text"])
	case "FactSet":
		facts, _ := o["facts"].([]any)
		if len(facts) == 0 {
			return errors.New("no facts")
		}
		for _, f := range facts {
			f, _ := f.(object)
			if err := errors.Join(markdownText(f["title"]), markdownText(f["value"])); err != nil || len(f) != 2 {
				return fmt.Errorf("fact: %w", err)
			}
		}
	case "Action.OpenUrl":
		if u, _ := o["url"].(string); !strings.HasPrefix(u, "https://") && !strings.HasPrefix(u, "http://") {
			return fmt.Errorf("button to %q", u)
		}
		return errors.Join(inertText(o["title"]), inertText(o["url"]))
	case "Column":
		if w, _ := o["width"].(float64); w <= 0 {
			return fmt.Errorf("width is %v", o["width"])
		}
	case "Image":
		if u, _ := o["url"].(string); pictureURL(u) != u {
			return fmt.Errorf("image at %q", u)
		}
		return inertText(o["altText"])
	case "Chart.Gauge":
		return gaugeContent(o)
	}
	return nil
}

func gaugeContent(o object) error {
	lo, _ := o["min"].(float64)
	hi, _ := o["max"].(float64)
	v, _ := o["value"].(float64)
	if hi <= lo || v < lo || v > hi {
		return fmt.Errorf("%v is not between %v and %v", v, lo, hi)
	}
	segments, _ := o["segments"].([]any)
	for _, s := range segments {
		s, _ := s.(object)
		size, _ := s["size"].(float64)
		color, _ := s["color"].(string)
		if len(s) != 3 || size <= 0 || s["legend"] == "" || !slices.Contains([]string{"good", "warning", "attention"}, color) {
			return fmt.Errorf("bad segment %v", s)
		}
	}
	if title, ok := o["title"]; ok {
		if err := inertText(title); err != nil {
			return err
		}
	}
	if o["fallback"] == "drop" {
		return nil
	}
	return elements([]any{o["fallback"]})
}

// inertText fails for a mention, a date or a template in what a sender wrote.
func inertText(v any) error {
	s, ok := v.(string)
	if !ok || strings.TrimSpace(s) == "" {
		return errors.New("empty text")
	}
	for _, bad := range []string{"<at", "</at", "{{", "${", "&lt;"} {
		if strings.Contains(strings.ToLower(s), bad) {
			return fmt.Errorf("text has %q: %.300q", bad, s)
		}
	}
	return nil
}

// markdownText also fails for Markdown that Teams would not draw, and for marks
// that a reader would see: another implementation reads the text.
func markdownText(v any) error {
	if err := inertText(v); err != nil {
		return err
	}
	s := v.(string)
	source := []byte(s)
	root := goldmark.New().Parser().Parse(text.NewReader(source))
	return ast.Walk(root, func(n ast.Node, _ bool) (ast.WalkStatus, error) {
		switch n := n.(type) {
		case *ast.Document, *ast.Paragraph, *ast.TextBlock, *ast.Emphasis, *ast.ListItem:
		case *ast.List:
			if n.Parent().Kind() != ast.KindDocument {
				return ast.WalkStop, fmt.Errorf("a list inside of another: %.300q", s)
			}
		case *ast.Link:
			if u := string(n.Destination); webURL(u) != u {
				return ast.WalkStop, fmt.Errorf("link to %.300q: %.300q", u, s)
			}
		case *ast.Text:
			if words := escapes.ReplaceAllString(string(n.Segment.Value(source)), ""); strings.ContainsAny(words, "\\`*_[]()#~>") {
				return ast.WalkStop, fmt.Errorf("marks are to be seen: %.300q", s)
			}
		default:
			return ast.WalkStop, fmt.Errorf("text has a %s: %.300q", n.Kind(), s)
		}
		return ast.WalkContinue, nil
	})
}

// checkMessageCard says what is not as the reference has it.
func checkMessageCard(body []byte) error {
	if len(body) > budgetBytes {
		return fmt.Errorf("%d bytes are more than %d", len(body), budgetBytes)
	}
	var o object
	if err := json.Unmarshal(body, &o); err != nil {
		return err
	}
	must := []string{"@type", "@context", "summary", "themeColor", "title", "text"}
	if err := keys(o, shape{must: must[:5], may: []string{"text", "sections", "potentialAction"}}); err != nil {
		return err
	}
	if c, _ := o["themeColor"].(string); !regexp.MustCompile(`^[0-9A-F]{6}$`).MatchString(c) {
		return fmt.Errorf("themeColor is %q", c)
	}
	if sections, ok := o["sections"].([]any); ok {
		section, _ := sections[0].(object)
		facts, _ := section["facts"].([]any)
		if len(sections) != 1 || len(section) != 1 || len(facts) == 0 {
			return errors.New("not one section of facts")
		}
		for _, f := range facts {
			f, _ := f.(object)
			if err := errors.Join(inertText(f["name"]), inertText(f["value"])); err != nil || len(f) != 2 {
				return fmt.Errorf("fact: %w", err)
			}
		}
	}
	if text, _ := o["text"].(string); text != "" {
		return errors.Join(inertText(text), inertText(o["title"]), inertText(o["summary"]))
	}
	return errors.Join(inertText(o["title"]), inertText(o["summary"]))
}
