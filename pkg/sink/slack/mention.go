package slack

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/match"
	"github.com/sigpost/sigpost/pkg/problem"
)

// Mention names whom a message of certain events calls.
type Mention struct {
	// To are ids of users (U…, W…) and user groups (S…), or here, channel or
	// everyone: at most maxMentions of them.
	To []string `yaml:"to"`
	// Filter says of which events; without a condition of all.
	match.Filter `yaml:",inline"`
}

// maxMentions is how many a message calls at most.
const maxMentions = 10

var (
	userID  = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[UW][A-Z0-9]{6,20}$`) })
	groupID = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^S[A-Z0-9]{6,20}$`) })
)

// called is the markup that calls one of Mention.To, "" if it is none:
// https://docs.slack.dev/messaging/formatting-message-text#advanced.
func called(to string) string {
	switch {
	case to == "here", to == "channel", to == "everyone":
		return "<!" + to + ">"
	case userID().MatchString(to):
		return "<@" + to + ">"
	case groupID().MatchString(to):
		return "<!subteam^" + to + ">"
	}
	return ""
}

// checkMentions is what is wrong with the key mentions.
func checkMentions(mentions []Mention) error {
	var errs []error
	for i, m := range mentions {
		key := fmt.Sprintf("mentions[%d]", i)
		switch {
		case len(m.To) == 0:
			errs = append(errs, problem.New(key+".to", "is missing: name whom to mention, e.g. [U012ABCDEF] or [here]"))
		case len(m.To) > maxMentions:
			errs = append(errs, problem.New(key+".to", "has more than %d names: make a user group of them", maxMentions))
		}
		for j, to := range m.To {
			if called(to) == "" {
				errs = append(errs, problem.New(fmt.Sprintf("%s.to[%d]", key, j), "is nobody that Slack knows: write a member ID (U… or W…), a user group's ID (S…), here, channel or everyone"))
			}
		}
		for _, p := range problem.All(m.Validate()) {
			errs = append(errs, problem.New(key+"."+p.Key, "%s", p.Text))
		}
	}
	return errors.Join(errs...)
}

// mentioned is the markup that calls all whom e concerns, each once.
func mentioned(mentions []Mention, e *event.Event) string {
	var all []string
	for _, m := range mentions {
		if !m.Match(e) {
			continue
		}
		for _, to := range m.To {
			if s := called(to); len(all) < maxMentions && !slices.Contains(all, s) {
				all = append(all, s)
			}
		}
	}
	return strings.Join(all, " ")
}
