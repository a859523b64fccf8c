# Alarms, metrics, the dashboard and the saved queries.

mock_provider "aws" {
  mock_data "aws_region" {
    defaults = { region = "eu-central-1" }
  }
  mock_resource "aws_sns_topic" {
    defaults = { arn = "arn:aws:sns:eu-central-1:123456789012:made-here" }
  }
}

variables {
  package     = "tests/package.zip"
  config_file = "tests/full.yaml"
}

run "default" {
  assert {
    condition = toset(keys(aws_cloudwatch_metric_alarm.alarm)) == toset([
      "dead", "oldest", "late", "errors-receive", "errors-deliver", "errors-poll", "not-taken", "signatures",
    ])
    error_message = "alarms: ${jsonencode(keys(aws_cloudwatch_metric_alarm.alarm))}"
  }
  assert {
    condition = alltrue([
      for key, alarm in aws_cloudwatch_metric_alarm.alarm :
      alarm.alarm_name == "sigpost-${key}" && alarm.alarm_actions == toset(["arn:aws:sns:eu-central-1:123456789012:made-here"]) &&
      alarm.ok_actions == alarm.alarm_actions && alarm.treat_missing_data == "notBreaching" && alarm.comparison_operator == "GreaterThanThreshold"
    ])
    error_message = "an alarm tells nobody, or is raised by no data"
  }
  assert {
    condition = (
      aws_cloudwatch_metric_alarm.alarm["dead"].metric_name == "ApproximateNumberOfMessagesVisible" &&
      aws_cloudwatch_metric_alarm.alarm["dead"].dimensions == tomap({ QueueName = aws_sqs_queue.dead[0].name }) &&
      aws_cloudwatch_metric_alarm.alarm["dead"].threshold == 0
    )
    error_message = "dead: ${jsonencode(aws_cloudwatch_metric_alarm.alarm["dead"])}"
  }
  assert {
    condition = (
      aws_cloudwatch_metric_alarm.alarm["oldest"].dimensions == tomap({ QueueName = aws_sqs_queue.jobs[0].name }) &&
      aws_cloudwatch_metric_alarm.alarm["oldest"].threshold == 900 &&
      aws_cloudwatch_metric_alarm.alarm["late"].threshold == 900 &&
      aws_cloudwatch_metric_alarm.alarm["late"].datapoints_to_alarm == 1 &&
      aws_cloudwatch_metric_alarm.alarm["late"].period * aws_cloudwatch_metric_alarm.alarm["late"].evaluation_periods > 3600
    )
    error_message = "a job that is 15 minutes old goes unnoticed, or the alarm ends between two attempts an hour apart"
  }
  assert {
    condition = alltrue([
      for alarm in aws_cloudwatch_metric_alarm.alarm :
      startswith(alarm.namespace, "AWS/") || alarm.namespace == "sigpost/sigpost" && contains(local.metrics, alarm.metric_name)
    ])
    error_message = "an alarm waits for a metric that nothing makes"
  }
  assert {
    condition = alltrue([
      for key, alarm in aws_cloudwatch_metric_alarm.alarm : can(regex("(?m)^### ${key == "errors-receive" || key == "errors-deliver" || key == "errors-poll" ? "errors-…" : key}$", file("README.md")))
    ])
    error_message = "an alarm has no runbook in README.md"
  }
}

run "metrics" {
  assert {
    condition = alltrue([
      for function in aws_lambda_function.function :
      function.environment[0].variables.SIGPOST_METRICS_NAMESPACE == "sigpost/sigpost" && function.environment[0].variables.SIGPOST_METRICS_PER_SINK == "false"
    ])
    error_message = "a function writes no metrics, or elsewhere, or more than ten"
  }
  assert {
    condition     = alltrue([for name in local.metrics : can(regex("(?m)^\\| `${name}` \\|", file("README.md")))])
    error_message = "a metric is not documented: ${jsonencode(local.metrics)}"
  }
}

run "dashboard" {
  assert {
    condition = (
      length(jsondecode(aws_cloudwatch_dashboard.sigpost[0].dashboard_body).widgets) == 7 &&
      alltrue([for widget in jsondecode(aws_cloudwatch_dashboard.sigpost[0].dashboard_body).widgets : widget.properties.region == "eu-central-1"])
    )
    error_message = "dashboard: ${aws_cloudwatch_dashboard.sigpost[0].dashboard_body}"
  }
  assert {
    condition = alltrue([
      for widget in jsondecode(aws_cloudwatch_dashboard.sigpost[0].dashboard_body).widgets :
      startswith(widget.properties.query, "SOURCE '/aws/lambda/sigpost-deliver' | SOURCE '/aws/lambda/sigpost-poll' | SOURCE '/aws/lambda/sigpost-receive' | ") if widget.type == "log"
    ])
    error_message = "a table doesn't read all logs"
  }
  assert {
    condition     = contains(keys(aws_cloudwatch_query_definition.query), "deliveries of event X") && contains(keys(aws_cloudwatch_query_definition.query), "failures of sink Y")
    error_message = "queries: ${jsonencode(keys(aws_cloudwatch_query_definition.query))}"
  }
  assert {
    condition = alltrue([
      for query in aws_cloudwatch_query_definition.query :
      startswith(query.name, "sigpost/") && toset(query.log_group_names) == toset([for group in aws_cloudwatch_log_group.function : group.name])
    ])
    error_message = "a query isn't named after the deployment, or doesn't read all logs"
  }
  assert {
    condition     = output.dashboard == "sigpost" && output.alarm_topic_arn == "arn:aws:sns:eu-central-1:123456789012:made-here"
    error_message = "the outputs don't say where to look"
  }
}

