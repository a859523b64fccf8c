# What one gets without any option.

mock_provider "aws" {
  mock_data "aws_region" {
    defaults = { region = "eu-central-1" }
  }
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
  mock_resource "aws_lambda_function_url" {
    defaults = { function_url = "https://abc123.lambda-url.eu-central-1.on.aws/" }
  }
}

variables {
  package     = "tests/package.zip"
  config_file = "tests/full.yaml"
}

run "functions" {
  assert {
    condition     = toset(keys(aws_lambda_function.function)) == toset(["receive", "deliver", "poll"])
    error_message = "functions: ${jsonencode(keys(aws_lambda_function.function))}"
  }
  assert {
    condition = alltrue([
      for key, function in aws_lambda_function.function :
      function.handler == key && function.runtime == "provided.al2023" && one(function.architectures) == "arm64" &&
      function.filename == "tests/package.zip" && function.source_code_hash == filebase64sha256("tests/package.zip")
    ])
    error_message = "a function isn't the package with its own handler, on arm64"
  }
  assert {
    condition = alltrue([
      for function in aws_lambda_function.function : function.environment[0].variables == tomap({
        SIGPOST_MODE              = "queue"
        SIGPOST_SECRETS_PREFIX    = "sigpost/"
        SIGPOST_STATE_TABLE       = "sigpost-state"
        SIGPOST_QUEUE_URL         = aws_sqs_queue.jobs[0].url
        SIGPOST_DEAD_QUEUE_URL    = aws_sqs_queue.dead[0].url
        SIGPOST_METRICS_NAMESPACE = "sigpost/sigpost"
        SIGPOST_METRICS_PER_SINK  = "false"
      })
    ])
    error_message = "environment: ${jsonencode(aws_lambda_function.function["receive"].environment)}"
  }
  assert {
    condition = alltrue([
      for key, function in aws_lambda_function.function :
      function.logging_config[0].log_format == "JSON" &&
      function.logging_config[0].log_group == aws_cloudwatch_log_group.function[key].name &&
      aws_cloudwatch_log_group.function[key].retention_in_days == 30
    ])
    error_message = "a function doesn't log JSON to its own log group with a retention"
  }
  assert {
    condition     = alltrue([for function in aws_lambda_function.function : function.reserved_concurrent_executions == -1])
    error_message = "concurrency is reserved though nobody asked for it"
  }
  assert {
    condition     = length(distinct([for function in aws_lambda_function.function : function.role])) == 3
    error_message = "the functions share a role"
  }
}

run "public" {
  assert {
    condition     = aws_lambda_function_url.receive[0].authorization_type == "NONE" && aws_lambda_function_url.receive[0].invoke_mode == "BUFFERED"
    error_message = "the function URL isn't public and buffered"
  }
  assert {
    condition = (
      aws_lambda_permission.public_url[0].action == "lambda:InvokeFunctionUrl" &&
      aws_lambda_permission.public_url[0].principal == "*" &&
      aws_lambda_permission.public_url[0].function_url_auth_type == "NONE"
    )
    error_message = "lambda:InvokeFunctionUrl isn't allowed for everybody with function_url_auth_type NONE"
  }
  assert {
    condition = (
      aws_lambda_permission.public_invoke[0].action == "lambda:InvokeFunction" &&
      aws_lambda_permission.public_invoke[0].principal == "*" &&
      aws_lambda_permission.public_invoke[0].invoked_via_function_url == true
    )
    error_message = "lambda:InvokeFunction isn't allowed for everybody through the URL and only there"
  }
  assert {
    condition = alltrue([
      for permission in [aws_lambda_permission.public_url[0], aws_lambda_permission.public_invoke[0]] :
      permission.function_name == aws_lambda_function.function["receive"].function_name &&
      !contains(["FunctionURLAllowPublicAccess", "FunctionURLAllowInvokeAction"], permission.statement_id)
    ])
    error_message = "a statement is on another function, or has the id of one that the provider adds itself"
  }
  assert {
    condition     = aws_lambda_permission.public_url[0].statement_id != aws_lambda_permission.public_invoke[0].statement_id
    error_message = "the statements have the same id"
  }
}

run "urls" {
  assert {
    condition = output.urls == {
      github    = "https://abc123.lambda-url.eu-central-1.on.aws/github"
      array     = "https://abc123.lambda-url.eu-central-1.on.aws/array"
      terraform = "https://abc123.lambda-url.eu-central-1.on.aws/terraform"
      certs     = "https://abc123.lambda-url.eu-central-1.on.aws/certs/TOKEN"
    }
    error_message = "urls: ${jsonencode(output.urls)}"
  }
}

