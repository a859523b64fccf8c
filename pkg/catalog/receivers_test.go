package catalog_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/sink"
	"github.com/sigpost/sigpost/pkg/sink/bigquery/bigquerytest"
)

// receivers say what the receiver of each type of sink would refuse, or read
// otherwise than it was meant, by its own documentation and not by the sink's
// constants: body is JSON, and v the same decoded.
var receivers = map[string]func(e *event.Event, p sink.Posting, body []byte, v any) error{
	"slack": slack, "teams": teams, "discord": discord, "pagerduty": pagerduty, "generic": generic,
	"bigquery": func(_ *event.Event, _ sink.Posting, body []byte, _ any) error { return bigquerytest.Check(body) },
}

// content is the JSON of a message, which may stand beside files.
func content(m sink.Message) ([]byte, error) {
	kind, params, err := mime.ParseMediaType(m.ContentType)
	switch {
	case err != nil:
		return nil, fmt.Errorf("content type %q: %w", m.ContentType, err)
	case kind == "application/json", kind == "application/cloudevents+json":
		return m.Body, nil
	case kind != "multipart/form-data":
		return nil, fmt.Errorf("content type %q", m.ContentType)
	}
	var body []byte
	for r := multipart.NewReader(bytes.NewReader(m.Body), params["boundary"]); ; {
		p, err := r.NextPart()
		if errors.Is(err, io.EOF) {
			return body, nil
		}
		if err != nil {
			return nil, err
		}
		data, err := io.ReadAll(p)
		if err != nil {
			return nil, err
		}
		if p.FormName() == "payload_json" {
			body = data
		}
	}
}

type object = map[string]any

func objects(v any) (all []object) {
	items, _ := v.([]any)
	for _, x := range items {
		o, _ := x.(object)
		all = append(all, o)
	}
	return all
}

func str(v any) string { s, _ := v.(string); return s }

// units is a text's length as JavaScript counts, the most that anybody does.
func units(s string) int { return len(utf16.Encode([]rune(s))) }

// limit wants a text of low to high characters.
func limit(what, s string, low, high int) error {
	if n := units(s); n < low || n > high || low > 0 && strings.TrimSpace(s) == "" {
		return fmt.Errorf("%s has %d characters, not %d to %d: %.100q", what, n, low, high, s)
	}
	return nil
}

// each calls check with every text of v and its key.
func each(key string, v any, check func(key, s string) error) error {
	switch v := v.(type) {
	case object:
		for k, x := range v {
			if err := each(k, x, check); err != nil {
				return err
			}
		}
	case []any:
		for _, x := range v {
			if err := each(key, x, check); err != nil {
				return err
			}
		}
	case string:
		return check(key, v)
	}
	return nil
}

func web(s string, most int) error {
	if len(s) > most || !strings.HasPrefix(s, "https://") && !strings.HasPrefix(s, "http://") || strings.ContainsAny(s, " <>\"\n") {
		return fmt.Errorf("address %.200q", s)
	}
	return nil
}

var (
	slackCalls = []string{"<!here>", "<!channel>", "<@U0CALLED01>", "<!subteam^S0CALLED01>"}
	slackDate  = regexp.MustCompile(`^<!date\^\d+\^[^<>|]*\|[^<>|]*>$`)
	slackAngle = regexp.MustCompile(`<[^>]*>?`)
	slackAmp   = regexp.MustCompile(`&(amp;|lt;|gt;)?`)
)

// slackText wants angle brackets only around links of the web, dates, and whom
// the configuration calls.
func slackText(e *event.Event) func(key, s string) error {
	return func(key, s string) error {
		if key == "url" || key == "image_url" {
			return nil
		}
		for _, m := range slackAngle.FindAllString(s, -1) {
			address, words, _ := strings.Cut(strings.Trim(m, "<>"), "|")
			switch {
			case slices.Contains(slackCalls, m) && e.Severity == event.Error && key == "text":
			case slackDate.MatchString(m):
			case web(address, 3000) == nil && strings.HasSuffix(m, ">") && !strings.ContainsAny(words, "|\n"):
			default:
				return fmt.Errorf("%s has %.100q", key, m)
			}
		}
		for _, m := range slackAmp.FindAllString(s, -1) {
			if m == "&" && !strings.HasSuffix(key, "_link") {
				return fmt.Errorf("%s has a bare &: %.200q", key, s)
			}
		}
		return nil
	}
}