run "direct" {
  variables {
    mode = "direct"
  }
  assert {
    condition     = toset(keys(aws_cloudwatch_metric_alarm.alarm)) == toset(["errors-receive", "errors-poll", "not-taken", "signatures"])
    error_message = "alarms without a queue: ${jsonencode(keys(aws_cloudwatch_metric_alarm.alarm))}"
  }
  assert {
    condition     = alltrue([for function in aws_lambda_function.function : function.environment[0].variables.SIGPOST_METRICS_NAMESPACE == "sigpost/sigpost"])
    error_message = "what receive and poll deliver themselves is not counted"
  }
  assert {
    condition     = length(jsondecode(aws_cloudwatch_dashboard.sigpost[0].dashboard_body).widgets) == 5
    error_message = "dashboard: ${aws_cloudwatch_dashboard.sigpost[0].dashboard_body}"
  }
}

run "own_topic_and_thresholds" {
  command = plan
  variables {
    alarm_topic_arn          = "arn:aws:sns:eu-central-1:123456789012:theirs"
    alarm_oldest_minutes     = 60
    alarm_signature_failures = 0
    alarm_silence_hours      = 12
    metrics_per_sink         = true
  }
  assert {
    condition     = alltrue([for function in aws_lambda_function.function : function.environment[0].variables.SIGPOST_METRICS_PER_SINK == "true"])
    error_message = "metrics_per_sink didn't arrive"
  }
  assert {
    condition     = length(aws_sns_topic.alarms) == 0 && alltrue([for alarm in aws_cloudwatch_metric_alarm.alarm : alarm.alarm_actions == toset(["arn:aws:sns:eu-central-1:123456789012:theirs"])])
    error_message = "an alarm goes to another topic than the one given"
  }
  assert {
    condition = (
      !contains(keys(aws_cloudwatch_metric_alarm.alarm), "signatures") &&
      aws_cloudwatch_metric_alarm.alarm["oldest"].threshold == 3600 &&
      aws_cloudwatch_metric_alarm.alarm["silence"].threshold == 1 &&
      aws_cloudwatch_metric_alarm.alarm["silence"].comparison_operator == "LessThanThreshold" &&
      aws_cloudwatch_metric_alarm.alarm["silence"].evaluation_periods == 12 &&
      aws_cloudwatch_metric_alarm.alarm["silence"].datapoints_to_alarm == 12 &&
      aws_cloudwatch_metric_alarm.alarm["silence"].treat_missing_data == "breaching"
    )
    error_message = "a threshold didn't arrive: ${jsonencode(aws_cloudwatch_metric_alarm.alarm)}"
  }
}

run "emails" {
  command = plan
  variables {
    alarm_emails         = ["ops@example.com"]
    alarm_oldest_minutes = 0
  }
  assert {
    condition     = [for s in aws_sns_topic_subscription.email : s.endpoint] == ["ops@example.com"]
    error_message = "nobody gets a mail"
  }
  assert {
    condition     = length(setintersection(keys(aws_cloudwatch_metric_alarm.alarm), ["oldest", "late"])) == 0
    error_message = "an alarm that was turned off"
  }
}

run "nothing" {
  command = plan
  variables {
    alarms    = false
    dashboard = false
  }
  assert {
    condition     = length(aws_cloudwatch_metric_alarm.alarm) + length(aws_sns_topic.alarms) + length(aws_cloudwatch_dashboard.sigpost) == 0
    error_message = "something is left that costs"
  }
  assert {
    condition     = alltrue([for function in aws_lambda_function.function : !contains(keys(function.environment[0].variables), "SIGPOST_METRICS_NAMESPACE")])
    error_message = "metrics are made that nobody reads"
  }
  assert {
    condition     = output.alarm_topic_arn == "" && output.dashboard == ""
    error_message = "the outputs name what isn't there"
  }
}

run "refused_silence" {
  command = plan
  variables {
    alarm_silence_hours = 6
    log_level           = "WARN"
  }
  expect_failures = [var.alarm_silence_hours]
}

run "refused_silence_week" {
  command = plan
  variables {
    alarm_silence_hours = 169
  }
  expect_failures = [var.alarm_silence_hours]
}

run "refused_topic" {
  command = plan
  variables {
    alarm_topic_arn = "arn:aws:sns:eu-central-1:123456789012:topic.fifo"
  }
  expect_failures = [var.alarm_topic_arn]
}

run "refused_emails" {
  command = plan
  variables {
    alarm_topic_arn = "arn:aws:sns:eu-central-1:123456789012:theirs"
    alarm_emails    = ["ops@example.com"]
  }
  expect_failures = [var.alarm_emails]
}

run "refused_address" {
  command = plan
  variables {
    alarm_emails = ["nobody"]
  }
  expect_failures = [var.alarm_emails]
}

run "refused_age" {
  command = plan
  variables {
    alarm_oldest_minutes = -1
  }
  expect_failures = [var.alarm_oldest_minutes]
}

run "refused_signatures" {
  command = plan
  variables {
    alarm_signature_failures = 0.5
  }
  expect_failures = [var.alarm_signature_failures]
}
