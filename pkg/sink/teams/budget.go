package teams

import "github.com/sigpost/sigpost/pkg/event"

// Limits of Teams. A message may have about 28 KB; Workflows wraps the card
// before it counts, so less is sent.
// https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/add-incoming-webhook
const (
	budgetBytes  = 20_000 // bytes of the whole body
	reducedBytes = 8_000  // bytes of the whole body after a refusal
	maxURLBytes  = 1_000  // bytes of a link; a longer one is left out
	maxTitle     = 250    // characters of the headline
	maxName      = 100    // characters of a place, an actor, a label or a fact's name
	maxAction    = 40     // characters of a button

	maxPictureBytes = 2_000 // bytes of a picture's address; a longer one is left out
)

// plan is how much of an event a message shows.
type plan struct {
	facts int  // facts
	lists int  // lists
	value int  // characters of a fact or of a part of an item
	text  int  // characters of the excerpt
	links bool // whether anything but the headline and the button is a link
	gauge bool
	// people are those that the message calls, whatever else it shows.
	people []Person
}

// plans go from the full message to headline and link.
var plans = []plan{
	{facts: 10, lists: 6, value: 500, text: 1500, links: true, gauge: true},
	{facts: 6, lists: 4, value: 300, text: 600, links: true, gauge: true},
	{facts: 6, lists: 3, value: 200, text: 300, gauge: true},
	{facts: 4, lists: 2, value: 120, text: 150, gauge: true},
	{facts: 2, lists: 1, value: 80, gauge: true},
	{},
}

// reducedPlans are the same for a message that was refused.
var reducedPlans = []plan{
	{facts: 4, lists: 2, value: 120, text: 300},
	{facts: 2, lists: 1, value: 80},
	{},
}

// fit draws e by the first plan whose bytes are within the limit. The last plan
// always is: its texts are short and few.
func fit(e *event.Event, limit int, plans []plan, people []Person, draw func(*event.Event, plan) any) []byte {
	var body []byte
	for _, p := range plans {
		p.people = people
		if body = encode(draw(e, p)); len(body) <= limit {
			break
		}
	}
	return body
}
