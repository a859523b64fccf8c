package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/sigpost/sigpost/pkg/address"
	"github.com/sigpost/sigpost/pkg/queue"
)

const (
	// cloudHold is how long a message that was read stays hidden from other
	// readers, the most that both clouds allow, unless it is given back before.
	cloudHold = 10 * time.Minute
	// cloudTimeout bounds one call.
	cloudTimeout = 30 * time.Second
	// maxCloudAnswer is how much of an answer is read: 100 messages of a size
	// that a cloud hands out together.
	maxCloudAnswer = 64 << 20
)

// cloudQueue is the queue of a cloud and its dead. Those that read are hidden
// from others for cloudHold.
type cloudQueue interface {
	// read is some of the dead; none if no more are there.
	read(ctx context.Context) ([]cloudMessage, error)
	// remove and giveBack end what read began.
	remove(ctx context.Context, receipts []string) error
	giveBack(ctx context.Context, receipts []string) error
	put(ctx context.Context, item queue.Item) error
	limit() int
	name() string
}

type cloudMessage struct {
	id      string // the cloud's own
	receipt string
	body    []byte
}

// openCloud is the queue of a cloud: from is an SQS URL or a subscription of
// Pub/Sub with the dead, to the SQS URL or topic with the jobs, if any is needed.
func openCloud(ctx context.Context, from, to string) (graveyard, error) {
	var q cloudQueue
	var err error
	if strings.HasPrefix(from, "projects/") {
		q, err = newPubSub(ctx, from, to)
	} else {
		q, err = newSQS(ctx, from, to)
	}
	if err != nil {
		return nil, err
	}
	return &cloudGraveyard{q: q, held: map[string]map[string]string{}}, nil
}

// cloudGraveyard is the graveyard of a cloud.
type cloudGraveyard struct {
	q    cloudQueue
	held map[string]map[string]string // the last receipt of each message, by the ID of its job; two may be alike
}

// maxStale is how often in a row nothing but known messages may be read: where
// they are so many that the first come again before the last, there is no end.
const maxStale = 3

func (g *cloudGraveyard) Each(ctx context.Context, f func(queue.Dead) error) error {
	for stale := 0; stale < maxStale; {
		messages, err := g.q.read(ctx)
		if err != nil || len(messages) == 0 {
			return err
		}
		stale++
		for _, m := range messages {
			d := deadOfMessage(m.body)
			held := g.held[d.ID]
			if held == nil {
				held = map[string]string{}
				g.held[d.ID] = held
			}
			if held[cmp.Or(m.id, m.receipt)] == "" {
				stale = 0
			}
			held[cmp.Or(m.id, m.receipt)] = m.receipt
			if len(held) > 1 || stale > 0 {
				continue
			}
			if err := f(d); err != nil {
				return err
			}
		}
	}
	return nil
}

// deadOfMessage reads a message of a dead-letter queue: a dead job, or what the
// cloud itself moved there.
func deadOfMessage(body []byte) queue.Dead {
	var d queue.Dead
	if json.Unmarshal(body, &d) == nil && d.ID != "" && d.Reason != "" {
		if strings.Trim(d.ID, hexDigits) != "" {
			d.ID = queue.BodyID(body) // no ID of ours
		}
		return d
	}
	d = queue.Dead{ID: queue.BodyID(body), Reason: "the cloud moved it here after too many tries; the worker's log may say why", Body: body}
	if job, err := queue.Decode(body); err == nil {
		d.ID, d.Source, d.Type, d.Sink, d.Buried = job.ID(), job.Event.Source, job.Event.Type, job.Sink, job.Accepted
	}
	return d
}

func (g *cloudGraveyard) Remove(ctx context.Context, id string) error {
	if len(g.held[id]) == 0 {
		return nil
	}
	if err := g.q.remove(ctx, slices.Collect(maps.Values(g.held[id]))); err != nil {
		return err
	}
	delete(g.held, id)
	return nil
}

func (g *cloudGraveyard) Put(ctx context.Context, items []queue.Item) error {
	for _, it := range items {
		if err := g.q.put(ctx, it); err != nil {
			return err
		}
	}
	return nil
}

func (g *cloudGraveyard) Limit() int   { return g.q.limit() }
func (g *cloudGraveyard) Name() string { return g.q.name() }

// Close gives back what was only looked at.
func (g *cloudGraveyard) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), cloudTimeout)
	defer cancel()
	var receipts []string
	for _, r := range g.held {
		receipts = slices.AppendSeq(receipts, maps.Values(r))
	}
	g.held = nil
	if err := g.q.giveBack(ctx, receipts); err != nil {
		return fmt.Errorf("some of the dead stay hidden from the next look for up to %v: %w", cloudHold, err)
	}
	return nil
}

// batches does do on some receipts at a time.
func batches(receipts []string, size int, do func([]string) error) error {
	var errs []error
	for part := range slices.Chunk(receipts, size) {
		errs = append(errs, do(part))
	}
	return errors.Join(errs...)
}

// cloudCall posts JSON and decodes the answer into out unless that is nil. The
// error has the service's own words: whoever runs this may see them.
func cloudCall(ctx context.Context, where, target string, in, out any, prepare func(*http.Request, []byte) error) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, cloudTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("%s: it has no valid address", where)
	}
	if err := prepare(req, body); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	defer resp.Body.Close() //nolint:errcheck // read only
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxCloudAnswer))
	if err != nil {
		return fmt.Errorf("%s: the answer broke off: %w", where, err)
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: it answers %d %s", where, resp.StatusCode, plain(string(answer[:min(len(answer), 500)])))
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return fmt.Errorf("%s: it answers what is no JSON", where)
	}
	return nil
}

// checkCloudURL wants https, or http on this machine.
func checkCloudURL(flag, text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Path == "" || u.Scheme != "https" && (u.Scheme != "http" || !address.Loopback(u.Hostname())) {
		return nil, fmt.Errorf("%s is neither the URL of an SQS queue, https://sqs.REGION.amazonaws.com/ACCOUNT/NAME, nor of Pub/Sub, projects/PROJECT/…", flag)
	}
	return u, nil
}

// ask runs the cloud's own command, which knows how its user signs in.
func ask(ctx context.Context, what, command string, args ...string) ([]byte, error) {
	var said strings.Builder
	cmd := exec.CommandContext(ctx, command, args...) //nolint:gosec // constants of this package
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("no credentials: set %s, or sign in with the %s command (%w %s)", what, command, err, strings.TrimSpace(said.String()))
	}
	return out, nil
}

// firstEnv is the first of the variables that is set.
func firstEnv(names ...string) string {
	for _, n := range names {
		if v := os.Getenv(n); v != "" {
			return v
		}
	}
	return ""
}
