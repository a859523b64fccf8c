package source

import (
	"context"
	"time"

	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/secret"
)

// Poller is a sender that has to be asked: it keeps a log, and posts nothing.
// The relay asks the questions, page by page, and remembers how far it read.
type Poller interface {
	// Schedule is how often to ask, and how far back.
	Schedule() Schedule
	// Question asks for one page, counted from 1, of what was logged at from or
	// later, the oldest first if the log can be had like that. Its error says
	// that a secret can't be had.
	Question(ctx context.Context, from time.Time, page int) (Question, error)
	// Parse reads the answer to a Question. Its error says what is wrong with
	// the answer and quotes nothing of it.
	Parse(body []byte) (Page, error)
}

// Schedule is how a log is read.
type Schedule struct {
	// Every is the time between two readings, more than 0.
	Every time.Duration
	// Overlap is how far before the end of the last reading the next one begins:
	// what is logged late by less is not missed.
	Overlap time.Duration
	// Since is how far back the very first reading begins.
	Since time.Duration
}

// Question is what to get.
type Question struct {
	URL      secret.Value
	Header   map[string]secret.Value
	MaxBytes int64 // of the answer
	// Refused says what to do when the answer is 401 or 403.
	Refused string
}

// Page is one page of a log.
type Page struct {
	Entries []Entry `json:"entries"`
	// More says that there is another page.
	More bool `json:"more,omitempty"`
	// Unreadable counts the entries that were left out because they say nothing.
	Unreadable int `json:"unreadable,omitempty"`
}

// Entry is one entry of a log.
type Entry struct {
	// ID is the log's own id of the entry; empty if it has none.
	ID string `json:"id,omitempty"`
	// Time is when the log says that it happened; zero if it does not say.
	Time time.Time `json:"time,omitzero"`
	// Event is what it means, without ID, Source, Kind, Product, Time and Raw,
	// which the relay fills. It is nil for an entry that is of no interest.
	Event *event.Event `json:"event,omitempty"`
	// Raw is the entry as it came.
	Raw []byte `json:"-"`
}
