package relay

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/sigpost/sigpost/pkg/deliver"
	"github.com/sigpost/sigpost/pkg/sink"
)

// conversationMemory is how long it is known what was posted of a subject, from
// its last message.
const conversationMemory = 30 * 24 * time.Hour

// deliver posts what d's sink draws of its event: one message, or the steps of a
// conversation.
func (r *Relay) deliver(ctx context.Context, d *Delivery) error {
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
	key, memory := conversationKey(d), ""
	if d.Event.Key != "" {
		var err error
		if memory, err = r.opt.State.Get(ctx, key); err != nil {
			return err
		}
	}
	for range maxSteps {
		step := c.Next(d.Event, memory)
		if step == nil {
			return nil
		}
		answer, refusal := r.post(ctx, d, step.Message)
		var de *deliver.Error
		if refusal != nil && (!errors.As(refusal, &de) || de.Temporary) {
			return refusal
		}
		next, err := c.Note(d.Event, memory, step, answer, refusal)
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
	if rd, ok := d.Sink.Sink.(sink.Reducer); ok {
		req.Reduce = func() *deliver.Content { return r.reduce(ctx, d, m, rd) }
	}
	if err := r.opt.Client.Send(ctx, req); err != nil {
		return nil, err
	}
	return answer, nil
}

// reduce is the smaller message in place of m, nil if there is none.
func (r *Relay) reduce(ctx context.Context, d *Delivery, m sink.Message, rd sink.Reducer) *deliver.Content {
	smaller := rd.RenderReduced(d.Event)
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
