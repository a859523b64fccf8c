package slack

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// callsIn are the mentions that the tests configure.
var callsIn = regexp.MustCompile(`<(@U0HOOK0001|@W0HOOK0002|!subteam\^S0CREW0001|!here|!channel|!everyone)>`)

// ours are the only things in angle brackets that this package writes.
var ours = regexp.MustCompile(`^<(@U0HOOK0001|@W0HOOK0002|!subteam\^S0CREW0001|!here|!channel|!everyone|https?://[^<>|\s]+\|[^<>|\n]+|!date\^\d+\^\{date_short_pretty\} \{time\}\|\d{4}-\d\d-\d\d \d\d:\d\d UTC)>`)

var entity = regexp.MustCompile(`^&(amp|lt|gt);`)

// markup tells what of s Slack would read otherwise than it was meant.
func markup(s string) error {
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '<':
			m := ours.FindString(s[i:])
			if m == "" {
				return fmt.Errorf("foreign markup at %.80q", s[i:])
			}
		case '&':
			if !entity.MatchString(s[i:]) {
				return fmt.Errorf("bare or cut entity at %.20q", s[i:])
			}
		}
	}
	// A quotation begins with a bare one, and nothing else does.
	unquoted := strings.ReplaceAll(strings.TrimPrefix(s, "> "), "\n> ", "\n")
	if strings.Count(unquoted, "<") != strings.Count(unquoted, ">") {
		return fmt.Errorf("bare > in %.80q", s)
	}
	return nil
}

func within(what, s string, low, high int) error {
	if n := length(s); n < low || n > high {
		return fmt.Errorf("%s has %d characters, not %d to %d", what, n, low, high)
	}
	return markup(s)
}

// check tells what Slack would refuse about a body.
func check(body []byte) error {
	var m struct {
		Channel     string            `json:"channel"`
		TS          string            `json:"ts"`
		ThreadTS    string            `json:"thread_ts"`
		Broadcast   bool              `json:"reply_broadcast"`
		Parse       string            `json:"parse"`
		Text        string            `json:"text"`
		Blocks      []json.RawMessage `json:"blocks"`
		Attachments []struct {
			attachment
			Blocks []json.RawMessage `json:"blocks"`
		} `json:"attachments"`
		UnfurlLinks *bool `json:"unfurl_links"`
		UnfurlMedia *bool `json:"unfurl_media"`
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&m); err != nil {
		return err
	}
	blocks := m.Blocks
	errs := []error{within("text", m.Text, 0, 4000)}
	for _, a := range m.Attachments {
		blocks = append(blocks, a.Blocks...)
		errs = append(errs, checkAttachment(a.attachment, len(a.Blocks) > 0))
	}
	if len(m.Attachments) > 100 || len(blocks) > maxBlocks {
		errs = append(errs, fmt.Errorf("%d attachments, %d blocks", len(m.Attachments), len(blocks)))
	}
	if m.TS != "" {
		if m.Parse != "none" || m.UnfurlLinks != nil || m.UnfurlMedia != nil || m.ThreadTS != "" || callsIn.MatchString(m.Text) {
			errs = append(errs, errors.New("a change with what only a post has, or without parse"))
		}
		m.UnfurlLinks, m.UnfurlMedia = no, no
	}
	if len(m.Blocks) > 0 && (m.Text == "" || m.UnfurlLinks == nil || *m.UnfurlLinks || m.UnfurlMedia == nil || *m.UnfurlMedia) {
		errs = append(errs, errors.New("blocks without text, or with unfurling"))
	}
	total := 0
	for _, b := range blocks {
		n, err := checkBlock(b)
		total += n
		errs = append(errs, err)
	}
	if total > totalLimit {
		errs = append(errs, fmt.Errorf("%d characters in all blocks", total))
	}
	return errors.Join(errs...)
}

func checkAttachment(a attachment, hasBlocks bool) error {
	if !regexp.MustCompile(`^#[0-9A-F]{6}$`).MatchString(a.Color) {
		return fmt.Errorf("color %q", a.Color)
	}
	if hasBlocks {
		return nil
	}
	errs := []error{
		within("attachment title", a.Title, 1, titleLimit), within("attachment text", a.Text, 0, sectionLimit),
		within("footer", a.Footer, 0, nameLimit), within("fallback", a.Fallback, 0, fallbackLimit),
		within("author", a.AuthorName, 0, nameLimit),
	}
	for _, f := range a.Fields {
		errs = append(errs, within("field title", f.Title, 0, nameLimit), within("field value", f.Value, 1, fieldLimit))
	}
	return errors.Join(errs...)
}

// checkBlock is the characters of a block, and what is wrong with it.
func checkBlock(raw []byte) (int, error) {
	var b struct {
		Type     string   `json:"type"`
		Text     *text    `json:"text"`
		Fields   []text   `json:"fields"`
		Elements []button `json:"elements"`
		ImageURL string   `json:"image_url"`
		AltText  string   `json:"alt_text"`
	}
	var errs []error
	texts := []text{}
	if err := json.Unmarshal(raw, &b); err != nil {
		// A context's elements are texts.
		var c struct {
			Type     string `json:"type"`
			Elements []text `json:"elements"`
		}
		if err := json.Unmarshal(raw, &c); err != nil || c.Type != "context" || len(c.Elements) == 0 || len(c.Elements) > 10 {
			return 0, fmt.Errorf("block %.200s: %w", raw, err)
		}
		for _, t := range c.Elements {
			errs = append(errs, within("context", t.Text, 1, sectionLimit))
		}
		texts = append(texts, c.Elements...)
	}
	switch {
	case b.Type == "header" && b.Text != nil:
		errs = append(errs, within("header", b.Text.Text, 1, headerLimit))
	case b.Type == "section" && b.Text != nil:
		errs = append(errs, within("section", b.Text.Text, 1, sectionLimit))
	case b.Type == "section" && len(b.Fields) > 0 && len(b.Fields) <= maxFields:
		for _, f := range b.Fields {
			errs = append(errs, within("field", f.Text, 1, fieldLimit))
		}
	case b.Type == "actions" && len(b.Elements) == 1:
		e := b.Elements[0]
		errs = append(errs, within("button", e.Text.Text, 1, buttonLimit))
		texts = append(texts, e.Text)
		if len(e.URL) > buttonURLLimit || !strings.HasPrefix(e.URL, "http") {
			errs = append(errs, fmt.Errorf("button leads to %.80q", e.URL))
		}
	case b.Type == "image":
		errs = append(errs, within("alt text", b.AltText, 1, altTextLimit))
		if len(b.ImageURL) > imageURLLimit || !strings.HasPrefix(b.ImageURL, "http") {
			errs = append(errs, fmt.Errorf("image at %.80q", b.ImageURL))
		}
	case len(texts) == 0:
		errs = append(errs, fmt.Errorf("block %.200s", raw))
	}
	if b.Text != nil {
		texts = append(texts, *b.Text)
	}
	n := 0
	for _, t := range append(texts, b.Fields...) {
		n += length(t.Text)
	}
	return n, errors.Join(errs...)
}
