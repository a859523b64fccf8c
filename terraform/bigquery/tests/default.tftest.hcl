# What one gets without any option.

mock_provider "google" {}

variables {
  project  = "acme-prod"
  location = "europe-west1"
}

run "dataset" {
  assert {
    condition = (
      google_bigquery_dataset.sigpost.project == "acme-prod" &&
      google_bigquery_dataset.sigpost.dataset_id == "sigpost" &&
      google_bigquery_dataset.sigpost.location == "europe-west1" &&
      google_bigquery_dataset.sigpost.delete_contents_on_destroy == false &&
      google_bigquery_dataset.sigpost.labels == tomap({ sigpost = "sigpost" }) &&
      length(google_bigquery_dataset.sigpost.default_encryption_configuration) == 0
    )
    error_message = "dataset: ${jsonencode(google_bigquery_dataset.sigpost)}"
  }
}

run "table" {
  assert {
    condition = (
      google_bigquery_table.events.table_id == "events" &&
      google_bigquery_table.events.dataset_id == "sigpost" &&
      google_bigquery_table.events.deletion_protection == true &&
      google_bigquery_table.events.require_partition_filter == false &&
      google_bigquery_table.events.labels == tomap({ sigpost = "sigpost" }) &&
      length(google_bigquery_table.events.encryption_configuration) == 0 &&
      length(google_bigquery_table.events.view) == 0
    )
    error_message = "table: ${jsonencode(google_bigquery_table.events)}"
  }
  assert {
    condition = (
      google_bigquery_table.events.time_partitioning[0].type == "DAY" &&
      google_bigquery_table.events.time_partitioning[0].field == "received_at" &&
      google_bigquery_table.events.time_partitioning[0].expiration_ms == 0
    )
    error_message = "partitions: ${jsonencode(google_bigquery_table.events.time_partitioning)}"
  }
  assert {
    condition     = google_bigquery_table.events.clustering == tolist(["type", "source", "subject"])
    error_message = "clusters: ${jsonencode(google_bigquery_table.events.clustering)}"
  }
  assert {
    condition     = jsondecode(google_bigquery_table.events.schema) == jsondecode(file("schema.json"))
    error_message = "the table has other columns than schema.json"
  }
  # BigQuery partitions by a column that may be empty too; those rows would be
  # in a partition of their own, which no day names.
  assert {
    condition     = one([for column in jsondecode(google_bigquery_table.events.schema) : "${column.type} ${column.mode}" if column.name == "received_at"]) == "TIMESTAMP REQUIRED"
    error_message = "received_at may be empty, or is no moment"
  }
  assert {
    condition     = alltrue([for name in google_bigquery_table.events.clustering : contains([for column in jsondecode(google_bigquery_table.events.schema) : column.name if column.type == "STRING"], name)])
    error_message = "it is clustered by a column that it doesn't have"
  }
}

run "views" {
  assert {
    condition = toset(keys(output.views)) == toset(["events_deduplicated", "issue_time_to_close", "runs", "run_success_rate", "alert_recovery"]) && alltrue([
      for name, view in output.views : view == "acme-prod.sigpost.${name}"
    ])
    error_message = "views: ${jsonencode(output.views)}"
  }
  assert {
    condition = alltrue([
      for view in concat(values(google_bigquery_table.view), [google_bigquery_table.run_success_rate]) :
      view.dataset_id == "sigpost" && view.deletion_protection == false && view.view[0].use_legacy_sql == false && length(view.time_partitioning) == 0 && length(view.description) > 10
    ])
    error_message = "a view is no standard view in the dataset"
  }
  # The very text of the file, with the names in place.
  assert {
    condition = alltrue([
      for name, view in google_bigquery_table.view :
      view.view[0].query == replace(replace(file("views/${name}.sql"), "$${table}", "acme-prod.sigpost.events"), "$${since}", "TRUE") && strcontains(view.view[0].query, "`acme-prod.sigpost.events`")
      ]) && google_bigquery_table.run_success_rate.view[0].query == replace(file("views/run_success_rate.sql"), "$${runs}", "acme-prod.sigpost.runs") && !can(regex("[$%]{", jsonencode([
        google_bigquery_table.run_success_rate.view, google_bigquery_table.view["runs"].view, google_bigquery_table.view["alert_recovery"].view, google_bigquery_table.view["issue_time_to_close"].view,
    ])))
    error_message = "a view isn't what its file says"
  }
  assert {
    condition = alltrue([
      for name in ["issue_time_to_close", "runs", "alert_recovery"] : jsondecode(google_bigquery_table.view[name].schema) == jsondecode(file("views/${name}.json"))
    ]) && jsondecode(google_bigquery_table.run_success_rate.schema) == jsondecode(file("views/run_success_rate.json"))
    error_message = "a view has other columns than its file says"
  }
  # A view's columns are never required.
  assert {
    condition = [for column in jsondecode(google_bigquery_table.view["events_deduplicated"].schema) : "${column.name} ${column.type} ${column.description}"] == [
      for column in jsondecode(file("schema.json")) : "${column.name} ${column.type} ${column.description}"
      ] && toset([for column in jsondecode(google_bigquery_table.view["events_deduplicated"].schema) : column.mode]) == toset(["NULLABLE", "REPEATED"]) && one([
        for column in jsondecode(google_bigquery_table.view["events_deduplicated"].schema) : column.mode if column.name == "facts"
    ]) == "REPEATED"
    error_message = "events_deduplicated has other columns than the table"
  }
}

run "nobody_writes" {
  assert {
    condition     = length(google_bigquery_table_iam_member.writer) + length(google_bigquery_dataset_access.writer) + length(google_iam_workload_identity_pool.aws) + length(google_iam_workload_identity_pool_provider.aws) == 0 && output.writers == {} && output.audience == ""
    error_message = "somebody may write, or there is a pool"
  }
}

run "outputs" {
  assert {
    condition     = output.dataset == "acme-prod.sigpost" && output.table == "acme-prod.sigpost.events"
    error_message = "names: ${output.dataset} ${output.table}"
  }
  assert {
    condition     = yamldecode(output.sigpost_yaml) == { sinks = { warehouse = { type = "bigquery", project = "acme-prod", dataset = "sigpost", table = "events" } } }
    error_message = "sigpost.yaml: ${output.sigpost_yaml}"
  }
}

run "apis" {
  assert {
    condition     = toset(values(google_project_service.api)[*].service) == toset(["bigquery.googleapis.com", "iam.googleapis.com"]) && alltrue([for api in google_project_service.api : api.disable_on_destroy == false])
    error_message = "APIs: ${jsonencode(values(google_project_service.api)[*].service)}"
  }
}
