package slack

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"github.com/sigpost/sigpost/pkg/sink"
)

// words are those of Slack's answers that are not final, and what they ask for,
// https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks#handling_errors
// and https://docs.slack.dev/reference/methods/chat.postMessage#errors
// and https://docs.slack.dev/reference/methods/chat.update#errors.
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

	"update_failed":        sink.Retry,
	"too_many_attachments": sink.Reduce,
}

// refusals are final. Those of denials are of the token.
var refusals = []string{
	"invalid_payload", "user_not_found", "no_text", "action_prohibited", "channel_not_found", "no_active_hooks", "no_service",
	"channel_is_archived", "is_archived", "not_in_channel", "restricted_action", "access_denied", "accesslimited",
	"restricted_action_read_only_channel", "restricted_action_thread_only_channel", "restricted_action_non_threadable_channel",
	"restricted_action_thread_locked", "thread_not_found", "message_not_found", "cannot_reply_to_message", "cant_broadcast_message",
	"cant_update_message", "edit_window_closed", "is_inactive", "message_not_owned_by_app", "block_mismatch", "invalid_arguments",
	"invalid_arg_name", "invalid_charset", "invalid_post_type", "method_deprecated", "deprecated_endpoint", "ekm_access_denied",
	"message_limit_exceeded", "messages_tab_disabled", "team_not_found", "team_access_not_granted", "org_login_required",
	"two_factor_setup_required", "enterprise_is_restricted", "no_permission", "invalid_blocks_format", "invalid_attachments",
	"as_user_not_supported", "external_channel_migrating", "channel_type_not_supported",
}

var denials = []string{
	"not_authed", "invalid_auth", "account_inactive", "token_revoked", "token_expired", "missing_scope", "not_allowed_token_type",
}

// judged is the class of Slack's word, if it is one.
func judged(word string) (*sink.AnswerError, bool) {
	if class, ok := words[word]; ok {
		return &sink.AnswerError{Class: class, Code: word}, true
	}
	denied := slices.Contains(denials, word)
	return &sink.AnswerError{Class: sink.Refused, Code: word, Denied: denied}, denied || slices.Contains(refusals, word)
}

// imageFailed is what Slack says if it couldn't fetch an image_url while posting.
const imageFailed = "downloading image failed"

// Judge reads what Slack says beside the status: a refusal under a 2xx, and
// which refused messages may be sent again with less in them.
func (*Webhook) Judge(status int, body []byte) error {
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
	if known, ok := judged(word); ok {
		return known
	}
	if otherwise == "" {
		return nil
	}
	return &sink.AnswerError{Class: sink.Refused, Code: otherwise}
}
