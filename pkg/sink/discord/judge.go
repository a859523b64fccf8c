package discord

import (
	"encoding/json"
	"math"
	"net/http"
	"time"

	"github.com/sigpost/sigpost/pkg/sink"
)

// codes are the numbers in Discord's answers that its webhooks give:
// https://docs.discord.com/developers/topics/opcodes-and-status-codes#json
var codes = map[int]sink.AnswerError{
	10003:  {Class: sink.Refused, Code: "unknown_channel"},
	10015:  {Class: sink.Refused, Code: "unknown_webhook"}, // it was deleted
	20016:  {Class: sink.Retry, Code: "slowmode_rate_limited"},
	20028:  {Class: sink.Retry, Code: "channel_write_rate_limited"},
	20029:  {Class: sink.Retry, Code: "server_write_rate_limited"},
	40005:  {Class: sink.Reduce, Code: "request_entity_too_large"},
	40062:  {Class: sink.Retry, Code: "resource_rate_limited"},
	40333:  {Class: sink.Refused, Code: "request_blocked"},
	50006:  {Class: sink.Refused, Code: "empty_message"},
	50013:  {Class: sink.Reduce, Code: "missing_permissions"}, // perhaps only to attach files
	50027:  {Class: sink.Refused, Code: "invalid_webhook_token"},
	50035:  {Class: sink.Reduce, Code: "invalid_form_body"},
	50083:  {Class: sink.Refused, Code: "thread_archived"},
	130000: {Class: sink.Retry, Code: "resource_overloaded"},
	220001: {Class: sink.Refused, Code: "forum_needs_thread"},
	220003: {Class: sink.Refused, Code: "thread_in_no_forum"},
	240000: {Class: sink.Refused, Code: "harmful_link"},
}

// maxRetryAfter bounds what an answer may ask for.
const maxRetryAfter = 24 * time.Hour

// Judge reads the number of a refusal, and how long a limit lasts.
func (*Sink) Judge(status int, body []byte) error {
	if status < 400 || status >= 500 {
		return nil
	}
	var answer struct {
		Code       int      `json:"code"`
		RetryAfter *float64 `json:"retry_after"`
	}
	readable := json.Unmarshal(body, &answer) == nil
	known, ok := codes[answer.Code]
	switch {
	case !readable:
		return nil
	case status == http.StatusTooManyRequests:
		known = sink.AnswerError{Class: sink.Retry, Code: "rate_limited", After: seconds(answer.RetryAfter)}
	case !ok:
		return nil
	case known.Class == sink.Retry:
		known.After = seconds(answer.RetryAfter)
	}
	return &known
}

// seconds is n as a time, rounded up to a millisecond; 0 of nonsense.
func seconds(n *float64) time.Duration {
	if n == nil || !(*n > 0) {
		return 0
	}
	ms := math.Ceil(min(*n, maxRetryAfter.Seconds()) * 1000)
	return time.Duration(ms) * time.Millisecond
}
