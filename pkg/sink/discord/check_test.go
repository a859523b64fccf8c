package discord

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode"
)

// active is what Discord would draw as more than text, where escapes, code and
// this package's own links are one harmless character each.
var (
	spans   = regexp.MustCompile("(?s)\\\\[^0-9A-Za-z\\s]|```.*?```|`[^`]*`|<https?://[^\\s<>]+>|\\]\\(https?://[^\\s<>()]+\\)")
	special = regexp.MustCompile(`(?i)<|\|\||@(everyone|here)|https?://|:[a-z0-9_+-]+:`)
	heading = regexp.MustCompile(`(?m)^\s*(#|>>>)`)
)

func text(what, s string, low, high int) error {
	if n := length(strings.TrimSpace(s)); n < low || n > high {
		return fmt.Errorf("%s has %d characters, not %d to %d", what, n, low, high)
	}
	if i := strings.IndexFunc(s, func(r rune) bool { return r != '\n' && r != '\t' && unicode.IsControl(r) }); i >= 0 {
		return fmt.Errorf("%s has a control character", what)
	}
	return nil
}

func markup(what, s string, low, high int) error {
	rest := spans.ReplaceAllString(s, "x")
	if m := special.FindString(rest); m != "" {
		return fmt.Errorf("%s would draw %q: %.200q", what, m, s)
	}
	if heading.MatchString(strings.ReplaceAll(rest, "-# and ", "")) {
		return fmt.Errorf("%s has a heading: %.200q", what, s)
	}
	return text(what, s, low, high)
}

// check tells what Discord would refuse or misread.
func check(body []byte) error {
	var m message
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&m); err != nil {
		return err
	}
	errs := []error{text("content", m.Content, 0, 2000)}
	if m.Allowed.Parse == nil || m.Content == "" && len(m.Allowed.Parse)+len(m.Allowed.Users)+len(m.Allowed.Roles) > 0 {
		errs = append(errs, fmt.Errorf("allowed mentions are %+v", m.Allowed))
	}
	if len(m.Embeds) != 1 {
		return fmt.Errorf("%d embeds", len(m.Embeds))
	}
	e := m.Embeds[0]
	total := length(e.Title) + length(e.Description)
	errs = append(errs, markup("title", e.Title, 1, titleLimit), markup("description", e.Description, 0, descriptionLimit))
	if e.Author != nil {
		total += length(e.Author.Name)
		errs = append(errs, text("author", e.Author.Name, 1, authorLimit))
	}
	if e.Footer != nil {
		total += length(e.Footer.Text)
		errs = append(errs, text("footer", e.Footer.Text, 1, footerLimit))
	}
	if len(e.Fields) > 25 || e.Color < 0 || e.Color > 0xffffff {
		errs = append(errs, fmt.Errorf("%d fields, colour %d", len(e.Fields), e.Color))
	}
	for _, f := range e.Fields {
		total += length(f.Name) + length(f.Value)
		errs = append(errs, markup("field name", f.Name, 1, fieldNameLimit), markup("field value", f.Value, 1, fieldValueLimit))
	}
	if total > totalLimit {
		errs = append(errs, fmt.Errorf("%d characters in all texts", total))
	}
	if e.Timestamp != "" {
		_, err := time.Parse(time.RFC3339, e.Timestamp)
		errs = append(errs, err)
	}
	if (e.Image != nil) != (len(m.Files) == 1) {
		errs = append(errs, fmt.Errorf("image %v with %d files", e.Image, len(m.Files)))
	}
	return errors.Join(errs...)
}
