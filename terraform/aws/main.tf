module "config" {
  source = "../config"
  file   = var.config_file
}

data "aws_region" "current" {}
data "aws_caller_identity" "current" {}

locals {
  region = data.aws_region.current.region
  tags   = merge({ sigpost = var.name }, var.tags)
  prefix = "${var.name}/"
  poll   = var.poll && module.config.poll_minutes > 0

  queue = var.mode == "queue"

  secrets = local.queue ? module.config.queue_secrets : {
    receive = module.config.secrets.receive
    deliver = toset([])
    poll    = module.config.secrets.poll
  }

  # One package serves all: the handler says which function it is.
  functions = merge({
    receive = {
      description = local.queue ? "Verifies webhooks and stores them as jobs" : "Verifies webhooks and delivers them as chat messages"
      timeout     = var.timeout_seconds
      concurrency = var.reserved_concurrency
      secrets     = local.secrets.receive
    }
    }, local.queue ? {
    deliver = {
      description = "Delivers jobs as chat messages"
      timeout     = var.deliver_timeout_seconds
      concurrency = -1 # the event source mapping has a maximum
      secrets     = local.secrets.deliver
    }
    } : {}, local.poll ? {
    poll = {
      description = "Asks polled sources for news and ${local.queue ? "stores it as jobs" : "delivers it as chat messages"}"
      timeout     = var.poll_timeout_seconds
      concurrency = var.poll_reserved_concurrency
      secrets     = local.secrets.poll
    }
  } : {})

  environment = merge({
    SIGPOST_MODE           = var.mode
    SIGPOST_SECRETS_PREFIX = local.prefix
    }, var.state ? {
    SIGPOST_STATE_TABLE = aws_dynamodb_table.state[0].name
    } : {}, local.queue ? {
    SIGPOST_QUEUE_URL      = aws_sqs_queue.jobs[0].url
    SIGPOST_DEAD_QUEUE_URL = aws_sqs_queue.dead[0].url
    } : {}, var.base_url != "" ? {
    SIGPOST_URL = var.base_url # the function's own URL is known only once there is the function
    } : {}, local.watched ? {
    SIGPOST_METRICS_NAMESPACE = local.namespace
    SIGPOST_METRICS_PER_SINK  = tostring(var.metrics_per_sink)
  } : {})
}

resource "aws_lambda_function" "function" {
  for_each = local.functions

  function_name    = "${var.name}-${each.key}"
  description      = each.value.description
  role             = aws_iam_role.function[each.key].arn
  filename         = var.package
  source_code_hash = filebase64sha256(var.package)
  runtime          = "provided.al2023"
  architectures    = [var.architecture]
  handler          = each.key
  memory_size      = var.memory_mb
  timeout          = each.value.timeout

  reserved_concurrent_executions = each.value.concurrency

  environment {
    variables = local.environment
  }

  logging_config {
    log_format            = "JSON"
    application_log_level = var.log_level
    system_log_level      = "INFO"
    log_group             = aws_cloudwatch_log_group.function[each.key].name
  }

  tags       = local.tags
  depends_on = [aws_iam_role_policy.function]

  lifecycle {
    # scripts/build writes this file beside the package. One function tells it.
    precondition {
      condition     = each.key != "receive" || !fileexists("${var.package}.config.sha256") || try(trimspace(file("${var.package}.config.sha256")), "") == filesha256(var.config_file)
      error_message = "${var.config_file} is not the configuration that is in ${var.package}. Run \"scripts/build --config ${var.config_file}\" first."
    }
  }
}

resource "aws_cloudwatch_log_group" "function" {
  for_each = local.functions

  name              = "/aws/lambda/${var.name}-${each.key}"
  retention_in_days = var.log_retention_days
  tags              = local.tags
}

# The public URL. Whoever calls it is verified by sigpost, which needs the whole
# body first: BUFFERED.
resource "aws_lambda_function_url" "receive" {
  count = var.public ? 1 : 0

  function_name      = aws_lambda_function.function["receive"].function_name
  authorization_type = "NONE"
  invoke_mode        = "BUFFERED"
}

# Both are needed for a public URL. The ids differ from those of the statements
# that the provider adds on its own, which would conflict.
resource "aws_lambda_permission" "public_url" {
  count = var.public ? 1 : 0

  statement_id           = "SigpostPublicUrl"
  action                 = "lambda:InvokeFunctionUrl"
  function_name          = aws_lambda_function.function["receive"].function_name
  principal              = "*"
  function_url_auth_type = "NONE"
}

resource "aws_lambda_permission" "public_invoke" {
  count = var.public ? 1 : 0

  statement_id             = "SigpostPublicInvoke"
  action                   = "lambda:InvokeFunction"
  function_name            = aws_lambda_function.function["receive"].function_name
  principal                = "*"
  invoked_via_function_url = true
}

# Containers only. Their values are put with the commands of the output
# put_secret_commands, and never pass through Terraform.
resource "aws_secretsmanager_secret" "secret" {
  for_each = setsubtract(setunion(values(local.functions)[*].secrets...), keys(var.existing_secrets))

  name = "${local.prefix}${each.value}"
  description = join("", [
    "sigpost ${var.name}: secret://${each.value}",
    length(module.config.fields[each.value]) > 0 ? ", a JSON object with ${join(", ", module.config.fields[each.value])}" : "",
  ])
  kms_key_id              = var.kms_key_arn == "" ? null : var.kms_key_arn
  recovery_window_in_days = var.recovery_window_days
  tags                    = local.tags
}

resource "aws_dynamodb_table" "state" {
  count = var.state ? 1 : 0

  name         = "${var.name}-state"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "id"

  attribute {
    name = "id"
    type = "S"
  }

  ttl {
    attribute_name = "expires"
    enabled        = true
  }

  tags = local.tags
}

# The schedule of the poll function. The next tick is the retry, so nothing
# else repeats a poll that failed.
resource "aws_scheduler_schedule_group" "poll" {
  count = local.poll ? 1 : 0

  name = "${var.name}-poll"
  tags = local.tags
}

resource "aws_scheduler_schedule" "poll" {
  count = local.poll ? 1 : 0

  name                = "${var.name}-poll"
  group_name          = aws_scheduler_schedule_group.poll[0].name
  description         = "Runs ${var.name}-poll, which asks ${join(", ", module.config.polled)} for news"
  schedule_expression = module.config.poll_minutes == 1 ? "rate(1 minute)" : "rate(${module.config.poll_minutes} minutes)"

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = aws_lambda_function.function["poll"].arn
    role_arn = aws_iam_role.scheduler[0].arn

    retry_policy {
      maximum_retry_attempts       = 0
      maximum_event_age_in_seconds = 60
    }
  }

  depends_on = [aws_iam_role_policy.scheduler]
}

resource "aws_lambda_function_event_invoke_config" "poll" {
  count = local.poll ? 1 : 0

  function_name                = aws_lambda_function.function["poll"].function_name
  maximum_retry_attempts       = 0
  maximum_event_age_in_seconds = 60
}
