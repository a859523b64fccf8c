# One page that says how the deployment fares.

locals {
  # Charts in the order they stand: title, and for each line its filter, how it
  # is aligned and reduced, and what it is split by.
  charts = concat([
    { title = "Requests by source and status", lines = [{ metric = "requests", by = ["metric.label.source", "metric.label.status"] }] },
    { title = "Attempts by sink and class", lines = [{ metric = "deliveries", by = ["metric.label.sink", "metric.label.class"] }] },
    { title = "Latency of receivers, 95th percentile (ns)", lines = [{ metric = "latency", by = ["metric.label.sink"], aligner = "ALIGN_DELTA", reducer = "REDUCE_PERCENTILE_95" }] },
    { title = "Without a good signature or token", lines = [{ metric = "signature_failures", by = ["metric.label.source"] }] },
    ], [for chart in [
      { title = "Age of jobs when delivered, 95th percentile (ns)", lines = [{ metric = "job_age", by = ["metric.label.sink"], aligner = "ALIGN_DELTA", reducer = "REDUCE_PERCENTILE_95" }] },
      { title = "Buried, by sink", lines = [{ metric = "dead", by = ["metric.label.sink"] }] },
  ] : chart if local.queue])

  log_charts = [
    for chart in local.charts : {
      title = chart.title
      xyChart = {
        dataSets = [
          for line in chart.lines : {
            plotType = "LINE"
            timeSeriesQuery = {
              timeSeriesFilter = {
                filter = "metric.type=\"logging.googleapis.com/user/${var.name}/${line.metric}\" AND resource.type=\"cloud_run_revision\""
                aggregation = {
                  alignmentPeriod    = "300s"
                  perSeriesAligner   = try(line.aligner, "ALIGN_DELTA")
                  crossSeriesReducer = try(line.reducer, "REDUCE_SUM")
                  groupByFields      = line.by
                }
              }
            }
          }
        ]
      }
    }
  ]

  subscription_charts = [
    for chart in [
      { title = "Jobs that wait", metric = "num_undelivered_messages", subscription = "${var.name}-deliver" },
      { title = "Oldest job (s)", metric = "oldest_unacked_message_age", subscription = "${var.name}-deliver" },
      { title = "Dead jobs", metric = "num_undelivered_messages", subscription = "${var.name}-dead" },
      ] : {
      title = chart.title
      xyChart = {
        dataSets = [{
          plotType = "LINE"
          timeSeriesQuery = {
            timeSeriesFilter = {
              filter      = "metric.type=\"pubsub.googleapis.com/subscription/${chart.metric}\" AND resource.type=\"pubsub_subscription\" AND resource.label.subscription_id=\"${chart.subscription}\""
              aggregation = { alignmentPeriod = "60s", perSeriesAligner = "ALIGN_MAX" }
            }
          }
        }]
      }
    } if local.queue
  ]
}

resource "google_monitoring_dashboard" "dashboard" {
  count = var.dashboard ? 1 : 0

  project = var.project
  dashboard_json = jsonencode({
    displayName = "sigpost ${var.name}"
    labels      = { sigpost = var.name }
    gridLayout = {
      columns = "2"
      widgets = concat(local.subscription_charts, local.log_charts)
    }
  })

  depends_on = [google_logging_metric.metric]
}
