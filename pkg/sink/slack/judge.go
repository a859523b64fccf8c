package slack

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/sigpost/sigpost/pkg/sink"
)

// The words of Slack's answers,
// https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks#handling_errors
// and https://docs.slack.dev/reference/methods/chat.postMessage#errors.
var words = map[string]sink.Class{
	"ratelimited":         sink.Retry,
	"rate_limited":        sink.Retry,
	"internal_error":      sink.Retry,
	"fatal_error":         sink.Retry,
	"service_unavailable": sink.Retry,
	"request_timeout":     sink.Retry,
	"team_added_to_org":   sink.Retry,
	"rollup_error":        sink.Retry,

	"invalid_blocks":      sink.Reduce,
	"msg_blocks_too_long": sink.Reduce,
	"msg_too_long":        sink.Reduce,

	"invalid_payload":     sink.Refused,
	"user_not_found":      sink.Refused,
	"no_text":             sink.Refused,
	"action_prohibited":   sink.Refused,
	"channel_not_found":   sink.Refused,
	"no_active_hooks":     sink.Refused,
	"no_service":          sink.Refused,
	"channel_is_archived": sink.Refused,
	"is_archived":         sink.Refused,
	"not_in_channel":      sink.Refused,
	"not_authed":          sink.Refused,
	"invalid_auth":        sink.Refused,
	"account_inactive":    sink.Refused,
	"token_revoked":       sink.Refused,
	"token_expired":       sink.Refused,
	"missing_scope":       sink.Refused,
	"restricted_action":   sink.Refused,
	"access_denied":       sink.Refused,
}

// imageFailed is what Slack says if it couldn't fetch an image_url while posting.
const imageFailed = "downloading image failed"

// Judge reads what Slack says beside the status: a refusal under a 2xx, and
// which refused messages may be sent again with less in them.
func (*Sink) Judge(status int, body []byte) error {
	ok := status >= 200 && status < 300
	if !ok && (status < 400 || status == 408 || status == 425 || status == 429 || status >= 500) {
		return nil
	}
	var answer struct {
		OK    *bool  `json:"ok"`
		Error string `json:"error"`
	}
	body = bytes.TrimSpace(body)
	if json.Unmarshal(body, &answer) == nil && answer.OK != nil {
		if *answer.OK {
			return nil
		}
		return judgeWord(answer.Error, "unknown_error")
	}
	if ok {
		return nil
	}
	return judgeWord(string(body), "")
}

// judgeWord is the error of Slack's words, or of the code otherwise if they
// aren't documented; nil if that is empty.
func judgeWord(text, otherwise string) error {
	if strings.Contains(text, imageFailed) {
		return &sink.AnswerError{Class: sink.Reduce, Code: "invalid_blocks"}
	}
	word, _, _ := strings.Cut(text, ":")
	word, _, _ = strings.Cut(word, " ")
	word, _, _ = strings.Cut(word, "\n")
	if class, ok := words[word]; ok {
		return &sink.AnswerError{Class: class, Code: word}
	}
	if otherwise == "" {
		return nil
	}
	return &sink.AnswerError{Class: sink.Refused, Code: otherwise}
}
