# Where the functions' logs are kept, and for how long: a log bucket of the
# deployment's own, which a sink fills. Log-based metrics count what the project
# receives, whatever bucket it is in.
# https://cloud.google.com/logging/docs/logs-based-metrics
#
# The sink _Default, which is the project's and not this module's, still keeps
# the same lines, until an exclusion is added to it: see the output
# default_log_commands.

locals {
  keep_logs = var.log_retention_days > 0
  # All three names, whichever functions there are, so that an exclusion made by
  # hand stays true when the mode changes. Audit logs of the same resource are
  # not among it.
  kept_logs = join(" AND ", [
    "resource.type=\"cloud_run_revision\"",
    "resource.labels.service_name=(${join(" OR ", [for key in ["deliver", "poll", "receive"] : "\"${var.name}-${key}\""])})",
    "resource.labels.location=\"${var.region}\"",
    "logName:\"run.googleapis.com\"",
  ])
}

resource "google_logging_project_bucket_config" "logs" {
  count = local.keep_logs ? 1 : 0

  project        = var.project
  location       = var.region
  bucket_id      = "${var.name}-logs"
  description    = "Logs of the functions of sigpost ${var.name}"
  retention_days = var.log_retention_days

  depends_on = [google_project_service.api]
}

# A sink to a bucket of its own project needs no permission.
# https://cloud.google.com/logging/docs/export/configure_export_v2#dest-auth
resource "google_logging_project_sink" "logs" {
  count = local.keep_logs ? 1 : 0

  project     = var.project
  name        = "${var.name}-logs"
  description = "Logs of the functions of sigpost ${var.name}, to their own bucket"
  destination = "logging.googleapis.com/${google_logging_project_bucket_config.logs[0].id}"
  filter      = local.kept_logs
}
