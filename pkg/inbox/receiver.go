package inbox

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// answer is how a stand-in receiver behaves.
type answer struct {
	takes       func(payload map[string]json.RawMessage) bool
	status      int
	contentType string
	body        string
	refusal     string
}

// answers are the receivers that can be stood in for. The words are those of
// their documentation.
var answers = map[string]answer{
	"slack": {takesSlack, 200, "text/plain; charset=utf-8", "ok", "invalid_payload"},
	"teams": {takesTeams, 202, "text/plain; charset=utf-8", "", "TriggerInputSchemaMismatch"},
	"pagerduty": {
		takesPagerDuty, 202, "application/json",
		`{"status":"success","message":"Event processed"}`,
		`{"status":"invalid event","message":"Event object is invalid","errors":[]}`,
	},
	"discord": {takesDiscord, 200, "application/json", `{"id":"1"}`, `{"message":"Invalid Form Body","code":50035}`},
	"bigquery": {
		takesBigQuery, 200, "application/json",
		`{"kind":"bigquery#tableDataInsertAllResponse"}`,
		`{"error":{"code":400,"message":"No rows present in the request.","errors":[{"message":"No rows present in the request.","domain":"global","reason":"invalid"}],"status":"INVALID_ARGUMENT"}}`,
	},
	"generic": {func(p map[string]json.RawMessage) bool { return p != nil }, 200, "application/json", "{}", "invalid_payload"},
}

// slackBot is the answer to a bot, whose sink's api is /inbox/receive/slack: where
// its message is, so that later ones can reply to it or change it.
func slackBot(kind, method string, payload map[string]json.RawMessage, now time.Time) (body string, ok bool) {
	if kind != "slack" || !strings.HasPrefix(method, "chat.") {
		return "", false
	}
	ts := now.UnixMicro()
	at := fmt.Sprintf("%d.%06d", ts/1e6, ts%1e6)
	var changed string
	if json.Unmarshal(payload["ts"], &changed) == nil && changed != "" {
		at = changed
	}
	text, err := json.Marshal(map[string]any{"ok": true, "channel": "C0INBOX01", "ts": at})
	return string(text), err == nil
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

// takesPagerDuty wants a routing key and an alert's action, or a payload with a
// summary.
func takesPagerDuty(payload map[string]json.RawMessage) bool {
	var key, action string
	var content struct {
		Summary string `json:"summary"`
	}
	if json.Unmarshal(payload["routing_key"], &key) != nil || len(key) != 32 {
		return false
	}
	if raw, ok := payload["event_action"]; ok && json.Unmarshal(raw, &action) != nil {
		return false
	}
	if action == "acknowledge" || action == "resolve" {
		return payload["dedup_key"] != nil
	}
	return (action == "" || action == "trigger") && json.Unmarshal(payload["payload"], &content) == nil && content.Summary != ""
}

// takesDiscord wants content or embeds.
func takesDiscord(payload map[string]json.RawMessage) bool {
	var content string
	var embeds []map[string]json.RawMessage
	for key, v := range map[string]any{"content": &content, "embeds": &embeds} {
		if raw, ok := payload[key]; ok && json.Unmarshal(raw, v) != nil {
			return false
		}
	}
	return content != "" || len(embeds) > 0
}

// takesBigQuery wants rows that are objects.
func takesBigQuery(payload map[string]json.RawMessage) bool {
	var rows []struct {
		JSON map[string]json.RawMessage `json:"json"`
	}
	if json.Unmarshal(payload["rows"], &rows) != nil || len(rows) == 0 {
		return false
	}
	for _, r := range rows {
		if r.JSON == nil {
			return false
		}
	}
	return true
}
