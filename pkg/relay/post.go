package relay

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/sigpost/sigpost/pkg/deliver"
	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/sink"
)

// conversationMemory is how long it is known what was posted of a subject, from
// its last message.
const conversationMemory = 30 * 24 * time.Hour

// deliver posts what d's sink draws of its event: one message, or the steps of a
// conversation.
func (r *Relay) deliver(ctx context.Context, d *Delivery) error {
	d.Event = r.pictured(ctx, d.Event)
	if c, ok := d.Sink.Sink.(sink.Converser); ok {
		return r.converse(ctx, d, c)
	}
	_, err := r.post(ctx, d, d.Sink.Sink.Render(d.Event))
	return err
}

// maxSteps bounds a conversation: no receiver needs as many for one event.
const maxSteps = 8

var errSteps = errors.New("the sink asks for one step after the other")

// converse does the steps of d that are left, and keeps what is to be remembered
// after each.
func (r *Relay) converse(ctx context.Context, d *Delivery, c sink.Converser) error {
	key, memory, e := conversationKey(d), "", inRound(d)
	if d.Event.Key != "" {
		defer r.turnOf(ctx, d, key)()
		var err error
		if memory, err = r.opt.State.Get(ctx, key); err != nil {
			return err
		}
	}
	var refusal error
	for n := range maxSteps {
		step := c.Next(e, memory)
		if step == nil {
			if n == 0 {
				r.opt.Log.LogAttrs(ctx, slog.LevelInfo, "nothing to deliver: the receiver knows something newer, or needs not know this", deliveryAttrs(d)...)
			}
			return nil
		}
		if n > 0 {
			d.Steps = append(d.Steps, Step{d.ContentType, d.Body, refusal})
		}
		var answer []byte
		answer, refusal = r.post(ctx, d, step.Message)
		var de *deliver.Error
		if refusal != nil && (!errors.As(refusal, &de) || de.Temporary) {
			return refusal
		}
		next, err := c.Note(e, memory, step, answer, refusal)
		if err != nil {
			return err
		}
		memory = next
		if d.Event.Key != "" {
			r.note(ctx, d, key, memory)
		}
	}
	return errSteps
}

// inRound is d's event with its round: what is sent again on purpose is another
// event to a sink that remembers those it is done with.
func inRound(d *Delivery) *event.Event {
	if d.round == "" {
		return d.Event
	}
	e := *d.Event
	e.Round = d.round
	return &e
}

// rounds numbers the jobs whose sinks remember.
func (r *Relay) rounds(ctx context.Context, jobs []*Delivery) error {
	var first *Delivery
	for _, d := range jobs {
		if _, ok := d.Sink.Sink.(sink.Converser); !ok || d.Event.Key == "" {
			continue
		}
		if first == nil {
			first = d
		}
		if err := r.number(ctx, d, first); err != nil {
			return err
		}
	}
	return nil
}

// note keeps what a sink wants to remember of a subject. Trouble with the state
// store costs that and never the message, which has arrived.
func (r *Relay) note(ctx context.Context, d *Delivery, key, memory string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recallTimeout)
	defer cancel()
	if err := r.opt.State.Put(ctx, key, memory, conversationMemory); err != nil {
		r.opt.Log.LogAttrs(ctx, slog.LevelWarn, "a later message may not find this one's thread, or a step of it may be repeated",
			append(deliveryAttrs(d), slog.String("error", err.Error()))...)
	}
}

func conversationKey(d *Delivery) string {
	return "conversation\n" + d.Sink.Name + "\n" + d.Channel + "\n" + d.Event.Source + "\n" + d.Event.Key
}

// post sends one message and returns the answer's body, once it is accepted.
func (r *Relay) post(ctx context.Context, d *Delivery, m sink.Message) (answer []byte, err error) {
	p, err := r.seal(ctx, d, m)
	if u := (*sink.UnsendableError)(nil); errors.As(err, &u) {
		r.logAttempt(ctx, d, deliver.Attempt{Class: deliver.ClassRefused, Err: err})
		return nil, &deliver.Error{Reason: err.Error(), Err: err}
	}
	if err != nil {
		r.opt.Log.LogAttrs(ctx, slog.LevelError, "delivery", append(deliveryAttrs(d), slog.String("class", "no secret"), slog.String("reason", err.Error()))...)
		return nil, err
	}
	d.ContentType, d.Body = m.ContentType, m.Body
	judge, _ := d.Sink.Sink.(sink.Judge)
	req := deliver.Request{
		URL: p.URL, Header: p.Header, ContentType: p.ContentType, Body: p.Body,
		Observe: func(a deliver.Attempt) {
			r.logAttempt(ctx, d, a)
			r.pauseSink(ctx, d, a)
		},
		Judge: func(status int, body []byte) error {
			answer = body
			if judge == nil {
				return nil
			}
			return judge.Judge(status, body)
		},
	}
	if smaller := reducer(d, m); smaller != nil {
		req.Reduce = func() *deliver.Content { return r.reduce(ctx, d, m, smaller()) }
	}
	if err := r.opt.Client.Send(ctx, req); err != nil {
		return nil, err
	}
	return answer, nil
}

// reducer makes the message in place of m, a message or step; nil if d's sink
// makes none.
func reducer(d *Delivery, m sink.Message) func() sink.Message {
	switch s := d.Sink.Sink.(type) {
	case sink.StepReducer:
		return func() sink.Message { return s.ReduceStep(d.Event, m) }
	case sink.Reducer:
		return func() sink.Message { return s.RenderReduced(d.Event) }
	}
	return nil
}

// reduce completes the smaller message in place of m, and is nil if there is none.
func (r *Relay) reduce(ctx context.Context, d *Delivery, m, smaller sink.Message) *deliver.Content {
	if smaller.Body == nil {
		return nil
	}
	if smaller.Kind == "" {
		smaller.Kind = m.Kind
	}
	p, err := r.seal(ctx, d, smaller)
	if err != nil {
		return nil
	}
	d.ContentType, d.Body = smaller.ContentType, smaller.Body
	return &deliver.Content{URL: p.URL, Header: p.Header, ContentType: p.ContentType, Body: p.Body}
}

// seal completes a message for its way to d's sink.
func (r *Relay) seal(ctx context.Context, d *Delivery, m sink.Message) (sink.Posting, error) {
	if s, ok := d.Sink.Sink.(sink.Sealer); ok {
		return s.Seal(ctx, d.Event, m, r.opt.Now())
	}
	endpoint, err := d.Sink.Sink.Endpoint(ctx)
	return sink.Posting{Message: m, Endpoint: endpoint}, err
}

// place names where d goes: the sink, and its channel if the route chose one.
func (d *Delivery) place() string {
	if d.Channel == "" {
		return d.Sink.Name
	}
	return d.Sink.Name + "\n" + d.Channel
}
