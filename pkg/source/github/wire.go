package github

import (
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/source"
)

// payload is what sigpost reads of a delivery. Whatever is not there, null, or
// of another type than documented keeps its zero value.
type payload struct {
	Action       string      `json:"action"`
	Repository   *repository `json:"repository"`
	Organization *account    `json:"organization"`
	Enterprise   *enterprise `json:"enterprise"`
	Sender       *account    `json:"sender"`

	Issue             *issue       `json:"issue"`
	PullRequest       *pull        `json:"pull_request"`
	Comment           *comment     `json:"comment"`
	Review            *review      `json:"review"`
	Discussion        *issue       `json:"discussion"`
	Answer            *comment     `json:"answer"`
	Label             *named       `json:"label"`
	Milestone         *named       `json:"milestone"`
	Assignee          *account     `json:"assignee"`
	RequestedReviewer *account     `json:"requested_reviewer"`
	RequestedTeam     *named       `json:"requested_team"`
	Release           *release     `json:"release"`
	WorkflowRun       *run         `json:"workflow_run"`
	CheckRun          *checkRun    `json:"check_run"`
	Deployment        *deployment  `json:"deployment"`
	DeploymentStatus  *deployState `json:"deployment_status"`
	Forkee            *repository  `json:"forkee"`
	Member            *account     `json:"member"`
	Sponsorship       *sponsorship `json:"sponsorship"`
	Alert             *alert       `json:"alert"`
	SecurityAdvisory  *advisory    `json:"security_advisory"`
	Changes           *changes     `json:"changes"`

	Ref        source.Excerpt `json:"ref"`
	RefType    source.Excerpt `json:"ref_type"`
	Compare    string         `json:"compare"`
	Created    bool           `json:"created"`
	Deleted    bool           `json:"deleted"`
	Forced     bool           `json:"forced"`
	Pusher     *named         `json:"pusher"`
	HeadCommit *commit        `json:"head_commit"`
	Commits    few[commit]    `json:"commits"`
}

// place is the repository, else the organization or enterprise.
func (p *payload) place() event.Link {
	switch {
	case p.Repository != nil && p.Repository.FullName != "":
		return event.Link{Name: oneLine(string(p.Repository.FullName), nameRunes), URL: webURL(p.Repository.HTMLURL)}
	case p.Organization != nil && p.Organization.Login != "":
		return p.Organization.link()
	case p.Enterprise != nil && p.Enterprise.Name != "":
		return event.Link{Name: oneLine(string(p.Enterprise.Name), nameRunes), URL: webURL(p.Enterprise.HTMLURL)}
	}
	return event.Link{}
}

// key names a subject in the repository: "acme/api" and the parts. It is empty
// if any of them is missing.
func (p *payload) key(parts ...string) string {
	if p.Repository == nil || p.Repository.FullName == "" {
		return ""
	}
	s := oneLine(string(p.Repository.FullName), nameRunes)
	for _, part := range parts {
		if part == "" {
			return ""
		}
		s += oneLine(part, nameRunes)
	}
	return s
}

// numberKey is "acme/api#1347".
func (p *payload) numberKey(n int64) string {
	if n <= 0 {
		return ""
	}
	return p.key("#", strconv.FormatInt(n, 10))
}

// account is a user, bot or organization; nil where it was deleted.
type account struct {
	Login   source.Excerpt `json:"login"`
	HTMLURL string         `json:"html_url"`
}

func (a *account) link() event.Link {
	if a == nil || a.Login == "" {
		return event.Link{}
	}
	return event.Link{Name: oneLine(string(a.Login), nameRunes), URL: webURL(a.HTMLURL)}
}

func (a *account) name() string { return a.link().Name }

type enterprise struct {
	Name    source.Excerpt `json:"name"`
	HTMLURL string         `json:"html_url"`
}

// named is anything of which only the name or title counts.
type named struct {
	Name  source.Excerpt `json:"name"`
	Title source.Excerpt `json:"title"`
}

func (n *named) name() string {
	if n == nil {
		return ""
	}
	if n.Name == "" {
		return oneLine(string(n.Title), nameRunes)
	}
	return oneLine(string(n.Name), nameRunes)
}

type repository struct {
	FullName    source.Excerpt `json:"full_name"`
	HTMLURL     string         `json:"html_url"`
	Description source.Excerpt `json:"description"`
	Visibility  source.Excerpt `json:"visibility"`
	Stars       int64          `json:"stargazers_count"`
	Forks       int64          `json:"forks_count"`
	UpdatedAt   string         `json:"updated_at"`
}

type changes struct {
	Repository *struct {
		Name *from `json:"name"`
	} `json:"repository"`
	Owner *struct {
		From *struct {
			User         *account `json:"user"`
			Organization *account `json:"organization"`
		} `json:"from"`
	} `json:"owner"`
	Permission *from `json:"permission"`
	RoleName   *from `json:"role_name"`
	Tier       *struct {
		From *named `json:"from"`
	} `json:"tier"`
}

type from struct {
	From source.Excerpt `json:"from"`
	To   source.Excerpt `json:"to"`
}

// fewItems is how many elements of a list are kept.
const fewItems = 20

// few is the first elements of a list of objects, and how many it has. What is
// beyond is counted and never copied.
type few[T any] struct {
	items []T
	total int
}

// UnmarshalJSONFrom reads a list; any other value leaves f empty.
func (f *few[T]) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	*f = few[T]{}
	if dec.PeekKind() != '[' {
		return dec.SkipValue()
	}
	if _, err := dec.ReadToken(); err != nil {
		return err
	}
	for dec.PeekKind() != ']' {
		raw, err := dec.ReadValue()
		if err != nil {
			return err
		}
		if raw.Kind() != '{' {
			continue
		}
		f.total++
		var v T
		if len(f.items) < fewItems && source.Decode(raw, &v) == nil {
			f.items = append(f.items, v)
		}
	}
	_, err := dec.ReadToken()
	return err
}

// subject is what the general rendering shows of an object.
type subject struct {
	HTMLURL string         `json:"html_url"`
	Title   source.Excerpt `json:"title"`
	Name    source.Excerpt `json:"name"`
}

// subjects looks for the object that an event is about: the one with the
// event's name, else the first that has a page of its own.
type subjects struct {
	event string
	name  string
	best  *subject
}

// UnmarshalJSONFrom reads the delivery's objects.
func (s *subjects) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	if _, err := dec.ReadToken(); err != nil {
		return err
	}
	for dec.PeekKind() != '}' {
		token, err := dec.ReadToken()
		if err != nil {
			return err
		}
		name := token.String()
		raw, err := dec.ReadValue()
		if err != nil {
			return err
		}
		s.consider(name, raw)
	}
	_, err := dec.ReadToken()
	return err
}

func (s *subjects) consider(name string, raw jsontext.Value) {
	switch name {
	case "repository", "organization", "enterprise", "sender", "installation":
		return
	}
	if raw.Kind() != '{' || !isWord(name) || s.best != nil && name != s.event {
		return
	}
	var v subject
	if source.Decode(raw, &v) == nil && webURL(v.HTMLURL) != "" {
		s.name, s.best = name, &v
	}
}
