package inbox

import "encoding/json"

// answer is how a stand-in receiver behaves.
type answer struct {
	takes       func(payload map[string]json.RawMessage) bool
	status      int
	contentType string
	body        string
	refusal     string
}

// answers are the receivers that can be stood in for. The words are those of
// Slack's and Microsoft's documentation of incoming webhooks.
var answers = map[string]answer{
	"slack":   {takesSlack, 200, "text/plain; charset=utf-8", "ok", "invalid_payload"},
	"teams":   {takesTeams, 202, "text/plain; charset=utf-8", "", "TriggerInputSchemaMismatch"},
	"generic": {func(p map[string]json.RawMessage) bool { return p != nil }, 200, "application/json", "{}", "invalid_payload"},
}

// takesSlack wants text, blocks or attachments.
func takesSlack(payload map[string]json.RawMessage) bool {
	var text string
	var list []map[string]json.RawMessage
	some := false
	if raw, ok := payload["text"]; ok {
		if json.Unmarshal(raw, &text) != nil {
			return false
		}
		some = text != ""
	}
	for _, key := range []string{"blocks", "attachments"} {
		raw, ok := payload[key]
		if !ok {
			continue
		}
		list = nil
		if json.Unmarshal(raw, &list) != nil {
			return false
		}
		some = some || len(list) > 0
	}
	return some
}

// takesTeams wants the envelope of Workflows with adaptive cards, or a
// MessageCard.
func takesTeams(payload map[string]json.RawMessage) bool {
	var kind string
	if json.Unmarshal(payload["@type"], &kind) == nil && kind == "MessageCard" {
		return payload["text"] != nil || payload["summary"] != nil || payload["sections"] != nil
	}
	var list []struct {
		ContentType string `json:"contentType"`
		Content     struct {
			Type string `json:"type"`
		} `json:"content"`
	}
	if json.Unmarshal(payload["type"], &kind) != nil || kind != "message" ||
		json.Unmarshal(payload["attachments"], &list) != nil || len(list) == 0 {
		return false
	}
	for _, a := range list {
		if a.ContentType != "application/vnd.microsoft.card.adaptive" || a.Content.Type != "AdaptiveCard" {
			return false
		}
	}
	return true
}
