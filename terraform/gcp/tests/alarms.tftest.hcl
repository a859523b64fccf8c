# What a person is told, and what is counted.

mock_provider "google" {
  mock_data "google_project" {
    defaults = { number = "123456789012" }
  }
  mock_resource "google_cloudfunctions2_function" {
    defaults = {
      service_config = { uri = "https://sigpost-receive-abc123-ew.a.run.app" }
    }
  }
}

variables {
  project     = "acme-prod"
  region      = "europe-west1"
  package     = "tests/package.zip"
  config_file = "tests/full.yaml"
}

run "alarms" {
  variables {
    alarm_emails        = ["ops@example.com"]
    alarm_channels      = ["projects/acme-prod/notificationChannels/123"]
    alarm_silence_hours = 12
  }
  assert {
    condition     = toset(keys(output.alarms)) == toset(["dead", "oldest", "errors", "signatures", "silence"])
    error_message = "alarms: ${jsonencode(keys(output.alarms))}"
  }
  assert {
    condition = (
      google_monitoring_alert_policy.alarm["dead"].conditions[0].condition_threshold[0].threshold_value == 0 &&
      strcontains(google_monitoring_alert_policy.alarm["dead"].conditions[0].condition_threshold[0].filter, "num_undelivered_messages") &&
      strcontains(google_monitoring_alert_policy.alarm["dead"].conditions[0].condition_threshold[0].filter, "resource.label.subscription_id=\"sigpost-dead\"") &&
      google_monitoring_alert_policy.alarm["oldest"].conditions[0].condition_threshold[0].threshold_value == 900 &&
      strcontains(google_monitoring_alert_policy.alarm["oldest"].conditions[0].condition_threshold[0].filter, "oldest_unacked_message_age") &&
      strcontains(google_monitoring_alert_policy.alarm["oldest"].conditions[0].condition_threshold[0].filter, "resource.label.subscription_id=\"sigpost-deliver\"") &&
      google_monitoring_alert_policy.alarm["signatures"].conditions[0].condition_threshold[0].threshold_value == 20 &&
      strcontains(google_monitoring_alert_policy.alarm["signatures"].conditions[0].condition_threshold[0].filter, "user/sigpost/signature_failures") &&
      strcontains(google_monitoring_alert_policy.alarm["errors"].conditions[0].condition_threshold[0].filter, "one_of(\"sigpost-deliver\", \"sigpost-poll\", \"sigpost-receive\")") &&
      strcontains(google_monitoring_alert_policy.silence[0].conditions[0].condition_absent[0].filter, "user/sigpost/delivered") &&
      google_monitoring_alert_policy.silence[0].conditions[0].condition_absent[0].duration == "43200s"
    )
    error_message = "an alarm watches something else: ${jsonencode(google_monitoring_alert_policy.alarm)}"
  }
  assert {
    condition = alltrue([
      for policy in concat(values(google_monitoring_alert_policy.alarm), google_monitoring_alert_policy.silence) :
      toset(policy.notification_channels) == toset([google_monitoring_notification_channel.email["ops@example.com"].id, "projects/acme-prod/notificationChannels/123"])
    ])
    error_message = "an alarm tells nobody, or not all"
  }
  assert {
    condition = alltrue([
      for key in keys(output.alarms) : strcontains(file("README.md"), "### Alarm ${key}\n")
    ])
    error_message = "an alarm has no runbook in the README"
  }
}

run "metrics" {
  assert {
    condition     = output.metrics == { for key in ["requests", "signature_failures", "forged_pushes", "deliveries", "delivered", "dead", "latency", "job_age"] : key => "logging.googleapis.com/user/sigpost/${key}" }
    error_message = "metrics: ${jsonencode(output.metrics)}"
  }
  assert {
    condition = alltrue([
      for metric in google_logging_metric.metric :
      startswith(metric.filter, "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=(\"sigpost-deliver\" OR \"sigpost-poll\" OR \"sigpost-receive\") AND jsonPayload.message=") &&
      toset(keys(metric.label_extractors)) == toset(metric.metric_descriptor[0].labels[*].key) &&
      (metric.metric_descriptor[0].value_type == "DISTRIBUTION") == (metric.value_extractor != null) && length(metric.bucket_options) == (metric.value_extractor != null ? 1 : 0)
    ])
    error_message = "a metric counts other logs, or its labels are not extracted: ${jsonencode(google_logging_metric.metric)}"
  }
  assert {
    condition     = alltrue([for metric in google_logging_metric.metric : length(setsubtract(keys(metric.label_extractors), ["source", "sink", "class", "status"])) == 0])
    error_message = "a label takes what a sender wrote: every value makes a time series"
  }
  assert {
    condition     = alltrue([for key in keys(output.metrics) : strcontains(file("README.md"), "| `${key}` |")])
    error_message = "a metric is not in the README"
  }
}

run "dashboard" {
  assert {
    condition     = length(jsondecode(google_monitoring_dashboard.dashboard[0].dashboard_json).gridLayout.widgets) == 9
    error_message = google_monitoring_dashboard.dashboard[0].dashboard_json
  }
  assert {
    condition = alltrue([
      for name in regexall("user/sigpost/([a-z_]+)", google_monitoring_dashboard.dashboard[0].dashboard_json) : contains(keys(google_logging_metric.metric), name[0])
    ])
    error_message = "a chart shows a metric that there is not"
  }
}

run "direct" {
  command = plan
  variables {
    mode = "direct"
  }
  assert {
    condition     = toset(keys(google_monitoring_alert_policy.alarm)) == toset(["errors", "signatures"]) && length(jsondecode(google_monitoring_dashboard.dashboard[0].dashboard_json).gridLayout.widgets) == 4
    error_message = "direct mode watches a queue that there is not"
  }
}

run "off" {
  variables {
    alarms    = false
    dashboard = false
  }
  assert {
    condition = (
      length(google_logging_metric.metric) + length(google_monitoring_alert_policy.alarm) + length(google_monitoring_alert_policy.silence) + length(google_monitoring_dashboard.dashboard) == 0 &&
      length(output.alarms) + length(output.metrics) == 0 && !contains(keys(google_project_service.api), "monitoring")
    )
    error_message = "something is watched that should not be"
  }
}

run "some" {
  command = plan
  variables {
    dashboard                = false
    alarm_oldest_minutes     = 0
    alarm_signature_failures = 0
  }
  assert {
    condition     = toset(keys(google_monitoring_alert_policy.alarm)) == toset(["dead", "errors"]) && length(google_monitoring_dashboard.dashboard) == 0
    error_message = "alarms: ${jsonencode(keys(google_monitoring_alert_policy.alarm))}"
  }
}
