package teams

import (
	"errors"
	"testing"

	"github.com/sigpost/sigpost/pkg/sink"
)

func TestJudgeFindsFailuresUnder200(t *testing.T) {
	for _, c := range []struct {
		status int
		body   string
		failed bool
		class  sink.Class
	}{
		{200, "1", false, 0},
		{202, "", false, 0},
		{200, failedPrefix + "429 with ContextId tcid=0", true, sink.Retry},
		{200, failedPrefix + "503", true, sink.Retry},
		{200, failedPrefix + "413 with ContextId", true, sink.Refused},
		{200, failedPrefix, true, sink.Refused},
		{429, failedPrefix + "429", false, 0},
	} {
		err := (&Sink{}).Judge(c.status, []byte(c.body))
		var ae *sink.AnswerError
		if failed := errors.As(err, &ae); failed != c.failed || failed && ae.Class != c.class {
			t.Errorf("%d %q: %v", c.status, c.body, err)
		}
	}
}
