locals {
  base_url = var.base_url != "" ? trimsuffix(var.base_url, "/") : one([for url in aws_lambda_function_url.receive : trimsuffix(url.function_url, "/")])
  urls     = var.public || var.base_url != "" ? module.config.paths : {}

  secret_names = { for name in keys(local.secret_keys) : name => "${local.prefix}${name}" }
}

output "urls" {
  description = "For each source, the URL to give to its sender. Put the token in place of TOKEN. Empty with public = false and no base_url."
  value       = { for source, path in local.urls : source => "${local.base_url}/${path}" }
}

output "secret_names" {
  description = "For each NAME of secret://NAME, the secret's name in Secrets Manager."
  value       = local.secret_names
}

output "put_secret_commands" {
  description = "For each secret, the command that stores its value: run it, paste the value as one line, Enter. Neither the shell's history nor Terraform's state sees it."
  value = {
    for name, id in local.secret_names :
    name => "stty -echo; head -n 1 | tr -d '[:cntrl:]' | aws secretsmanager put-secret-value --region ${local.region} --secret-id ${id} --secret-string file:///dev/stdin; stty echo"
  }
}

output "secret_fields" {
  description = "For each secret that must be a JSON object, its fields."
  value       = { for name in keys(local.secret_keys) : name => module.config.fields[name] if length(module.config.fields[name]) > 0 }
}

output "function_names" {
  description = "Names of the functions receive, in queue mode deliver and, if something is polled, poll."
  value       = { for key, function in aws_lambda_function.function : key => function.function_name }
}

output "function_arns" {
  description = "ARNs of the functions, to put a gateway in front of receive."
  value       = { for key, function in aws_lambda_function.function : key => function.arn }
}

output "role_arns" {
  description = "ARNs of the functions' roles, for the policies of keys and of secrets kept elsewhere."
  value       = { for key, role in aws_iam_role.function : key => role.arn }
}

output "delivering_roles" {
  description = "The account, and the names of the roles of the functions that post to receivers, to let them in elsewhere, such as BigQuery (aws of ../bigquery): deliver, in direct mode the others."
  value = {
    account_id = data.aws_caller_identity.current.account_id
    role_names = [for key, role in aws_iam_role.function : role.name if !local.queue || key == "deliver"]
  }
}

output "log_groups" {
  description = "Names of the functions' log groups."
  value       = { for key, group in aws_cloudwatch_log_group.function : key => group.name }
}

output "state_table" {
  description = "Name of the DynamoDB table with the state; empty without."
  value       = join("", aws_dynamodb_table.state[*].name)
}

output "poll_schedule" {
  description = "How often the poll function runs; empty without."
  value       = join("", aws_scheduler_schedule.poll[*].schedule_expression)
}

output "queue_url" {
  description = "URL of the queue with the jobs; empty in direct mode."
  value       = join("", aws_sqs_queue.jobs[*].url)
}

output "dead_queue_url" {
  description = "URL of the queue with the jobs that will not be tried again; empty in direct mode."
  value       = join("", aws_sqs_queue.dead[*].url)
}

output "alarm_topic_arn" {
  description = "SNS topic that alarms go to; empty without alarms."
  value       = var.alarms ? local.topic : ""
}

output "dashboard" {
  description = "Name of the CloudWatch dashboard; empty without."
  value       = join("", aws_cloudwatch_dashboard.sigpost[*].dashboard_name)
}
