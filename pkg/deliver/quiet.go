package deliver

import (
	"bytes"
	"io"
	"log"
)

// QuietLog keeps out of the standard logger what a server sends that nobody asked
// for: net/http logs it, of connections that are kept, with the server's own bytes,
// which may be a secret's. Programs that post or ask call it once, after they have
// set the logger's output.
func QuietLog() {
	w := log.Writer()
	if _, done := w.(*quiet); !done {
		log.SetOutput(&quiet{w})
	}
}

// quiet passes on whatever is no such line.
type quiet struct{ to io.Writer }

// unasked is what those lines of net/http have in front of the bytes.
var unasked = []byte("Unsolicited response received on idle HTTP channel")

func (q *quiet) Write(line []byte) (int, error) {
	i := bytes.Index(line, unasked)
	if i < 0 {
		return q.to.Write(line)
	}
	short := append(bytes.Clone(line[:i+len(unasked)]), '\n')
	if _, err := q.to.Write(short); err != nil {
		return 0, err
	}
	return len(line), nil
}
