# The jobs of queue mode, one for each event and sink, and those that will not be
# tried again.

locals {
  days = 24 * 60 * 60
}

resource "aws_sqs_queue" "jobs" {
  count = local.queue ? 1 : 0

  name       = "${var.name}-jobs.fifo"
  fifo_queue = true

  # Jobs bring their own deduplication id. Order and deduplication concern one
  # group, a subject at a sink, so groups don't share a throughput.
  content_based_deduplication = false
  deduplication_scope         = "messageGroup"
  fifo_throughput_limit       = "perMessageGroupId"

  # Six times the function's timeout, as AWS advises: a job whose instance died
  # comes back after that. A job that failed has its own delay.
  visibility_timeout_seconds = 6 * var.deliver_timeout_seconds
  message_retention_seconds  = 14 * local.days
  max_message_size           = 1024 * 1024
  sqs_managed_sse_enabled    = true

  # sigpost buries jobs itself, with the reason, also one that kills every
  # instance that touches it. This is for instances that don't get as far as that.
  # A job that is tried for a day is received some 40 times, one that a sink has
  # no room for, for days, some hundred.
  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.dead[0].arn
    maxReceiveCount     = 1000
  })

  tags = local.tags
}

resource "aws_sqs_queue" "dead" {
  count = local.queue ? 1 : 0

  name                        = "${var.name}-dead.fifo"
  fifo_queue                  = true
  content_based_deduplication = false
  deduplication_scope         = "messageGroup"
  fifo_throughput_limit       = "perMessageGroupId"
  visibility_timeout_seconds  = 60
  message_retention_seconds   = var.dead_retention_days * local.days
  max_message_size            = 1024 * 1024
  sqs_managed_sse_enabled     = true
  tags                        = local.tags
}

# Nobody else's queue may put its dead here.
resource "aws_sqs_queue_redrive_allow_policy" "dead" {
  count = local.queue ? 1 : 0

  queue_url = aws_sqs_queue.dead[0].id
  redrive_allow_policy = jsonencode({
    redrivePermission = "byQueue"
    sourceQueueArns   = [aws_sqs_queue.jobs[0].arn]
  })
}

resource "aws_lambda_event_source_mapping" "deliver" {
  count = local.queue ? 1 : 0

  event_source_arn        = aws_sqs_queue.jobs[0].arn
  function_name           = aws_lambda_function.function["deliver"].arn
  batch_size              = var.deliver_batch_size
  function_response_types = ["ReportBatchItemFailures"]
  tags                    = local.tags

  scaling_config {
    maximum_concurrency = var.deliver_concurrency
  }

  # The role must be able to read the queue before the mapping is made.
  depends_on = [aws_iam_role_policy.function]
}
