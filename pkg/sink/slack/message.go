package slack

// message is the body of a post,
// https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks.
// Channel, ThreadTS and Broadcast are a bot's, TS and Parse those of a change:
// https://docs.slack.dev/reference/methods/chat.postMessage and
// https://docs.slack.dev/reference/methods/chat.update.
type message struct {
	Channel     string       `json:"channel,omitempty"`
	TS          string       `json:"ts,omitempty"`
	ThreadTS    string       `json:"thread_ts,omitempty"`
	Broadcast   bool         `json:"reply_broadcast,omitempty"`
	Parse       string       `json:"parse,omitempty"`
	Text        string       `json:"text,omitempty"`
	Blocks      []block      `json:"blocks,omitempty"`
	Attachments []attachment `json:"attachments"`
	UnfurlLinks *bool        `json:"unfurl_links,omitempty"`
	UnfurlMedia *bool        `json:"unfurl_media,omitempty"`
}

// attachment has the keys of
// https://docs.slack.dev/legacy/legacy-messaging/legacy-secondary-message-attachments.
type attachment struct {
	Color      string            `json:"color"`
	Fallback   string            `json:"fallback,omitempty"`
	AuthorName string            `json:"author_name,omitempty"`
	AuthorLink string            `json:"author_link,omitempty"`
	Title      string            `json:"title,omitempty"`
	TitleLink  string            `json:"title_link,omitempty"`
	Text       string            `json:"text,omitempty"`
	Footer     string            `json:"footer,omitempty"`
	TS         int64             `json:"ts,omitempty"`
	Fields     []attachmentField `json:"fields,omitempty"`
	Blocks     []block           `json:"blocks,omitempty"`
}

type attachmentField struct {
	Title string `json:"title"`
	Value string `json:"value"`
	Short bool   `json:"short"`
}

// block is a header, section, context, image or actions block. Elements are of type
// text in a context, and of type button in actions.
type block struct {
	Type     string `json:"type"`
	Text     *text  `json:"text,omitempty"`
	Fields   []text `json:"fields,omitempty"`
	Elements []any  `json:"elements,omitempty"`
	ImageURL string `json:"image_url,omitempty"`
	AltText  string `json:"alt_text,omitempty"`
}

// text is a text object. Verbatim keeps Slack from finding names, channels and
// addresses in it; Emoji false keeps ":boom:" as it is written.
type text struct {
	Type     string `json:"type"`
	Text     string `json:"text"`
	Verbatim bool   `json:"verbatim,omitempty"`
	Emoji    *bool  `json:"emoji,omitempty"`
}

type button struct {
	Type string `json:"type"`
	Text text   `json:"text"`
	URL  string `json:"url"`
}

var no = new(bool)

func mrkdwn(s string) text { return text{Type: "mrkdwn", Text: s, Verbatim: true} }

func plain(s string) text { return text{Type: "plain_text", Text: s, Emoji: no} }

func section(s string) block {
	t := mrkdwn(s)
	return block{Type: "section", Text: &t}
}

func contextLine(s string) block { return block{Type: "context", Elements: []any{mrkdwn(s)}} }
