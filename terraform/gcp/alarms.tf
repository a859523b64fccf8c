# What a person should look at. README.md has a runbook for each.

locals {
  runbooks = "https://github.com/sigpost/sigpost/blob/main/terraform/gcp/README.md"

  # An alarm is raised when the sum over five minutes is more than "over".
  alarm = { over = 0, reducer = "REDUCE_SUM", aligner = "ALIGN_DELTA", period = 300 }

  alarms = var.alarms ? merge(
    {
      errors = merge(local.alarm, {
        filter = "metric.type=\"run.googleapis.com/request_count\" AND resource.type=\"cloud_run_revision\" AND resource.label.service_name=one_of(${join(", ", [for key in keys(local.functions) : "\"${var.name}-${key}\""])}) AND metric.label.response_code_class=\"5xx\""
        text   = "a function failed, or told senders or Pub/Sub to send again"
      })
    },
    {
      for metric in google_logging_metric.metric : "signatures" => merge(local.alarm, {
        filter = "metric.type=\"logging.googleapis.com/user/${metric.name}\" AND resource.type=\"cloud_run_revision\""
        over   = var.alarm_signature_failures
        text   = "more than ${var.alarm_signature_failures} requests in 5 minutes had no good signature or token"
      }) if var.alarm_signature_failures > 0 && endswith(metric.name, "/signature_failures")
    },
    {
      for subscription in google_pubsub_subscription.dead : "dead" => merge(local.alarm, {
        filter  = "metric.type=\"pubsub.googleapis.com/subscription/num_undelivered_messages\" AND resource.type=\"pubsub_subscription\" AND resource.label.subscription_id=\"${subscription.name}\""
        aligner = "ALIGN_MAX", reducer = "REDUCE_MAX", period = 60
        text    = "there are jobs that will not be tried again"
      })
    },
    {
      for subscription in google_pubsub_subscription.deliver : "oldest" => merge(local.alarm, {
        filter  = "metric.type=\"pubsub.googleapis.com/subscription/oldest_unacked_message_age\" AND resource.type=\"pubsub_subscription\" AND resource.label.subscription_id=\"${subscription.name}\""
        aligner = "ALIGN_MAX", reducer = "REDUCE_MAX", period = 60
        over    = 60 * var.alarm_oldest_minutes
        text    = "a job waits for more than ${var.alarm_oldest_minutes} minutes"
      }) if var.alarm_oldest_minutes > 0
    },
  ) : {}

  channels = concat(values(google_monitoring_notification_channel.email)[*].id, tolist(var.alarm_channels))
}

resource "google_monitoring_notification_channel" "email" {
  for_each = var.alarms ? var.alarm_emails : []

  project      = var.project
  display_name = "sigpost ${var.name}: ${each.value}"
  type         = "email"
  labels       = { email_address = each.value }
  user_labels  = local.labels
  depends_on   = [google_project_service.api]
}

resource "google_monitoring_alert_policy" "alarm" {
  for_each = local.alarms

  project               = var.project
  display_name          = "${var.name}-${each.key}"
  combiner              = "OR"
  notification_channels = local.channels
  user_labels           = local.labels

  conditions {
    display_name = each.value.text

    condition_threshold {
      filter          = each.value.filter
      comparison      = "COMPARISON_GT"
      threshold_value = each.value.over
      duration        = "0s"

      aggregations {
        alignment_period     = "${each.value.period}s"
        per_series_aligner   = each.value.aligner
        cross_series_reducer = each.value.reducer
      }
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = "sigpost ${var.name}: ${each.value.text}. What to do: [runbook](${local.runbooks}#alarm-${each.key})"
  }

  alert_strategy {
    auto_close = "86400s"
  }

  depends_on = [google_project_service.api]
}

resource "google_monitoring_alert_policy" "silence" {
  count = var.alarms && var.alarm_silence_hours > 0 ? 1 : 0

  project               = var.project
  display_name          = "${var.name}-silence"
  combiner              = "OR"
  notification_channels = local.channels
  user_labels           = local.labels

  conditions {
    display_name = "nothing was delivered for ${var.alarm_silence_hours} h"

    condition_absent {
      filter   = "metric.type=\"logging.googleapis.com/user/${google_logging_metric.metric["delivered"].name}\" AND resource.type=\"cloud_run_revision\""
      duration = "${3600 * var.alarm_silence_hours}s"

      aggregations {
        alignment_period     = "300s"
        per_series_aligner   = "ALIGN_DELTA"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = "sigpost ${var.name}: nothing was delivered for ${var.alarm_silence_hours} h. What to do: [runbook](${local.runbooks}#alarm-silence)"
  }

  alert_strategy {
    auto_close = "86400s"
  }
}
