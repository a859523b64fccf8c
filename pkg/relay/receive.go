package relay

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/sigpost/sigpost/pkg/config"
	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/gauge"
	"github.com/sigpost/sigpost/pkg/secret"
	"github.com/sigpost/sigpost/pkg/source"
	"github.com/sigpost/sigpost/pkg/state"
)

// serve does one request and returns the source's name, once it is known to be
// a configured one, and the answer.
func (r *Relay) serve(w http.ResponseWriter, req *http.Request) (string, answer) {
	path := strings.TrimPrefix(req.URL.Path, "/")
	if path == "healthz" {
		if req.Method != http.MethodGet && req.Method != http.MethodHead {
			return "", methodNotAllowed(w, "GET")
		}
		return "", answer{status: http.StatusOK, outcome: "ok", quiet: true}
	}
	if strings.HasPrefix(req.URL.Path, gauge.Path) && r.config.Gauge != nil {
		return "", r.picture(w, req)
	}
	name, token, _ := strings.Cut(path, "/")
	src, ok := r.sources[name]
	if ok && token != "" {
		_, ok = src.Source.(source.TokenTaker)
	}
	if !ok {
		return "", refused(http.StatusNotFound, "no such source")
	}
	if req.Method != http.MethodPost {
		return name, methodNotAllowed(w, "POST")
	}
	body, err := r.readBody(w, req, src.MaxBody)
	if err != nil {
		return name, bodyAnswer(err)
	}
	return name, r.receive(req.Context(), src, &source.Request{
		Header: req.Header, Body: body, Token: token, Received: r.opt.Now(),
	})
}

func methodNotAllowed(w http.ResponseWriter, allow string) answer {
	w.Header().Set("Allow", allow)
	return refused(http.StatusMethodNotAllowed, "method not allowed")
}

// receive takes one request down the road.
func (r *Relay) receive(ctx context.Context, src config.Source, req *source.Request) answer {
	if wait := src.Wait - answerReserve; wait > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, wait)
		defer cancel()
	}
	if err := verify(ctx, src, req); err != nil {
		return refuse(err)
	}
	parsed, err := src.Source.Parse(req)
	if err != nil {
		return refuse(err)
	}
	if parsed.Ping {
		return answer{status: http.StatusOK, outcome: pong}
	}
	events := complete(src, req, parsed.Events)
	if len(events) == 0 {
		return answer{status: http.StatusOK, outcome: ignored}
	}
	claims, a := r.claim(ctx, src, req, events[0].ID)
	if a == nil {
		done := false
		// Whatever happens below, a panic included: what is not done is released.
		defer func() { r.settle(ctx, claims, done) }()
		direct := r.deliverAll(ctx, events)
		done = direct.status == http.StatusOK
		a = &direct
	}
	a.id, a.kind = events[0].ID, events[0].Type
	return *a
}

// verify is the source's own Verify, once more if one of its secrets turns out
// to have been rotated, and an error other than a refusal if one that might have
// matched can't be had.
func verify(ctx context.Context, src config.Source, req *source.Request) error {
	err := src.Source.Verify(ctx, req)
	if !mismatch(err) {
		return err
	}
	if secret.Refresh(ctx, src.Secrets, req.Received) {
		if err = src.Source.Verify(ctx, req); !mismatch(err) {
			return err
		}
	}
	if lost := secret.Unavailable(ctx, src.Secrets); lost != nil {
		return lost
	}
	return err
}

func mismatch(err error) bool {
	var r *source.Refusal
	return errors.As(err, &r) && r.Mismatch
}

// complete fills in what a source leaves to the relay.
func complete(src config.Source, req *source.Request, events []event.Event) []event.Event {
	base := ""
	if id, ok := src.Source.(source.Identifier); ok {
		base = safeID(id.DeliveryID(req))
	}
	for i := range events {
		e := &events[i]
		e.Source, e.Kind, e.Product, e.Raw, e.Received = src.Name, src.Type, src.Product, req.Body, req.Received
		if e.ID = base; e.ID == "" {
			h := sha256.New()
			_, _ = io.WriteString(h, src.Name+"\n")
			_, _ = h.Write(req.Body)
			base = hex.EncodeToString(h.Sum(nil)[:16])
			e.ID = base
		}
		if i > 0 {
			e.ID += "-" + strconv.Itoa(i)
		}
		if e.Time.IsZero() {
			e.Time = req.Received
		}
	}
	return events
}

// maxIDLen bounds a sender's delivery id, in bytes. Known ones have at most 36.
const maxIDLen = 128

