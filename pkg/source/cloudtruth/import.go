package cloudtruth

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/sigpost/sigpost/pkg/secret"
)

// Import reads CloudTruth's own webhook subscriptions and returns a
// configuration, as YAML, that does what they do. A token is never part of it.
// The error joins a *problem.Problem, with the name of the file, for everything
// that is wrong with the document.
func Import(file string, data []byte) ([]byte, error) {
	subscriptions, err := readSubscriptions(file, data)
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	hidden := tokens(subscriptions)
	organization := ""
	for _, s := range subscriptions {
		if s.organization != "" {
			organization = " of the organization " + hidden.quote(s.organization)
		}
	}
	fmt.Fprintf(&b, importSource, organization, secret.LocalVariable(keyName), keyName)
	b.WriteString("sinks:\n")
	var names []string
	for _, s := range subscriptions {
		name := sinkName(hidden.cut(s.name), names)
		names = append(names, name)
		whereAndAs := ""
		if s.channel != "" {
			whereAndAs = " to the channel " + hidden.quote(s.channel)
		}
		if s.username != "" {
			whereAndAs += " as " + hidden.quote(s.username)
		}
		fmt.Fprintf(&b, importSink, hidden.quote(s.name), whereAndAs, secret.LocalVariable("slack-"+name), name)
	}
	b.WriteString("routes:\n")
	for i, s := range subscriptions {
		fmt.Fprintf(&b, "  - { from: [cloudtruth], events: [%s], to: [%s] }\n", strings.Join(s.events, ", "), names[i])
	}
	return []byte(b.String()), nil
}

const (
	keyName = "cloudtruth-api-key"

	importSource = `# What CloudTruth's webhooks do, done by sigpost. Once this works, delete the
# webhooks in CloudTruth, or every change is told twice.
sources:
  # CloudTruth's audit log is read with the API key of a service account%s.
  # Make one at https://app.cloudtruth.io/organization/api and store the key as
  # that secret: in your cloud's secret manager; on this machine as
  # %s.
  cloudtruth: { type: cloudtruth, api_key: secret://%s, every: 1m }
`
	importSink = `  # %s: CloudTruth posted%s, with a Slack token.
  # This needs an incoming webhook instead, which has its channel and its name
  # from Slack: make one for that channel, and store its URL as that secret; on
  # this machine as %s. The token is not needed.
  %[4]s: { type: slack, url: secret://slack-%[4]s }
`
)

// hiding is the texts that must not come out.
type hiding []string

// tokens is the tokens of all subscriptions. Very short ones are placeholders.
func tokens(all []subscription) (h hiding) {
	for _, s := range all {
		if len(s.token) >= minToken {
			h = append(h, s.token)
		}
	}
	return h
}

// minToken is the length in bytes of the shortest text that can be a token:
// those of Slack are far longer.
const minToken = 8

// slackToken is what a token of Slack looks like, wherever it stands.
// https://docs.slack.dev/authentication/tokens
var slackToken = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)\b(xox[a-z]|xapp|xwfp)([-.][0-9a-z.-]*)|hooks\.slack\.com/\S*`)
})

// cut is s without anything that is, or looks like, a token.
func (h hiding) cut(s string) string {
	for _, token := range h {
		s = strings.ReplaceAll(s, token, "REDACTED")
	}
	return slackToken().ReplaceAllString(s, "REDACTED")
}

// quote is s for a comment: in quotes, on one line, cut, and without tokens.
func (h hiding) quote(s string) string {
	s = h.cut(s)
	if r := []rune(s); len(r) > nameRunes {
		s = string(r[:nameRunes]) + "…"
	}
	return strconv.QuoteToGraphic(s)
}

var notInName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`[^a-z0-9_-]+`) })

// sinkName makes a name for a sink of the name of a subscription.
func sinkName(s string, taken []string) string {
	base := strings.Trim(notInName().ReplaceAllString(strings.ToLower(s), "-"), "-_")
	if base = base[:min(len(base), 40)]; base == "" {
		base = "slack"
	}
	name := base
	for n := 2; slices.Contains(taken, name); n++ {
		name = fmt.Sprintf("%s-%d", base, n)
	}
	return name
}
