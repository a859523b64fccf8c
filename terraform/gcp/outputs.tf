locals {
  base_url = var.base_url != "" ? trimsuffix(var.base_url, "/") : trimsuffix(google_cloudfunctions2_function.function["receive"].service_config[0].uri, "/")
}

output "urls" {
  description = "For each source, the URL to give to its sender. Put the token in place of TOKEN."
  value       = { for source, path in module.config.paths : source => "${local.base_url}/${path}" }
}

output "secret_names" {
  description = "For each NAME of secret://NAME and file:///etc/secrets/NAME/value, the secret's full name in Secret Manager."
  value       = { for name, secret in local.secrets : name => "projects/${secret.project}/secrets/${secret.id}" }
}

output "put_secret_commands" {
  description = "For each secret, the command that stores its value: run it, paste the value as one line, Enter. Neither the shell's history nor Terraform's state sees it."
  value = {
    for name, secret in local.secrets :
    name => "stty -echo; head -n 1 | tr -d '[:cntrl:]' | gcloud secrets versions add ${secret.id} --project=${secret.project} --data-file=-; stty echo"
  }
}

output "secret_fields" {
  description = "For each secret that must be a JSON object, its fields."
  value       = { for name, secret in local.secrets : name => secret.fields if length(secret.fields) > 0 }
}

output "function_names" {
  description = "Names of the functions: receive, in queue mode deliver, and, if something is polled, poll."
  value       = { for key, function in google_cloudfunctions2_function.function : key => function.name }
}

output "function_url" {
  description = "The receive function's own URL, to put a gateway in front of."
  value       = google_cloudfunctions2_function.function["receive"].service_config[0].uri
}

output "service_accounts" {
  description = "Emails of the functions' service accounts, for the policies of keys and of secrets kept elsewhere."
  value       = { for key, account in google_service_account.function : key => account.email }
}

output "delivering_members" {
  description = "For each function that posts to receivers, the IAM member of its account, to let it use a receiver of your own such as BigQuery (writers of ../bigquery): deliver, in direct mode the others."
  value       = { for key, account in google_service_account.function : key => account.member if !local.queue || key == "deliver" }
}

output "log_commands" {
  description = "For each function, the command that shows its log."
  value = {
    for key, function in google_cloudfunctions2_function.function :
    key => "gcloud functions logs read ${function.name} --gen2 --region=${var.region} --project=${var.project} --limit=50"
  }
}

output "log_bucket" {
  description = "Log bucket with the functions' logs; empty if they stay in the project's."
  value       = join("", google_logging_project_bucket_config.logs[*].id)
}

output "default_log_commands" {
  description = "Commands that leave the functions' logs out of the project's bucket _Default (exclude; empty with log_retention_days = 0), and that undo it (include), before log_retention_days = 0 and before the deployment is removed."
  value = {
    exclude = !local.keep_logs ? "" : "gcloud logging sinks update _Default --project=${var.project} --add-exclusion='name=${var.name}-logs,filter=${local.kept_logs}'"
    include = "gcloud logging sinks update _Default --project=${var.project} --remove-exclusions=${var.name}-logs"
  }
}

output "state_database" {
  description = "Firestore database with the state; empty without."
  value       = var.state ? local.database : ""
}

output "poll_schedule" {
  description = "How often the poll function runs; empty without."
  value       = join("", google_cloud_scheduler_job.poll[*].schedule)
}

output "queue_topic" {
  description = "Topic with the jobs; empty in direct mode."
  value       = join("", google_pubsub_topic.jobs[*].id)
}

output "queue_subscription" {
  description = "Subscription that brings the jobs to the function deliver; empty in direct mode."
  value       = join("", google_pubsub_subscription.deliver[*].id)
}

output "dead_topic" {
  description = "Topic of what could not be delivered; empty in direct mode."
  value       = join("", google_pubsub_topic.dead[*].id)
}

output "dead_subscription" {
  description = "Subscription that keeps what could not be delivered, for sigpost dead; empty in direct mode."
  value       = join("", google_pubsub_subscription.dead[*].id)
}

output "log_queries" {
  description = "Queries for the Logs Explorer. Put the event's id or the sink's name in place of EVENT or SINK."
  value = {
    deliveries_of_event = "${local.logs} AND jsonPayload.event=\"EVENT\""
    failures_of_sink    = "${local.logs} AND jsonPayload.sink=\"SINK\" AND severity>=WARNING"
    dead                = "${local.logs} AND jsonPayload.message=\"job moved to the dead-letter queue\""
    refused_requests    = "${local.logs} AND jsonPayload.message=\"request\" AND jsonPayload.status>=400"
  }
}

output "metrics" {
  description = "Log-based metrics, by their short names; empty without alarms and dashboard."
  value       = { for key, metric in google_logging_metric.metric : key => "logging.googleapis.com/user/${metric.name}" }
}

output "alarms" {
  description = "Alert policies, by their short names; empty without alarms."
  value = merge(
    { for key, policy in google_monitoring_alert_policy.alarm : key => policy.name },
    { for policy in google_monitoring_alert_policy.silence : "silence" => policy.name },
  )
}
