# What the functions log, counted. Each attempt, each request and each burial is
# one line of JSON; README.md lists the metrics and their labels.

locals {
  watched  = var.alarms || var.dashboard
  services = join(" OR ", [for key in keys(local.functions) : "\"${var.name}-${key}\""])
  logs     = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=(${local.services})"

  # value is the field of a distribution; without, lines are counted. Labels are
  # names of the configuration and fixed words, never what a sender wrote.
  metrics = local.watched ? {
    requests           = { filter = "jsonPayload.message=\"request\"", value = null, labels = ["source", "status"], text = "Requests that were answered" }
    signature_failures = { filter = "jsonPayload.message=\"request\" AND jsonPayload.status=(401 OR 403 OR 412)", value = null, labels = ["source", "status"], text = "Requests without a good signature or token" }
    forged_pushes      = { filter = "jsonPayload.message=\"push\" AND jsonPayload.status=401", value = null, labels = [], text = "Pushes that were not the subscription's" }
    deliveries         = { filter = "jsonPayload.message=\"delivery\"", value = null, labels = ["source", "sink", "class"], text = "Attempts to deliver, by how they ended" }
    delivered          = { filter = "jsonPayload.message=\"delivery\" AND jsonPayload.class=\"delivered\"", value = null, labels = ["source", "sink"], text = "Messages that a receiver took" }
    dead               = { filter = "jsonPayload.message=\"job moved to the dead-letter queue\"", value = null, labels = ["source", "sink"], text = "Jobs that will not be tried again" }
    latency            = { filter = "jsonPayload.message=\"delivery\"", value = "latency", labels = ["sink", "class"], text = "How long receivers took to answer, in nanoseconds" }
    job_age            = { filter = "jsonPayload.message=\"delivery\" AND jsonPayload.class=\"delivered\"", value = "age", labels = ["sink"], text = "How old jobs were when they were delivered, in nanoseconds" }
  } : {}
}

resource "google_logging_metric" "metric" {
  for_each = local.metrics

  project         = var.project
  name            = "${var.name}/${each.key}"
  description     = "${each.value.text}, of sigpost ${var.name}"
  filter          = "${local.logs} AND ${each.value.filter}"
  value_extractor = each.value.value == null ? null : "EXTRACT(jsonPayload.${each.value.value})"
  label_extractors = {
    for label in each.value.labels : label => "EXTRACT(jsonPayload.${label})"
  }

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = each.value.value == null ? "INT64" : "DISTRIBUTION"
    unit        = each.value.value == null ? "1" : "ns"

    dynamic "labels" {
      for_each = each.value.labels
      content {
        key        = labels.value
        value_type = "STRING"
      }
    }
  }

  # From a millisecond to some 12 days, each bucket twice the one before.
  dynamic "bucket_options" {
    for_each = each.value.value == null ? [] : [1]
    content {
      exponential_buckets {
        num_finite_buckets = 30
        growth_factor      = 2
        scale              = 1000000
      }
    }
  }

  depends_on = [google_project_service.api]
}
