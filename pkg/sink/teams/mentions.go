package teams

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
	"github.com/sigpost/sigpost/pkg/sink"
)

// Mention names whom a card of certain events calls. Only a configuration can:
// what an event says never becomes one.
type Mention struct {
	// To are people: at most maxMentions of them.
	To []Person `yaml:"to"`
	// Filter says of which events; without a condition of all.
	match.Filter `yaml:",inline"`
}

// Person is somebody of the organisation.
type Person struct {
	// Name is what the card shows: 1 to 120 bytes, none of them markup.
	Name string `yaml:"name"`
	// ID is the sign-in name (user principal name), such as
	// ada@acme.example, or the object ID in Microsoft Entra.
	ID string `yaml:"id"`
}

const (
	// maxMentions is how many people a card calls at most.
	maxMentions = 5
	maxPerson   = 120 // bytes of a person's name
	maxSignIn   = 113 // characters: 64 before the @ and 48 after it
)

// markup is what a name must not have.
const markup = "<>&*_[]()`\\~{}$"

var (
	signIn   = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9'._!#^~+-]{1,64}@[A-Za-z0-9.-]{1,48}$`) })
	objectID = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
	})
)

// entity makes a mention of what stands between <at> and </at>:
// https://learn.microsoft.com/microsoftteams/platform/task-modules-and-cards/cards/cards-format#mention-support-within-adaptive-cards
type entity struct {
	Type      string    `json:"type"`
	Text      string    `json:"text"`
	Mentioned mentioned `json:"mentioned"`
}

type mentioned struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// checkMentions is what is wrong with the key mentions; cards says whether the
// format can mention at all.
func checkMentions(mentions []Mention, cards bool) error {
	if len(mentions) > 0 && !cards {
		return problem.New("mentions", "can't be had with the format %s: use %s", MessageCard, AdaptiveCard)
	}
	var errs []error
	for i, m := range mentions {
		key := fmt.Sprintf("mentions[%d]", i)
		switch {
		case len(m.To) == 0:
			errs = append(errs, problem.New(key+".to", `is missing: name whom to mention, e.g. [{ name: Ada, id: ada@acme.example }]`))
		case len(m.To) > maxMentions:
			errs = append(errs, problem.New(key+".to", "has more than %d people", maxMentions))
		}
		for j, to := range m.To {
			at := fmt.Sprintf("%s.to[%d]", key, j)
			if to.Name == "" || len(to.Name) > maxPerson || to.Name != sink.Line(to.Name) || strings.ContainsAny(to.Name, markup) {
				errs = append(errs, problem.New(at+".name", "must be a name of 1 to %d bytes, without any of %s", maxPerson, markup))
			}
			if len(to.ID) > maxSignIn || !signIn().MatchString(to.ID) && !objectID().MatchString(to.ID) {
				errs = append(errs, problem.New(at+".id", "must be a sign-in name such as ada@acme.example, or an object ID of Microsoft Entra"))
			}
		}
		for _, p := range problem.All(m.Validate()) {
			errs = append(errs, problem.New(key+"."+p.Key, "%s", p.Text))
		}
	}
	return errors.Join(errs...)
}

// called is whom e concerns, each once.
func called(mentions []Mention, e *event.Event) (people []Person) {
	for _, m := range mentions {
		if !m.Match(e) {
			continue
		}
		for _, to := range m.To {
			if len(people) < maxMentions && !slices.ContainsFunc(people, func(p Person) bool { return p.ID == to.ID || p.Name == to.Name }) {
				people = append(people, to)
			}
		}
	}
	return people
}

// call is the line that calls people, and what makes mentions of it. Two people
// of one name are one: a card tells mentions apart by their text.
func call(people []Person) (line string, entities []entity) {
	var texts []string
	for _, p := range people {
		text := "<at>" + p.Name + "</at>"
		texts = append(texts, text)
		entities = append(entities, entity{Type: "mention", Text: text, Mentioned: mentioned{p.ID, p.Name}})
	}
	return strings.Join(texts, " "), entities
}
