package gcp

import (
	"context"
	"encoding/hex"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
)

// logHandler writes the lines that Cloud Logging takes apart: severity, message,
// time, and the trace of the request that a line belongs to.
// https://cloud.google.com/logging/docs/structured-logging
type logHandler struct {
	plain   slog.Handler // without groups and attributes
	full    slog.Handler // with them
	with    []func(slog.Handler) slog.Handler
	grouped bool
	project *projectID
}

var _ slog.Handler = (*logHandler)(nil)

// traceField is the field that ties a line to its request's own.
const traceField = "logging.googleapis.com/trace"

func newLogHandler(w io.Writer, p *projectID) *logHandler {
	h := slog.NewJSONHandler(w, &slog.HandlerOptions{ReplaceAttr: cloudNames})
	return &logHandler{plain: h, full: h, project: p}
}

// cloudNames gives the fields of every line the names that Cloud Logging knows.
func cloudNames(groups []string, a slog.Attr) slog.Attr {
	if len(groups) > 0 {
		return a
	}
	switch a.Key {
	case slog.MessageKey:
		a.Key = "message"
	case slog.LevelKey:
		if level, ok := a.Value.Any().(slog.Level); ok {
			return slog.String("severity", severity(level))
		}
	}
	return a
}

// severity is Cloud Logging's word for a level.
// https://cloud.google.com/logging/docs/reference/v2/rest/v2/LogEntry#LogSeverity
func severity(l slog.Level) string {
	switch {
	case l < slog.LevelInfo:
		return "DEBUG"
	case l < slog.LevelWarn:
		return "INFO"
	case l < slog.LevelError:
		return "WARNING"
	}
	return "ERROR"
}

// Enabled implements slog.Handler.
func (h *logHandler) Enabled(ctx context.Context, l slog.Level) bool { return h.plain.Enabled(ctx, l) }

// Handle implements slog.Handler.
func (h *logHandler) Handle(ctx context.Context, r slog.Record) error {
	id, _ := ctx.Value(traceKey{}).(string)
	p := h.project.known()
	if id == "" || p == "" {
		return h.full.Handle(ctx, r)
	}
	trace := slog.String(traceField, "projects/"+p+"/traces/"+id)
	if !h.grouped {
		r = r.Clone()
		r.AddAttrs(trace)
		return h.full.Handle(ctx, r)
	}
	// In a group the field would mean nothing: it goes before all of them.
	full := h.plain.WithAttrs([]slog.Attr{trace})
	for _, with := range h.with {
		full = with(full)
	}
	return full.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (h *logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return h.extend(h.grouped, func(to slog.Handler) slog.Handler { return to.WithAttrs(attrs) })
}

// WithGroup implements slog.Handler.
func (h *logHandler) WithGroup(name string) slog.Handler {
	return h.extend(true, func(to slog.Handler) slog.Handler { return to.WithGroup(name) })
}

func (h *logHandler) extend(grouped bool, with func(slog.Handler) slog.Handler) slog.Handler {
	more := *h
	more.full, more.grouped = with(h.full), grouped
	more.with = append(slices.Clip(h.with), with)
	return &more
}

type traceKey struct{}

// withTrace keeps the trace of a request, if a header names one: traceparent, or
// Google's older X-Cloud-Trace-Context, which begins with the same.
// https://www.w3.org/TR/trace-context/#traceparent-header
func withTrace(ctx context.Context, h http.Header) context.Context {
	id, _, _ := strings.Cut(h.Get("X-Cloud-Trace-Context"), "/")
	if parts := strings.SplitN(h.Get("Traceparent"), "-", 3); len(parts) == 3 && isTrace(parts[1]) {
		id = parts[1]
	}
	if !isTrace(id) {
		return ctx
	}
	return context.WithValue(ctx, traceKey{}, strings.ToLower(id))
}

// isTrace tells whether s is 16 bytes in hexadecimal, and not all zero.
func isTrace(s string) bool {
	b, err := hex.DecodeString(s)
	return err == nil && len(b) == 16 && slices.ContainsFunc(b, func(c byte) bool { return c != 0 })
}