// safeID is id if it can be logged and answered as it is, else "".
func safeID(id string) string {
	if len(id) > maxIDLen || strings.ContainsFunc(id, func(c rune) bool {
		return !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("-_.:", c))
	}) {
		return ""
	}
	return id
}

// claim is a key held while its request is being done.
type claim struct {
	key    string
	window time.Duration
	until  time.Time // when it ends by itself, if it is held
}

// leaseTime outlives the longest request, so that a claim never ends under it.
const leaseTime = 2 * time.Minute

// settleTime is kept of a claim's lease to release it: a store knows no owners,
// and what comes to it later would release the claim of whoever is next.
const settleTime = 5 * time.Second

// claim takes the keys that must not be done twice: the signature, for a source
// whose signatures cover the time, and the delivery. The answer is not nil if
// one of them was taken.
func (r *Relay) claim(ctx context.Context, src config.Source, req *source.Request, id string) ([]claim, *answer) {
	wanted := []claim{{key: "delivery\n" + src.Name + "\n" + id, window: window}}
	var replay *answer
	if rp, ok := src.Source.(source.Replayer); ok {
		key, fresh, refusal := rp.Replay(req)
		wanted = append([]claim{{key: "signature\n" + src.Name + "\n" + key, window: max(window, fresh)}}, wanted...)
		a := refuse(refusal)
		replay = &a
	}
	var held []claim
	for i, c := range wanted {
		c.until = r.opt.Now().Add(leaseTime)
		status, err := r.opt.State.Claim(ctx, c.key, leaseTime)
		if err == nil && status == state.Claimed {
			held = append(held, c)
			continue
		}
		r.settle(ctx, held, false)
		a := answer{status: http.StatusOK, outcome: duplicate}
		switch {
		case err != nil:
			a = unavailable("state store: " + err.Error())
		case status == state.Busy:
			a = unavailable("the same delivery is being worked on")
		case i == 0 && replay != nil:
			a = *replay
		}
		return nil, &a
	}
	return held, nil
}

// settle ends claims: kept if the work was done, released if it was not. One
// that has ended by itself, under a process that was frozen meanwhile, may be
// another's by now, and is left alone.
func (r *Relay) settle(ctx context.Context, claims []claim, done bool) {
	ctx = context.WithoutCancel(ctx)
	for _, c := range claims {
		var err error
		switch {
		case done:
			err = r.opt.State.Done(ctx, c.key, c.window)
		case c.until.IsZero() || r.opt.Now().Add(settleTime).Before(c.until):
			err = r.opt.State.Release(ctx, c.key)
		}
		if err != nil {
			r.opt.Log.ErrorContext(ctx, "claim not settled; a redelivery may be late or doubled", "error", err.Error())
		}
	}
}

var (
	errTooLarge = errors.New("body is too large")
	errSlow     = errors.New("body did not arrive in time")
	errBroken   = errors.New("body broke off")
)

// firstChunk is read before the announced length is believed, in bytes: a
// sender that announces much and sends nothing costs no more than this.
const firstChunk = 64 << 10

// readBody reads at most limit bytes, in the time a sender has for that.
func (r *Relay) readBody(w http.ResponseWriter, req *http.Request, limit int64) ([]byte, error) {
	if req.ContentLength > limit {
		return nil, errTooLarge
	}
	// Not every server can set deadlines; a cloud's front end has its own.
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(r.opt.ReadTimeout))
	in := io.LimitReader(req.Body, limit+1)
	var buf bytes.Buffer
	if n := req.ContentLength; n > 0 {
		buf.Grow(int(min(n, firstChunk)) + bytes.MinRead)
	}
	_, err := io.CopyN(&buf, in, firstChunk)
	if err == nil {
		if n := req.ContentLength; n > firstChunk {
			buf.Grow(int(n) - firstChunk + bytes.MinRead)
		}
		_, err = buf.ReadFrom(in)
	}
	switch {
	case err != nil && !errors.Is(err, io.EOF):
		var slow interface{ Timeout() bool }
		if errors.As(err, &slow) && slow.Timeout() {
			return nil, errSlow
		}
		return nil, errBroken
	case int64(buf.Len()) > limit:
		return nil, errTooLarge
	}
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
	return buf.Bytes(), nil
}

func bodyAnswer(err error) answer {
	switch {
	case errors.Is(err, errTooLarge):
		return refused(http.StatusRequestEntityTooLarge, "body is too large")
	case errors.Is(err, errSlow):
		return unavailable("the sender was too slow with its body")
	}
	return refused(http.StatusBadRequest, "body broke off")
}
