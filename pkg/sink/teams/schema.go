package teams

// The parts of an Adaptive Card that are used here. Fields are in the order in
// which they are written. https://adaptivecards.io/explorer/

type envelope struct {
	Type        string       `json:"type"`
	Attachments []attachment `json:"attachments"`
}

type attachment struct {
	ContentType string  `json:"contentType"`
	ContentURL  *string `json:"contentUrl"` // always null
	Content     card    `json:"content"`
}

type card struct {
	Type         string    `json:"type"`
	Schema       string    `json:"$schema"`
	Version      string    `json:"version"`
	FallbackText string    `json:"fallbackText"`
	MSTeams      msteams   `json:"msteams"`
	Body         []element `json:"body"`
}

type msteams struct {
	Width    string   `json:"width"`
	Entities []entity `json:"entities,omitempty"`
}

// element is any element of a card's body; those of one type set its fields only.
type element any

type textBlock struct {
	Type     string `json:"type"`
	Text     string `json:"text"`
	Size     string `json:"size,omitempty"`
	Weight   string `json:"weight,omitempty"`
	Color    string `json:"color,omitempty"`
	IsSubtle bool   `json:"isSubtle,omitempty"`
	Spacing  string `json:"spacing,omitempty"`
	Wrap     bool   `json:"wrap"`
}

type container struct {
	Type  string    `json:"type"`
	Style string    `json:"style,omitempty"`
	Bleed bool      `json:"bleed,omitempty"`
	Items []element `json:"items"`
}

type columnSet struct {
	Type    string   `json:"type"`
	Columns []column `json:"columns"`
}

type column struct {
	Type  string    `json:"type"`
	Width int       `json:"width"` // its weight
	Items []element `json:"items"`
}

type image struct {
	Type    string `json:"type"`
	URL     string `json:"url"`
	AltText string `json:"altText"`
	Size    string `json:"size"`
}

type factSet struct {
	Type  string `json:"type"`
	Facts []fact `json:"facts"`
}

type fact struct {
	Title string `json:"title"`
	Value string `json:"value"`
}

// gauge is a chart that Teams draws itself.
// https://learn.microsoft.com/microsoftteams/platform/task-modules-and-cards/cards/charts-in-adaptive-cards
type gauge struct {
	Type        string    `json:"type"`
	Title       string    `json:"title,omitempty"`
	Value       int       `json:"value"`
	Min         int       `json:"min"`
	Max         int       `json:"max"`
	ValueFormat string    `json:"valueFormat"`
	SubLabel    string    `json:"subLabel,omitempty"`
	Segments    []segment `json:"segments"`
	Fallback    element   `json:"fallback"` // or "drop"
}

type segment struct {
	Legend string `json:"legend"`
	Size   int    `json:"size"`
	Color  string `json:"color"`
}

type actionSet struct {
	Type    string    `json:"type"`
	Actions []openURL `json:"actions"`
}

type openURL struct {
	Type  string `json:"type"`
	Title string `json:"title"`
	URL   string `json:"url"`
}
