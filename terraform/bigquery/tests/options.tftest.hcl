# Options on and off.

mock_provider "google" {}

variables {
  project  = "acme-prod"
  location = "EU"
}

run "names" {
  command = plan
  variables {
    name    = "ops-2"
    dataset = "warehouse"
    table   = "hooks"
    labels  = { team = "data" }
  }
  assert {
    condition = (
      google_bigquery_dataset.sigpost.dataset_id == "warehouse" && google_bigquery_table.events.table_id == "hooks" &&
      google_project_iam_custom_role.table.role_id == "ops_2_bigquery_table" && google_project_iam_custom_role.dataset.role_id == "ops_2_bigquery_dataset" &&
      alltrue([for table in concat(values(google_bigquery_table.view), [google_bigquery_table.events, google_bigquery_table.run_success_rate]) : table.labels == tomap({ team = "data", sigpost = "ops-2" })]) &&
      google_bigquery_dataset.sigpost.labels == tomap({ team = "data", sigpost = "ops-2" })
    )
    error_message = "names: ${jsonencode([google_bigquery_dataset.sigpost, google_bigquery_table.events])}"
  }
  assert {
    condition = (
      alltrue([for view in google_bigquery_table.view : view.dataset_id == "warehouse" && strcontains(view.view[0].query, "`acme-prod.warehouse.hooks`")]) &&
      strcontains(google_bigquery_table.run_success_rate.view[0].query, "`acme-prod.warehouse.runs`") &&
      yamldecode(output.sigpost_yaml).sinks.warehouse == { type = "bigquery", project = "acme-prod", dataset = "warehouse", table = "hooks" }
    )
    error_message = "a view or the output names another table"
  }
}

run "keep" {
  command = plan
  variables {
    keep_days = 400
  }
  assert {
    condition     = google_bigquery_table.events.time_partitioning[0].expiration_ms == 34560000000
    error_message = "kept for ${google_bigquery_table.events.time_partitioning[0].expiration_ms} ms"
  }
}

run "bounded_views" {
  command = plan
  variables {
    view_days                = 90
    require_partition_filter = true
  }
  assert {
    condition = google_bigquery_table.events.require_partition_filter == true && alltrue([
      for view in google_bigquery_table.view : strcontains(view.view[0].query, "received_at >= TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 90 DAY)")
    ])
    error_message = "a view reads all days"
  }
}

run "unprotected" {
  command = plan
  variables {
    deletion_protection = false
  }
  assert {
    condition     = google_bigquery_table.events.deletion_protection == false && google_bigquery_dataset.sigpost.delete_contents_on_destroy == false
    error_message = "the table is still protected, or what others made is deleted with it"
  }
}

run "own_key" {
  command = plan
  variables {
    kms_key_name = "projects/acme-prod/locations/europe/keyRings/ring/cryptoKeys/mine"
  }
  assert {
    condition     = google_bigquery_dataset.sigpost.default_encryption_configuration[0].kms_key_name == var.kms_key_name && google_bigquery_table.events.encryption_configuration[0].kms_key_name == var.kms_key_name
    error_message = "the key isn't used"
  }
}

run "apis_off" {
  command = plan
  variables {
    enable_apis = false
    aws         = { account_id = "210987654321", role_names = ["sigpost-deliver-eu-central-1"] }
  }
  assert {
    condition     = length(google_project_service.api) == 0
    error_message = "APIs are turned on"
  }
}

# A member that is known only after the apply, such as a new account's.
run "one_more_writer" {
  variables {
    writers = { a = "serviceAccount:a@acme-prod.iam.gserviceaccount.com", b = "serviceAccount:b@acme-prod.iam.gserviceaccount.com" }
  }
  assert {
    condition     = toset(keys(google_bigquery_table_iam_member.writer)) == toset(["a", "b"]) && toset(keys(google_bigquery_dataset_access.writer)) == toset(["a", "b"])
    error_message = "writers aren't known by their names"
  }
}

# Google's limits of names.
run "longest_name" {
  command = plan
  variables {
    name = "a23456789-123456789a"
    aws  = { account_id = "210987654321", role_names = ["sigpost-deliver-eu-central-1"] }
  }
  assert {
    condition = (
      length(google_iam_workload_identity_pool.aws[0].workload_identity_pool_id) <= 32 && length(google_iam_workload_identity_pool.aws[0].display_name) <= 32 &&
      length(google_iam_workload_identity_pool_provider.aws[0].display_name) <= 32 && length(google_project_iam_custom_role.dataset.role_id) <= 64 && length(google_project_iam_custom_role.dataset.title) <= 100
    )
    error_message = "a name is too long: ${google_iam_workload_identity_pool.aws[0].display_name}"
  }
}
