# Where logs are kept, and that nobody else's are touched.

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

run "kept" {
  assert {
    condition = (
      google_logging_project_bucket_config.logs[0].project == "acme-prod" &&
      google_logging_project_bucket_config.logs[0].location == "europe-west1" &&
      google_logging_project_bucket_config.logs[0].bucket_id == "sigpost-logs" &&
      google_logging_project_bucket_config.logs[0].retention_days == 30 &&
      output.log_bucket == google_logging_project_bucket_config.logs[0].id
    )
    error_message = "bucket: ${jsonencode(google_logging_project_bucket_config.logs)}"
  }
  assert {
    condition = (
      google_logging_project_sink.logs[0].project == "acme-prod" &&
      google_logging_project_sink.logs[0].name == "sigpost-logs" &&
      google_logging_project_sink.logs[0].destination == "logging.googleapis.com/${google_logging_project_bucket_config.logs[0].id}" &&
      length(google_logging_project_sink.logs[0].exclusions) == 0 && google_logging_project_sink.logs[0].disabled != true
    )
    error_message = "sink: ${jsonencode(google_logging_project_sink.logs)}"
  }
  assert {
    condition     = google_logging_project_sink.logs[0].filter == "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=(\"sigpost-deliver\" OR \"sigpost-poll\" OR \"sigpost-receive\") AND resource.labels.location=\"europe-west1\" AND logName:\"run.googleapis.com\""
    error_message = "the sink takes other logs than the functions' own: ${google_logging_project_sink.logs[0].filter}"
  }
  assert {
    condition = (
      output.default_log_commands.exclude == "gcloud logging sinks update _Default --project=acme-prod --add-exclusion='name=sigpost-logs,filter=${google_logging_project_sink.logs[0].filter}'" &&
      output.default_log_commands.include == "gcloud logging sinks update _Default --project=acme-prod --remove-exclusions=sigpost-logs"
    )
    error_message = "_Default would leave out what the sink doesn't keep: ${jsonencode(output.default_log_commands)}"
  }
  # The filter is one value of a list that gcloud splits at commas, in quotes.
  assert {
    condition     = !can(regex("[,']", google_logging_project_sink.logs[0].filter))
    error_message = "gcloud would split the filter"
  }
  # Of a bucket, a metric would count nothing of what came before the bucket.
  assert {
    condition     = alltrue([for metric in google_logging_metric.metric : metric.bucket_name == null])
    error_message = "a metric counts one bucket instead of what the project receives"
  }
  assert {
    condition     = contains(keys(google_project_service.api), "logging")
    error_message = "the API is not turned on"
  }
}

# A filter that changed would no longer be that of the exclusion.
run "same_filter_in_direct_mode" {
  command = plan
  variables {
    config_file = "tests/receive.yaml"
    mode        = "direct"
  }
  assert {
    condition     = alltrue([for name in ["deliver", "poll", "receive"] : strcontains(google_logging_project_sink.logs[0].filter, "\"sigpost-${name}\"")])
    error_message = "the filter depends on which functions there are"
  }
}

run "elsewhere" {
  command = plan
  variables {
    name               = "second"
    region             = "us-east1"
    log_retention_days = 3650
  }
  assert {
    condition = (
      google_logging_project_bucket_config.logs[0].bucket_id == "second-logs" && google_logging_project_bucket_config.logs[0].location == "us-east1" &&
      google_logging_project_bucket_config.logs[0].retention_days == 3650 &&
      google_logging_project_sink.logs[0].name == "second-logs" &&
      !strcontains(google_logging_project_sink.logs[0].filter, "sigpost-")
    )
    error_message = "two deployments share a bucket or a sink"
  }
}

run "left_to_the_project" {
  variables {
    log_retention_days = 0
  }
  assert {
    condition     = length(google_logging_project_bucket_config.logs) + length(google_logging_project_sink.logs) == 0 && output.log_bucket == "" && output.default_log_commands.exclude == ""
    error_message = "log_retention_days = 0 still moves logs, or offers to keep them nowhere"
  }
  assert {
    condition     = length(google_logging_metric.metric) == 8 && length(output.log_queries) == 4
    error_message = "without a bucket nothing is counted"
  }
}

run "for_ever" {
  command = plan
  variables {
    log_retention_days = 3651
  }
  expect_failures = [var.log_retention_days]
}

run "negative" {
  command = plan
  variables {
    log_retention_days = -1
  }
  expect_failures = [var.log_retention_days]
}

run "half_a_day" {
  command = plan
  variables {
    log_retention_days = 0.5
  }
  expect_failures = [var.log_retention_days]
}
