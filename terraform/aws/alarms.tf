# What a person should look at. README.md has a runbook for each.

locals {
  topic = var.alarm_topic_arn != "" ? var.alarm_topic_arn : one(aws_sns_topic.alarms[*].arn)

  # By default one period of five minutes decides, and no data is no trouble.
  alarm = { namespace = local.namespace, dimensions = {}, statistic = "Sum", over = 0, below = null, period = 300, periods = 1, missing = "notBreaching" }

  alarms = var.alarms ? merge(
    {
      not-taken = merge(local.alarm, { metric = "NotTaken", text = "senders were told to send again, and not all of them do" })
    },
    {
      for key, function in aws_lambda_function.function : "errors-${key}" => merge(local.alarm, {
        namespace = "AWS/Lambda", metric = "Errors", dimensions = { FunctionName = function.function_name }
        text      = "the function ${key} failed or ran out of time"
      })
    },
    {
      for key in ["signatures"] : key => merge(local.alarm, {
        metric = "SignatureFailures", over = var.alarm_signature_failures
        text   = "more than ${var.alarm_signature_failures} requests in 5 minutes had no good signature or token"
      }) if var.alarm_signature_failures > 0
    },
    {
      for key in ["silence"] : key => merge(local.alarm, {
        metric = "Delivered", over = null, below = 1, period = 3600, periods = var.alarm_silence_hours, missing = "breaching"
        text   = "nothing was delivered for ${var.alarm_silence_hours} h"
      }) if var.alarm_silence_hours > 0
    },
    {
      for queue in aws_sqs_queue.dead : "dead" => merge(local.alarm, {
        namespace = "AWS/SQS", metric = "ApproximateNumberOfMessagesVisible", dimensions = { QueueName = queue.name }, statistic = "Maximum"
        text      = "there are jobs that will not be tried again"
      })
    },
    {
      for queue in aws_sqs_queue.jobs : "oldest" => merge(local.alarm, {
        namespace = "AWS/SQS", metric = "ApproximateAgeOfOldestMessage", dimensions = { QueueName = queue.name }, statistic = "Maximum"
        over      = 60 * var.alarm_oldest_minutes
        text      = "a job waits for more than ${var.alarm_oldest_minutes} minutes"
      }) if var.alarm_oldest_minutes > 0
    },
    {
      # SQS leaves messages that were received three times out of the age of the
      # oldest; these say so themselves, at every attempt, which is once an hour.
      for queue in aws_sqs_queue.jobs : "late" => merge(local.alarm, {
        metric = "JobAge", statistic = "Maximum", over = 60 * var.alarm_oldest_minutes, periods = 13
        text   = "a job was tried that is older than ${var.alarm_oldest_minutes} minutes"
      }) if var.alarm_oldest_minutes > 0
    },
  ) : {}
}

resource "aws_cloudwatch_metric_alarm" "alarm" {
  for_each = local.alarms

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = "sigpost ${var.name}: ${each.value.text}. What to do: terraform/aws/README.md, alarm ${each.key}"
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = each.value.statistic
  comparison_operator = each.value.below == null ? "GreaterThanThreshold" : "LessThanThreshold"
  threshold           = each.value.below == null ? each.value.over : each.value.below
  period              = each.value.period
  evaluation_periods  = each.value.periods
  # One period that is too high is enough; silence takes all of them.
  datapoints_to_alarm = each.value.below == null ? 1 : each.value.periods
  treat_missing_data  = each.value.missing
  alarm_actions       = [local.topic]
  ok_actions          = [local.topic]
  tags                = local.tags
}

# Not encrypted with aws/sns, whose key CloudWatch may not use. What an alarm says
# is no secret.
resource "aws_sns_topic" "alarms" {
  count = var.alarms && var.alarm_topic_arn == "" ? 1 : 0

  name         = "${var.name}-alarms"
  display_name = "sigpost ${var.name}"
  tags         = local.tags
}

resource "aws_sns_topic_subscription" "email" {
  for_each = var.alarms && var.alarm_topic_arn == "" ? var.alarm_emails : []

  topic_arn = aws_sns_topic.alarms[0].arn
  protocol  = "email"
  endpoint  = each.value
}