// slack is https://docs.slack.dev/reference/block-kit/blocks.
func slack(e *event.Event, _ sink.Posting, _ []byte, v any) error {
	o, _ := v.(object)
	blocks, attachments := objects(o["blocks"]), objects(o["attachments"])
	errs := []error{each("", v, slackText(e)), limit("text", str(o["text"]), 0, 4000)}
	for _, a := range attachments {
		blocks = append(blocks, objects(a["blocks"])...)
		if len(objects(a["blocks"])) == 0 && str(a["fallback"]) == "" && str(a["title"]) == "" {
			errs = append(errs, errors.New("an attachment that no notification can be made of"))
		}
	}
	if len(blocks) > 50 || len(attachments) > 100 || len(blocks)+len(attachments) == 0 {
		errs = append(errs, fmt.Errorf("%d blocks, %d attachments", len(blocks), len(attachments)))
	}
	if o["ts"] == nil && len(blocks) > 0 && (str(o["text"]) == "" || o["unfurl_links"] != false || o["unfurl_media"] != false) {
		errs = append(errs, errors.New("blocks without text, or with unfurling"))
	}
	total := 0
	for _, b := range blocks {
		errs = append(errs, slackBlock(b))
		_ = each("", b, func(key, s string) error {
			if key == "text" {
				total += units(s)
			}
			return nil
		})
	}
	if total > 13_200 {
		errs = append(errs, fmt.Errorf("%d characters in all blocks", total))
	}
	return errors.Join(errs...)
}

func slackBlock(b object) error {
	words, _ := b["text"].(object)
	var errs []error
	switch b["type"] {
	case "header":
		errs = append(errs, limit("header", str(words["text"]), 1, 150))
	case "section":
		fields := objects(b["fields"])
		if b["text"] != nil || len(fields) == 0 {
			errs = append(errs, limit("section", str(words["text"]), 1, 3000))
		}
		if len(fields) > 10 {
			errs = append(errs, errors.New("more than ten fields"))
		}
		for _, f := range fields {
			errs = append(errs, limit("field", str(f["text"]), 1, 2000))
		}
	case "context":
		elements := objects(b["elements"])
		if len(elements) == 0 || len(elements) > 10 {
			errs = append(errs, fmt.Errorf("%d elements", len(elements)))
		}
		for _, x := range elements {
			errs = append(errs, limit("context", str(x["text"]), 1, 3000))
		}
	case "image":
		errs = append(errs, limit("alt text", str(b["alt_text"]), 1, 2000), web(str(b["image_url"]), 3000))
	case "actions":
		for _, x := range objects(b["elements"]) {
			words, _ := x["text"].(object)
			errs = append(errs, limit("button", str(words["text"]), 1, 75), web(str(x["url"]), 3000))
		}
	default:
		errs = append(errs, fmt.Errorf("block %v", b["type"]))
	}
	return errors.Join(errs...)
}

var teamsDate = regexp.MustCompile(`\{\{(DATE|TIME)\([0-9TZ:-]+(,SHORT)?\)\}\}`)

// teams is https://learn.microsoft.com/en-us/microsoftteams/platform/task-modules-and-cards/cards/cards-reference.
func teams(e *event.Event, _ sink.Posting, body []byte, v any) error {
	if len(body) > 20<<10 {
		return fmt.Errorf("%d bytes", len(body))
	}
	o, _ := v.(object)
	if o["@type"] == "MessageCard" {
		return each("", v, func(_, s string) error { return teamsText(s) })
	}
	list := objects(o["attachments"])
	if o["type"] != "message" || len(list) != 1 || list[0]["contentType"] != "application/vnd.microsoft.card.adaptive" {
		return errors.New("not an envelope of a card")
	}
	card, _ := list[0]["content"].(object)
	if card["type"] != "AdaptiveCard" || card["version"] != "1.5" {
		return fmt.Errorf("%v %v", card["type"], card["version"])
	}
	extra, _ := card["msteams"].(object)
	var called []string
	for _, entity := range objects(extra["entities"]) {
		who, _ := entity["mentioned"].(object)
		if who["id"] != "ada@called.example" || entity["text"] != "<at>Ada Called</at>" || e.Severity != event.Error {
			return fmt.Errorf("it mentions %v", entity)
		}
		called = append(called, str(entity["text"]))
	}
	delete(card, "msteams")
	return errors.Join(teamsElements(card["body"]), each("", card, func(key, s string) error {
		for _, c := range called {
			if key == "text" {
				s = strings.ReplaceAll(s, c, "")
			}
		}
		return teamsText(s)
	}))
}

