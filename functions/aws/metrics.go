package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/sigpost/sigpost/pkg/deliver"
)

// The metrics are of the lines of the log that say what became of a request, of
// an attempt at a delivery, and of a job: such a line also has numbers, and says
// in "_aws" that CloudWatch is to make metrics of them. No call is made for
// that, and a number can't differ from the line it is in.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html

// The environment variables of the metrics. Without a namespace there are none.
const (
	namespaceVariable = "SIGPOST_METRICS_NAMESPACE"
	perSinkVariable   = "SIGPOST_METRICS_PER_SINK" // "true": those of deliveries also by sink
)

// The metrics, as terraform/aws reads them and its README says.
const (
	metricAccepted   = "Accepted"
	metricNotTaken   = "NotTaken"
	metricSignatures = "SignatureFailures"
	metricDelivered  = "Delivered"
	metricFailed     = "Failed"
	metricLatency    = "Latency"
	metricJobAge     = "JobAge"
	metricBuried     = "Buried"
)

// metric is one of a line, with a unit of CloudWatch.
type metric struct {
	Name  string
	Unit  string
	value any
}

func count(name string, is bool) metric {
	if is {
		return metric{name, "Count", 1}
	}
	return metric{name, "Count", 0} // so that there is a number where nothing happened
}

// directive tells CloudWatch what of a line are metrics.
type directive struct {
	Namespace  string
	Dimensions [][]string // each a list of names of the line's texts
	Metrics    []metric
}

// withMetrics is log, with metrics where the environment asks for them.
func withMetrics(log *slog.Logger, env func(string) string) *slog.Logger {
	namespace := env(namespaceVariable)
	if namespace == "" {
		return log
	}
	return slog.New(&metricHandler{log.Handler(), namespace, env(perSinkVariable) == "true"})
}

type metricHandler struct {
	slog.Handler
	namespace string
	perSink   bool
}

// Handle implements slog.Handler.
func (h *metricHandler) Handle(ctx context.Context, r slog.Record) error {
	metrics, ofSink := metricsOf(&r)
	if len(metrics) == 0 {
		return h.Handler.Handle(ctx, r)
	}
	d := directive{Namespace: h.namespace, Dimensions: [][]string{{}}, Metrics: metrics}
	if ofSink && h.perSink {
		d.Dimensions = append(d.Dimensions, []string{"sink"})
	}
	text, err := json.Marshal([]directive{d})
	if err != nil {
		return err
	}
	r = r.Clone()
	for _, m := range metrics {
		r.AddAttrs(slog.Any(m.Name, m.value))
	}
	r.AddAttrs(slog.Group("_aws", slog.Int64("Timestamp", r.Time.UnixMilli()), slog.Any("CloudWatchMetrics", json.RawMessage(text))))
	return h.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (h *metricHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &metricHandler{h.Handler.WithAttrs(attrs), h.namespace, h.perSink}
}

// WithGroup implements slog.Handler. What is in a group has no metrics, since
// they must be at the root of a line.
func (h *metricHandler) WithGroup(name string) slog.Handler { return h.Handler.WithGroup(name) }

// refusals are the statuses for a request without a good signature or token.
var refusals = []int64{http.StatusUnauthorized, http.StatusForbidden, http.StatusPreconditionFailed}

// logLine is what metrics are made of.
type logLine struct {
	status               int64
	outcome, class, sink string
	latency, age         time.Duration // negative: not there
}

func readLine(r *slog.Record) logLine {
	l := logLine{latency: -1, age: -1}
	r.Attrs(func(a slog.Attr) bool {
		switch kind := a.Value.Kind(); {
		case a.Key == "status" && kind == slog.KindInt64:
			l.status = a.Value.Int64()
		case a.Key == "outcome":
			l.outcome = a.Value.String()
		case a.Key == "class":
			l.class = a.Value.String()
		case a.Key == "sink":
			l.sink = a.Value.String()
		case a.Key == "latency" && kind == slog.KindDuration:
			l.latency = a.Value.Duration()
		case a.Key == "age" && kind == slog.KindDuration:
			l.age = a.Value.Duration()
		}
		return true
	})
	return l
}

// metricsOf is what is counted and measured in a line, if it is one of those,
// and whether it is of a sink.
func metricsOf(r *slog.Record) (metrics []metric, ofSink bool) {
	switch r.Message {
	case "request":
		l := readLine(r)
		return []metric{
			count(metricAccepted, l.outcome == "queued" || l.outcome == "delivered"),
			count(metricNotTaken, l.status >= http.StatusInternalServerError),
			count(metricSignatures, slices.Contains(refusals, l.status)),
		}, false
	case "delivery":
		l := readLine(r)
		metrics = []metric{
			count(metricDelivered, l.class == deliver.ClassDelivered),
			count(metricFailed, l.class != deliver.ClassDelivered && l.class != deliver.ClassReduce),
		}
		if l.latency >= 0 {
			metrics = append(metrics, metric{metricLatency, "Milliseconds", l.latency.Milliseconds()})
		}
		if l.age >= 0 {
			metrics = append(metrics, metric{metricJobAge, "Seconds", l.age.Seconds()})
		}
		return metrics, l.sink != ""
	case "job moved to the dead-letter queue":
		return []metric{count(metricBuried, true)}, readLine(r).sink != "" // there is none in what is no job
	}
	return nil, false
}
