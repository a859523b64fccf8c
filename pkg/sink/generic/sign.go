package generic

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/problem"
	"github.com/sigpost/sigpost/pkg/secret"
)

// The parts of a Standard Webhooks signature,
// https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md.
const (
	idHeader        = "webhook-id"
	timestampHeader = "webhook-timestamp"
	signatureHeader = "webhook-signature"
	keyPrefix       = "whsec_"
	minKeyBytes     = 24
	maxKeyBytes     = 64
)

// keys are the signing keys: the current one, and while it is being rotated the
// one before. The error doesn't repeat them.
func (s *Sink) keys(ctx context.Context) ([][]byte, error) {
	values, err := secret.Values(ctx, []secret.Handle{s.c.Signing})
	if err != nil {
		return nil, fmt.Errorf("signing: %w", err)
	}
	var keys [][]byte
	for i, v := range values {
		text, prefixed := strings.CutPrefix(v.Reveal(), keyPrefix)
		key, err := base64.StdEncoding.DecodeString(text)
		if prefixed && err == nil && len(key) >= minKeyBytes && len(key) <= maxKeyBytes {
			keys = append(keys, key)
			continue
		}
		if i == 0 {
			return nil, problem.New("signing", "is no secret of Standard Webhooks: write %s and then %d to %d bytes in base64, as in whsec_$(openssl rand -base64 32)", keyPrefix, minKeyBytes, maxKeyBytes)
		}
	}
	return keys, nil
}

// sign adds the headers of a signature over body, made now. The id is the same
// whenever the event is posted, so that a receiver can tell that it has it.
func (s *Sink) sign(ctx context.Context, e *event.Event, body []byte, now time.Time, h map[string]secret.Value) error {
	keys, err := s.keys(ctx)
	if err != nil {
		return err
	}
	id, at := messageID(e, s.c.Format), strconv.FormatInt(now.Unix(), 10)
	signatures := make([]string, 0, len(keys))
	for _, key := range keys {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(id + "." + at + "."))
		mac.Write(body)
		signatures = append(signatures, "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	}
	h[idHeader], h[timestampHeader] = secret.NewValue(id), secret.NewValue(at)
	h[signatureHeader] = secret.NewValue(strings.Join(signatures, " "))
	return nil
}

// messageID names the message of an event in a format, without dots, which the
// signature uses as separators.
func messageID(e *event.Event, format string) string {
	sum := sha256.Sum256([]byte(e.Source + "\n" + e.ID + "\n" + format))
	return "msg_" + hex.EncodeToString(sum[:16])
}
