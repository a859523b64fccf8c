locals {
  audience = join("", [for provider in google_iam_workload_identity_pool_provider.aws : "//iam.googleapis.com/${provider.name}"])
}

output "dataset" {
  description = "The dataset, as PROJECT.DATASET."
  value       = local.full
}

output "table" {
  description = "The table, as PROJECT.DATASET.TABLE."
  value       = "${local.full}.${google_bigquery_table.events.table_id}"
}

output "views" {
  description = "For each view, its full name for FROM."
  value = {
    for view in concat(values(google_bigquery_table.view), [google_bigquery_table.run_success_rate]) :
    view.table_id => "${local.full}.${view.table_id}"
  }
}

output "writers" {
  description = "Who may insert rows: IAM members, those of AWS among them."
  value       = local.writers
}

output "audience" {
  description = "What workload_identity in sigpost.yaml is, for functions on AWS; empty without aws."
  value       = local.audience
}

output "sigpost_yaml" {
  description = "The sink, to paste into sigpost.yaml; with aws, as functions on AWS need it."
  value = join("\n", concat(
    [
      "sinks:",
      "  warehouse:",
      "    type: bigquery",
      "    project: ${var.project}",
      "    dataset: ${google_bigquery_dataset.sigpost.dataset_id}",
      "    table: ${google_bigquery_table.events.table_id}",
    ],
    local.audience == "" ? [] : ["    workload_identity: ${local.audience}"],
    [""],
  ))
}