run "secrets" {
  assert {
    condition     = { for name, secret in aws_secretsmanager_secret.secret : name => secret.name } == { for name in ["github-webhook", "shared", "bundle", "certifyclouds-token", "slack-ops"] : name => "sigpost/${name}" }
    error_message = "containers: ${jsonencode([for secret in aws_secretsmanager_secret.secret : secret.name])}"
  }
  assert {
    condition     = output.put_secret_commands["slack-ops"] == "stty -echo; head -n 1 | tr -d '[:cntrl:]' | aws secretsmanager put-secret-value --region eu-central-1 --secret-id sigpost/slack-ops --secret-string file:///dev/stdin; stty echo"
    error_message = "command: ${output.put_secret_commands["slack-ops"]}"
  }
  assert {
    condition     = keys(output.put_secret_commands) == keys(aws_secretsmanager_secret.secret) && keys(output.secret_names) == keys(aws_secretsmanager_secret.secret)
    error_message = "a secret has no command or no name in the outputs"
  }
  assert {
    condition     = { for name, fields in output.secret_fields : name => toset(fields) } == { bundle = toset(["scalr", "cloudtruth"]) }
    error_message = "fields: ${jsonencode(output.secret_fields)}"
  }
}

run "state" {
  assert {
    condition = (
      aws_dynamodb_table.state[0].name == "sigpost-state" &&
      aws_dynamodb_table.state[0].billing_mode == "PAY_PER_REQUEST" &&
      aws_dynamodb_table.state[0].hash_key == "id" &&
      aws_dynamodb_table.state[0].range_key == null &&
      one(aws_dynamodb_table.state[0].attribute) == { name = "id", type = "S" } &&
      aws_dynamodb_table.state[0].ttl[0] == { attribute_name = "expires", enabled = true }
    )
    error_message = "table: ${jsonencode(aws_dynamodb_table.state[0])}"
  }
}

run "poll" {
  assert {
    condition = (
      aws_scheduler_schedule.poll[0].schedule_expression == "rate(5 minutes)" &&
      aws_scheduler_schedule.poll[0].target[0].arn == aws_lambda_function.function["poll"].arn &&
      aws_scheduler_schedule.poll[0].target[0].role_arn == aws_iam_role.scheduler[0].arn &&
      aws_scheduler_schedule.poll[0].flexible_time_window[0].mode == "OFF"
    )
    error_message = "schedule: ${jsonencode(aws_scheduler_schedule.poll[0])}"
  }
  assert {
    condition = (
      aws_scheduler_schedule.poll[0].target[0].retry_policy[0].maximum_retry_attempts == 0 &&
      aws_lambda_function_event_invoke_config.poll[0].maximum_retry_attempts == 0 &&
      aws_lambda_function_event_invoke_config.poll[0].function_name == aws_lambda_function.function["poll"].function_name
    )
    error_message = "a poll that failed is repeated before the next tick"
  }
}

run "queues" {
  assert {
    condition = alltrue([
      for queue in [aws_sqs_queue.jobs[0], aws_sqs_queue.dead[0]] :
      queue.fifo_queue && queue.content_based_deduplication == false && queue.deduplication_scope == "messageGroup" &&
      queue.fifo_throughput_limit == "perMessageGroupId" && queue.max_message_size == 1048576 &&
      queue.message_retention_seconds == 14 * 86400 && queue.sqs_managed_sse_enabled
    ])
    error_message = "queues: ${jsonencode([aws_sqs_queue.jobs[0], aws_sqs_queue.dead[0]])}"
  }
  assert {
    condition     = aws_sqs_queue.jobs[0].name == "sigpost-jobs.fifo" && aws_sqs_queue.dead[0].name == "sigpost-dead.fifo"
    error_message = "a FIFO queue's name must end with .fifo"
  }
  assert {
    condition     = aws_sqs_queue.jobs[0].visibility_timeout_seconds >= 6 * aws_lambda_function.function["deliver"].timeout
    error_message = "a job may come back while it is worked on"
  }
  assert {
    condition     = jsondecode(aws_sqs_queue.jobs[0].redrive_policy) == { deadLetterTargetArn = aws_sqs_queue.dead[0].arn, maxReceiveCount = 1000 }
    error_message = "redrive: ${aws_sqs_queue.jobs[0].redrive_policy}"
  }
  assert {
    condition     = jsondecode(aws_sqs_queue_redrive_allow_policy.dead[0].redrive_allow_policy) == { redrivePermission = "byQueue", sourceQueueArns = [aws_sqs_queue.jobs[0].arn] }
    error_message = "other queues may put their dead here"
  }
  assert {
    condition = (
      aws_lambda_event_source_mapping.deliver[0].event_source_arn == aws_sqs_queue.jobs[0].arn &&
      aws_lambda_event_source_mapping.deliver[0].function_name == aws_lambda_function.function["deliver"].arn &&
      aws_lambda_event_source_mapping.deliver[0].function_response_types == toset(["ReportBatchItemFailures"]) &&
      aws_lambda_event_source_mapping.deliver[0].batch_size == 10 &&
      aws_lambda_event_source_mapping.deliver[0].scaling_config[0].maximum_concurrency == 5
    )
    error_message = "mapping: ${jsonencode(aws_lambda_event_source_mapping.deliver[0])}"
  }
  assert {
    condition     = output.queue_url == aws_sqs_queue.jobs[0].url && output.dead_queue_url == aws_sqs_queue.dead[0].url
    error_message = "the outputs don't say where the queues are"
  }
}
