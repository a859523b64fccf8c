package relay

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"github.com/sigpost/sigpost/pkg/event"
	"github.com/sigpost/sigpost/pkg/gauge"
)

// pictured is e with the address of a picture of its gauge, where such pictures
// are configured. A key that can't be had costs the picture and not the message.
func (r *Relay) pictured(ctx context.Context, e *event.Event) *event.Event {
	if e.Gauge == nil || e.Gauge.Image != "" || r.config.Gauge == nil {
		return e
	}
	at := e.Time
	if !e.Received.IsZero() && at.After(e.Received) { // no link is good for longer because its sender says so
		at = e.Received
	}
	address, err := r.config.Gauge.Address(ctx, e.Gauge, at)
	if err != nil {
		r.opt.Log.LogAttrs(ctx, slog.LevelWarn, "a message goes without the picture of its gauge",
			slog.String("event", e.ID), slog.String("source", e.Source), slog.String("error", err.Error()))
	}
	if address == "" {
		return e
	}
	g, with := *e.Gauge, *e // other deliveries read e meanwhile
	g.Image, with.Gauge = address, &g
	return &with
}

// picture answers GET /gauge/…, which needs no state: the link holds all of it.
func (r *Relay) picture(w http.ResponseWriter, req *http.Request) answer {
	if req.Method != http.MethodGet && req.Method != http.MethodHead {
		return methodNotAllowed(w, "GET, HEAD")
	}
	png, left, err := r.config.Gauge.Picture(req.Context(), req.URL.Path, r.opt.Now())
	switch {
	case err == nil:
		return answer{status: http.StatusOK, outcome: "picture", quiet: true, picture: png, keep: left}
	case errors.Is(err, gauge.ErrUnknown):
		return refused(http.StatusNotFound, "no such picture")
	case errors.Is(err, gauge.ErrForged):
		return refused(http.StatusForbidden, "the link is not valid")
	case errors.Is(err, gauge.ErrExpired):
		return refused(http.StatusGone, "the link has expired")
	}
	return unavailable(err.Error())
}
