package discord

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/match"
	"github.com/sigpost/sigpost/pkg/problem"
)

// Mention is who is called by which events: all of them without a condition.
type Mention struct {
	// To are ids of users, ids of roles behind an &, everyone and here.
	To           []string `yaml:"to"`
	match.Filter `yaml:",inline"`
}

// mention is a Mention that was found good.
type mention struct {
	match.Filter
	users, roles []string
	groups       []string // everyone, here
}

// maxMentions is how many one Mention may call, and all together: what content
// of 2,000 characters holds many times over, and more would be noise.
const maxMentions = 20

// Ids are snowflakes, 64 bits as a decimal number:
// https://docs.discord.com/developers/reference#snowflakes
const (
	minID = 15
	maxID = 20
)

func (m Mention) ready() (mention, error) {
	out := mention{Filter: m.Filter}
	var errs []error
	switch {
	case len(m.To) == 0:
		errs = append(errs, problem.New("to", "is required: list the ids of users, &ids of roles, everyone or here"))
	case len(m.To) > maxMentions:
		errs = append(errs, problem.New("to", "names more than %d: use a role", maxMentions))
	}
	for i, to := range m.To {
		role, isRole := strings.CutPrefix(to, "&")
		switch {
		case to == "everyone", to == "here":
			out.groups = append(out.groups, to)
		case isRole && isID(role):
			out.roles = append(out.roles, role)
		case isID(to):
			out.users = append(out.users, to)
		default:
			errs = append(errs, problem.New(fmt.Sprintf("to[%d]", i), `is nobody: give the id of a user, "&" and the id of a role, everyone or here (Copy ID in Discord, with its developer mode on)`))
		}
	}
	return out, errors.Join(append(errs, m.Validate())...)
}

func isID(s string) bool {
	return len(s) >= minID && len(s) <= maxID && strings.Trim(s, "0123456789") == ""
}

// called is the content that calls everyone whom e is for, and the permission
// for just that.
func (s *Sink) called(e *event.Event) (string, allowed) {
	a := allowed{Parse: []string{}}
	var words []string
	add := func(word string) bool {
		if slices.Contains(words, word) || len(words) == maxMentions {
			return false
		}
		words = append(words, word)
		return true
	}
	for _, m := range s.mentions {
		if !m.Match(e) {
			continue
		}
		for _, g := range m.groups {
			if add("@"+g) && len(a.Parse) == 0 {
				a.Parse = append(a.Parse, "everyone")
			}
		}
		for _, id := range m.roles {
			if add("<@&" + id + ">") {
				a.Roles = append(a.Roles, id)
			}
		}
		for _, id := range m.users {
			if add("<@" + id + ">") {
				a.Users = append(a.Users, id)
			}
		}
	}
	return strings.Join(words, " "), a
}