// teamsText wants nothing that Teams would fill in, or take for a mention.
func teamsText(s string) error {
	s = strings.ToLower(teamsDate.ReplaceAllString(s, ""))
	for _, bad := range []string{"<at", "</at", "&lt;at", "&lt;/at", "{{", "${"} {
		if strings.Contains(s, bad) {
			return fmt.Errorf("a text has %q: %.200q", bad, s)
		}
	}
	return nil
}

func teamsElements(v any) error {
	known := []string{"TextBlock", "FactSet", "Container", "ColumnSet", "Column", "ActionSet", "Action.OpenUrl", "Chart.Gauge", "Image", "RichTextBlock", "TextRun"}
	for _, o := range objects(v) {
		kind := str(o["type"])
		if !slices.Contains(known, kind) {
			return fmt.Errorf("element %q", kind)
		}
		var err error
		switch kind {
		case "TextBlock":
			if err = limit("text", str(o["text"]), 1, 20<<10); o["wrap"] != true {
				err = errors.New("a text doesn't wrap")
			}
		case "FactSet":
			for _, f := range objects(o["facts"]) {
				err = errors.Join(err, limit("fact's title", str(f["title"]), 1, 20<<10), limit("fact", str(f["value"]), 1, 20<<10))
			}
		case "Action.OpenUrl":
			err = errors.Join(limit("button", str(o["title"]), 1, 20<<10), web(str(o["url"]), 20<<10))
		case "Image":
			err = web(str(o["url"]), 20<<10)
		}
		for _, inner := range []string{"items", "columns", "actions"} {
			err = errors.Join(err, teamsElements(o[inner]))
		}
		if fallback, ok := o["fallback"].(object); ok {
			err = errors.Join(err, teamsElements([]any{fallback}))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

var discordCalls = []string{"<@876543210987654321>", "<@&876543210987654322>", "@everyone"}

// discord is https://docs.discord.com/developers/resources/message#embed-object-embed-limits.
func discord(e *event.Event, _ sink.Posting, _ []byte, v any) error {
	o, _ := v.(object)
	words := str(o["content"])
	errs := []error{limit("content", words, 0, 2000), discordCalled(e, o)}
	for _, c := range discordCalls {
		words = strings.ReplaceAll(words, c, "")
	}
	if strings.ContainsAny(words, "<@") {
		errs = append(errs, fmt.Errorf("content is %q", o["content"]))
	}
	total, embeds := 0, objects(o["embeds"])
	if len(embeds) == 0 || len(embeds) > 10 {
		errs = append(errs, fmt.Errorf("%d embeds", len(embeds)))
	}
	text := func(what string, s any, low, high int) {
		total += units(strings.TrimSpace(str(s)))
		errs = append(errs, limit(what, strings.TrimSpace(str(s)), low, high))
	}
	for _, m := range embeds {
		text("title", m["title"], 1, 256)
		text("description", m["description"], 0, 4096)
		if footer, ok := m["footer"].(object); ok {
			text("footer", footer["text"], 1, 2048)
		}
		if author, ok := m["author"].(object); ok {
			text("author", author["name"], 1, 256)
		}
		fields := objects(m["fields"])
		if len(fields) > 25 {
			errs = append(errs, fmt.Errorf("%d fields", len(fields)))
		}
		for _, f := range fields {
			text("field's name", f["name"], 1, 256)
			text("field's value", f["value"], 1, 1024)
		}
		if at, ok := m["timestamp"]; ok {
			_, err := time.Parse(time.RFC3339, str(at))
			errs = append(errs, err)
		}
		if u, ok := m["url"]; ok {
			errs = append(errs, web(str(u), 2048))
		}
	}
	if total > 6000 {
		errs = append(errs, fmt.Errorf("%d characters in all embeds", total))
	}
	return errors.Join(errs...)
}

// discordCalled wants nobody to be called but whom the configuration names.
func discordCalled(e *event.Event, o object) error {
	allowed, ok := o["allowed_mentions"].(object)
	parse, isList := allowed["parse"].([]any)
	if !ok || !isList {
		return fmt.Errorf("allowed_mentions is %v", o["allowed_mentions"])
	}
	users, _ := allowed["users"].([]any)
	roles, _ := allowed["roles"].([]any)
	for _, x := range slices.Concat(parse, users, roles) {
		if e.Severity != event.Error || !slices.Contains([]any{"everyone", "876543210987654321", "876543210987654322"}, x) {
			return fmt.Errorf("it may call %v", x)
		}
	}
	return nil
}

// pagerduty is https://developer.pagerduty.com/docs/events-api-v2/trigger-events
// and https://developer.pagerduty.com/docs/events-api-v2/send-change-events.
func pagerduty(_ *event.Event, p sink.Posting, body []byte, v any) error {
	o, _ := v.(object)
	if len(body) > 512_000 || o["routing_key"] != words["KEY"] {
		return fmt.Errorf("%d bytes, or another key", len(body))
	}
	change := strings.HasSuffix(p.URL.Reveal(), "/v2/change/enqueue")
	content, _ := o["payload"].(object)
	switch action := str(o["event_action"]); {
	case change && action != "":
		return errors.New("a change event has an action")
	case change:
	case action == "acknowledge" || action == "resolve":
		return limit("dedup_key", str(o["dedup_key"]), 1, 255)
	case action != "trigger" || len(str(o["dedup_key"])) > 255 || str(o["dedup_key"]) == "":
		return fmt.Errorf("action %q of %.300q", action, o["dedup_key"])
	case !slices.Contains([]any{"critical", "error", "warning", "info"}, content["severity"]):
		return fmt.Errorf("severity is %v", content["severity"])
	}
	errs := []error{limit("source", str(content["source"]), 1, 512_000)}
	if n := utf8.RuneCountInString(str(content["summary"])); n == 0 || n > 1024 {
		errs = append(errs, fmt.Errorf("summary has %d characters", n))
	}
	if at, ok := content["timestamp"]; ok {
		_, err := time.Parse(time.RFC3339, str(at))
		errs = append(errs, err)
	}
	for _, l := range objects(o["links"]) {
		errs = append(errs, web(str(l["href"]), 10_000))
	}
	for _, i := range objects(o["images"]) {
		errs = append(errs, web(str(i["src"]), 10_000))
		if !strings.HasPrefix(str(i["src"]), "https://") {
			errs = append(errs, fmt.Errorf("image %v", i["src"]))
		}
	}
	return errors.Join(errs...)
}

var color = regexp.MustCompile(`^#[0-9A-F]{6}$`)

// generic is the plain JSON of the CertifyClouds webhook reference, alone or in a
// CloudEvent, https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md.
func generic(_ *event.Event, p sink.Posting, body []byte, v any) error {
	const most = 1 << 20 // bytes; no receiver says it, but somebody has to take it
	o, _ := v.(object)
	if len(body) > most {
		return fmt.Errorf("%d bytes", len(body))
	}
	if id := p.Header["ce-id"]; !id.Empty() && (p.Header["ce-specversion"].Reveal() != "1.0" || p.Header["ce-source"].Empty() || p.Header["ce-type"].Empty()) {
		return errors.New("attributes of the CloudEvent are missing")
	}
	if o["specversion"] != nil {
		for _, name := range []string{"id", "source", "type"} {
			if str(o[name]) == "" {
				return fmt.Errorf("the CloudEvent has no %s", name)
			}
		}
		o, _ = o["data"].(object)
	}
	for _, f := range objects(o["fields"]) {
		if str(f["title"]) == "" || str(f["value"]) == "" {
			return fmt.Errorf("field %v", f)
		}
	}
	if str(o["title"]) == "" || str(o["message"]) == "" || !color.MatchString(str(o["color"])) {
		return fmt.Errorf("no title or message, or colour %v", o["color"])
	}
	_, err := json.Marshal(o)
	return err
}
