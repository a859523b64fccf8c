// Package event is the normalised form of what a sender reports: one Event,
// whoever sent it and whoever will read it. It imports the standard library
// only, knows no sender and no receiver, and draws nothing.
//
// Every string of an Event that came from a sender is untrusted. Sources put it
// in as it is; sinks escape it for their receiver.
package event

import "time"

// Event is one thing that happened. Sources fill it, routes choose by it, and
// sinks draw it. A field without a value is its zero value: sinks leave it out.
type Event struct {
	// ID is the sender's delivery id, else a hash of source and body.
	ID string `json:"id"`
	// Round tells an event that was sent again on purpose from the same one tried
	// once more: with ID it is what a sink knows its deliveries by. It is not shown.
	Round string `json:"-"`
	// Source is the configured name of the source, Kind its type ("github"),
	// Product the name its maker writes ("GitHub").
	Source  string `json:"source"`
	Kind    string `json:"kind"`
	Product string `json:"product"`
	// Type is the sender's own word for what happened, e.g. "issues.opened",
	// "run:errored", "health-issue-change", "secret_expiring".
	Type string `json:"type"`
	// Key names the subject and stays the same over its life, e.g.
	// "acme/api#1347". Events that belong together share it. May be empty.
	Key string `json:"key,omitempty"`
	// State is where this event leaves the subject.
	State State `json:"state,omitempty"`
	// Severity is how bad it is; routes and colours go by it.
	Severity Severity `json:"severity"`
	// Muted events are drawn grey, without their severity's colour (an issue
	// closed as not planned). Quiet ones are drawn as a single line.
	Muted bool `json:"muted,omitempty"`
	Quiet bool `json:"quiet,omitempty"`

	// Title is the headline: subject and verb in sentence case, one line of
	// plain text, never empty. It is the link to URL.
	Title string `json:"title"`
	// Recovery is the headline instead of Title, of an event that is then not
	// Quiet, where State is resolved and the last that was known of the subject
	// was an error that left it open. The relay, which remembers, puts it there.
	// Empty for subjects that don't fail and recover.
	Recovery string `json:"recovery,omitempty"`
	// URL is where a reader goes next, and Action the words on that button: a
	// verb and an object, "Open issue".
	URL    string `json:"url,omitempty"`
	Action string `json:"action,omitempty"`
	// Place is where it happened: repository, system, workspace, vault.
	Place Link `json:"place,omitzero"`
	// Actor is who did it.
	Actor Link `json:"actor,omitzero"`
	// Time is when it happened according to the sender, else when it was received.
	Time time.Time `json:"time"`
	// Received is when it was taken in, by the relay's clock; the relay puts it
	// there. Zero where nothing was received, as in tests and previews.
	Received time.Time `json:"-"`
	// Fields are the facts a reader decides by, most important first.
	Fields []Field `json:"fields,omitempty"`
	// Lists are groups of things of one sort: commits, new issues, resolved ones.
	Lists []List `json:"lists,omitempty"`
	// Text is the body: an issue's description, a comment, a run's message.
	Text Text `json:"text,omitzero"`
	// Gauge is a number on a scale, such as a health score.
	Gauge *Gauge `json:"gauge,omitempty"`
	// Original is the notice in the sender's own words, where the sender writes
	// notices. Formats that promise to repeat them word for word use it.
	Original *Original `json:"original,omitempty"`
	// Raw is the verified body, for archives. It may hold what no message shows.
	Raw []byte `json:"raw,omitempty"`
	// RawBytes is how long the verified body was, if Raw is only its beginning;
	// else 0. The relay puts it there.
	RawBytes int `json:"-"`
}

// Link is a name that may lead somewhere. URL may be empty.
type Link struct {
	Name string `json:"name,omitempty"`
	URL  string `json:"url,omitempty"`
}

// Field is one fact. Value is one line of plain text; URL may be empty. Short
// fields may share a line with a neighbour.
type Field struct {
	Name  string `json:"name"`
	Value string `json:"value"`
	URL   string `json:"url,omitempty"`
	Short bool   `json:"short,omitempty"`
}

// List is a group of items, most important first.
type List struct {
	// Name is the group's heading ("Resolved"); empty where none is needed.
	Name  string `json:"name,omitempty"`
	Items []Item `json:"items"`
	// Omitted counts the items that the sender counted but did not send.
	Omitted int `json:"omitted,omitempty"`
}

// Item is one entry of a List. All parts but Text may be empty.
type Item struct {
	// Label comes before the text, small or in code style: a category, a commit
	// id. URL is where it leads.
	Label string `json:"label,omitempty"`
	URL   string `json:"url,omitempty"`
	// Text is what the item says: a description, a commit's subject.
	Text string `json:"text"`
	// Detail is what to do about it: a resolution.
	Detail string `json:"detail,omitempty"`
	// Note comes after the text: an author, "impact −30".
	Note string `json:"note,omitempty"`
	// Code says that Label is an identifier such as a commit id.
	Code bool `json:"code,omitempty"`
	// Done items are over: struck through, or under a heading that says so.
	Done bool `json:"done,omitempty"`
}

// Format says how to read a Text.
type Format string

// The formats of a Text.
const (
	Plain    Format = ""         // as it stands
	Markdown Format = "markdown" // GitHub Flavored Markdown, https://github.github.com/gfm/
)

// Text is a body with its format.
type Text struct {
	Body   string `json:"body,omitempty"`
	Format Format `json:"format,omitempty"`
}

// Gauge is a value between Min and Max, coloured by Severity. Label says what
// is measured: "Health score".
type Gauge struct {
	Label    string   `json:"label"`
	Value    int      `json:"value"`
	Min      int      `json:"min"`
	Max      int      `json:"max"`
	Severity Severity `json:"severity"`
	// Warning and Success are the values from which the scale is no longer bad,
	// and from which it is good: below Warning is the error zone.
	Warning int `json:"warning"`
	Success int `json:"success"`
	// Image is the address of a picture of it, for receivers that fetch
	// pictures. The relay puts it there, if it serves any.
	Image string `json:"image,omitempty"`
}

// Original is a notice as its sender worded it.
type Original struct {
	Title  string  `json:"title"`
	Text   string  `json:"text"`
	Fields []Field `json:"fields,omitempty"`
}
