# A dataset with one table, which sigpost streams its events into, and views of
# it. What a column holds is in schema.json, what a view says in views/.

locals {
  labels = merge(var.labels, { sigpost = var.name })
  schema = jsondecode(file("${path.module}/schema.json"))
  apis   = var.enable_apis ? concat(["bigquery", "iam"], var.aws == null ? [] : ["sts"]) : []

  # The columns of a view are told by a file beside it. events_deduplicated has
  # those of the table; none of a view is required.
  views = { for file in fileset("${path.module}/views", "*.sql") : trimsuffix(file, ".sql") => "${path.module}/views/${file}" }
  columns = {
    for view, file in local.views : view => try(
      jsondecode(file("${trimsuffix(file, ".sql")}.json")),
      [for column in local.schema : merge(column, { mode = column.mode == "REQUIRED" ? "NULLABLE" : column.mode })],
    )
  }

  # What the SQL of the views is told.
  told = {
    table = "${local.full}.${google_bigquery_table.events.table_id}"
    since = var.view_days == 0 ? "TRUE" : "received_at >= TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL ${var.view_days} DAY)"
  }
  full = "${var.project}.${google_bigquery_dataset.sigpost.dataset_id}"

  about = {
    events_deduplicated = "Every event once"
    issue_time_to_close = "GitHub issues and how long they took to be closed"
    runs                = "Workflow runs, deployments and Scalr runs that ended, with the outcome of the last attempt"
    run_success_rate    = "For each day, how many runs ended and how many succeeded"
    alert_recovery      = "Alerts and how long they lasted"
  }
}

resource "google_project_service" "api" {
  for_each = toset(local.apis)

  project            = var.project
  service            = "${each.value}.googleapis.com"
  disable_on_destroy = false
}

resource "google_bigquery_dataset" "sigpost" {
  project       = var.project
  dataset_id    = var.dataset
  friendly_name = "sigpost ${var.name}"
  description   = "Events that sigpost ${var.name} took in, and views of them"
  location      = var.location
  labels        = local.labels

  # What others put into it is not Terraform's to delete.
  delete_contents_on_destroy = false

  dynamic "default_encryption_configuration" {
    for_each = var.kms_key_name == "" ? [] : [var.kms_key_name]
    content {
      kms_key_name = default_encryption_configuration.value
    }
  }

  depends_on = [google_project_service.api]
}

resource "google_bigquery_table" "events" {
  project             = var.project
  dataset_id          = google_bigquery_dataset.sigpost.dataset_id
  table_id            = var.table
  description         = "One row for each event; a row may be there twice, see the view events_deduplicated"
  schema              = jsonencode(local.schema)
  labels              = local.labels
  deletion_protection = var.deletion_protection

  require_partition_filter = var.require_partition_filter

  # By when sigpost took it in, which every row has and which never lies: a row
  # about last year is in today's partition, where it was just streamed to.
  time_partitioning {
    type          = "DAY"
    field         = "received_at"
    expiration_ms = var.keep_days * 24 * 60 * 60 * 1000 # 0: never. Unlike null, it undoes what was set.
  }

  # Whoever asks, names what happened: every view that reads payloads, by far
  # the largest column, does. Then whose, then one thing's life.
  clustering = ["type", "source", "subject"]

  dynamic "encryption_configuration" {
    for_each = var.kms_key_name == "" ? [] : [var.kms_key_name]
    content {
      kms_key_name = encryption_configuration.value
    }
  }
}

resource "google_bigquery_table" "view" {
  for_each = { for view, file in local.views : view => file if view != "run_success_rate" }

  project             = var.project
  dataset_id          = google_bigquery_dataset.sigpost.dataset_id
  table_id            = each.key
  description         = local.about[each.key]
  schema              = jsonencode(local.columns[each.key])
  labels              = local.labels
  deletion_protection = false # it holds no rows

  view {
    query          = templatefile(each.value, local.told)
    use_legacy_sql = false
  }
}

# Reads another view, which must be there first.
resource "google_bigquery_table" "run_success_rate" {
  project             = var.project
  dataset_id          = google_bigquery_dataset.sigpost.dataset_id
  table_id            = "run_success_rate"
  description         = local.about["run_success_rate"]
  schema              = jsonencode(local.columns["run_success_rate"])
  labels              = local.labels
  deletion_protection = false # it holds no rows

  view {
    query          = templatefile(local.views["run_success_rate"], { runs = "${local.full}.${google_bigquery_table.view["runs"].table_id}" })
    use_legacy_sql = false
  }
}
