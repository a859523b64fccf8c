# Metrics, which the functions write into their log lines: of each request, of
# each attempt at a delivery and of each job that is given up.

locals {
  namespace = "sigpost/${var.name}"
  watched   = var.alarms || var.dashboard
  log_names = [for key in sort(keys(local.functions)) : aws_cloudwatch_log_group.function[key].name]

  metrics = concat(
    ["Accepted", "NotTaken", "SignatureFailures", "Delivered", "Failed", "Latency"],
    local.queue ? ["JobAge", "Buried"] : [],
  )
}

# Saved queries of Logs Insights: put a value in place of the capitals.
resource "aws_cloudwatch_query_definition" "query" {
  for_each = {
    "deliveries of event X" = <<-EOT
      fields @timestamp, message, sink, class, status, attempt, latency / 1000000 as latency_ms, age / 1000000000 as age_s, outcome, reason
      | filter event = "EVENT"
      | sort @timestamp asc
    EOT
    "failures of sink Y"    = <<-EOT
      fields @timestamp, event, source, type, class, status, attempt, age / 1000000000 as age_s, reason
      | filter message = "delivery" and class != "delivered" and sink = "SINK"
      | sort @timestamp desc
    EOT
    "failures by sink"      = <<-EOT
      filter message = "delivery" and class != "delivered"
      | stats count(*) as failures, latest(reason) as last_reason, max(age) / 1000000000 as oldest_s by sink, class, status
      | sort failures desc
    EOT
    "dead jobs"             = <<-EOT
      fields @timestamp, job, event, source, type, sink, attempts, status, reason
      | filter message = "job moved to the dead-letter queue"
      | sort @timestamp desc
    EOT
    "refused requests"      = <<-EOT
      filter message = "request" and status >= 400
      | stats count(*) as requests, latest(@timestamp) as last by source, status, reason
      | sort requests desc
    EOT
  }

  name            = "${var.name}/${each.key}"
  log_group_names = local.log_names
  query_string    = each.value
}

locals {
  series = { # metrics of the dashboard's graphs
    events = [
      for name in ["Accepted", "NotTaken", "SignatureFailures", "Delivered", "Failed", "Buried"] :
      [local.namespace, name, { stat = "Sum" }] if contains(local.metrics, name)
    ]
    queues = flatten([
      for queue in concat(aws_sqs_queue.jobs[*].name, aws_sqs_queue.dead[*].name) : [
        for name in ["ApproximateNumberOfMessagesVisible", "ApproximateNumberOfMessagesNotVisible"] : { list = ["AWS/SQS", name, "QueueName", queue, { stat = "Maximum" }] }
      ]
    ])[*].list
    times = concat(
      [["AWS/Lambda", "Duration", "FunctionName", aws_lambda_function.function["receive"].function_name, { stat = "p95", label = "receive, p95, ms" }]],
      [[local.namespace, "Latency", { stat = "p95", label = "one attempt, p95, ms" }]],
      [for metric in [[{ expression = "age * 1000", label = "oldest job tried, ms" }], [local.namespace, "JobAge", { id = "age", stat = "Maximum", visible = false }]] : metric if local.queue],
    )
    errors = flatten([
      for function in aws_lambda_function.function : [
        for name in ["Errors", "Throttles"] : { list = ["AWS/Lambda", name, "FunctionName", function.function_name, { stat = "Sum" }] }
      ]
    ])[*].list
  }
  graphs = concat(
    [["Events", local.series.events]],
    [for graph in [["Jobs waiting, out and dead", local.series.queues]] : graph if local.queue],
    [["Times", local.series.times], ["Errors of the functions", local.series.errors]],
  )
  tables = concat(["failures by sink", "refused requests"], local.queue ? ["dead jobs"] : [])
}

resource "aws_cloudwatch_dashboard" "sigpost" {
  count = var.dashboard ? 1 : 0

  dashboard_name = var.name
  dashboard_body = jsonencode({
    widgets = concat(
      [for i, graph in local.graphs : {
        type       = "metric", width = 12, height = 6, x = 12 * (i % 2), y = 6 * floor(i / 2)
        properties = { title = graph[0], metrics = graph[1], region = local.region, period = 300, view = "timeSeries" }
      }],
      [for i, name in local.tables : {
        type = "log", width = 24, height = 6, x = 0, y = 12 + 6 * i
        properties = {
          title = name, region = local.region, view = "table"
          query = "${join(" | ", [for log in local.log_names : "SOURCE '${log}'"])} | ${aws_cloudwatch_query_definition.query[name].query_string}"
        }
      }],
    )
  })
}
