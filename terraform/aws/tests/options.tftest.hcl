# Options on and off, and two deployments beside each other.

mock_provider "aws" {
  mock_data "aws_region" {
    defaults = { region = "eu-central-1" }
  }
  mock_resource "aws_lambda_function_url" {
    defaults = { function_url = "https://abc123.lambda-url.eu-central-1.on.aws/" }
  }
}

variables {
  package     = "tests/package.zip"
  config_file = "tests/full.yaml"
}

run "nothing_to_poll" {
  command = plan
  variables {
    config_file = "tests/receive.yaml"
  }
  assert {
    condition = keys(aws_lambda_function.function) == ["deliver", "receive"] && length(concat(
      aws_scheduler_schedule.poll, aws_scheduler_schedule_group.poll, aws_lambda_function_event_invoke_config.poll,
      aws_iam_role.scheduler, aws_iam_role_policy.scheduler,
    )) == 0 && length(aws_iam_role.function) == 2 && length(aws_cloudwatch_log_group.function) == 2
    error_message = "there is something of a poll function though nothing is polled"
  }
  assert {
    condition     = toset(keys(aws_secretsmanager_secret.secret)) == toset(["github-webhook", "slack-ops"]) && output.poll_schedule == ""
    error_message = "secrets: ${jsonencode(keys(aws_secretsmanager_secret.secret))}"
  }
}

run "poll_off" {
  command = plan
  variables {
    mode  = "direct"
    poll  = false
    state = false
  }
  assert {
    condition     = keys(aws_lambda_function.function) == ["receive"] && length(aws_scheduler_schedule.poll) == 0
    error_message = "poll = false still makes a poll function"
  }
}

run "direct" {
  command = plan
  variables {
    mode = "direct"
  }
  assert {
    condition = keys(aws_lambda_function.function) == ["poll", "receive"] && length(concat(
      aws_sqs_queue.jobs, aws_sqs_queue.dead, aws_sqs_queue_redrive_allow_policy.dead, aws_lambda_event_source_mapping.deliver,
    )) == 0 && output.queue_url == "" && output.dead_queue_url == ""
    error_message = "direct mode still makes a queue, or a function for it"
  }
  assert {
    condition = alltrue([
      for function in aws_lambda_function.function : function.environment[0].variables == tomap({
        SIGPOST_MODE              = "direct", SIGPOST_SECRETS_PREFIX = "sigpost/", SIGPOST_STATE_TABLE = "sigpost-state"
        SIGPOST_METRICS_NAMESPACE = "sigpost/sigpost", SIGPOST_METRICS_PER_SINK = "false"
      })
    ])
    error_message = "environment: ${jsonencode(aws_lambda_function.function["receive"].environment)}"
  }
}

run "queue_options" {
  command = plan
  variables {
    deliver_timeout_seconds = 90
    deliver_batch_size      = 1
    deliver_concurrency     = 50
    dead_retention_days     = 4
  }
  assert {
    condition = (
      aws_lambda_function.function["deliver"].timeout == 90 &&
      aws_sqs_queue.jobs[0].visibility_timeout_seconds == 540 &&
      aws_sqs_queue.jobs[0].message_retention_seconds == 14 * 86400 &&
      aws_sqs_queue.dead[0].message_retention_seconds == 4 * 86400 &&
      aws_lambda_event_source_mapping.deliver[0].batch_size == 1 &&
      aws_lambda_event_source_mapping.deliver[0].scaling_config[0].maximum_concurrency == 50
    )
    error_message = "an option of the queue didn't arrive"
  }
}

run "state_off" {
  variables {
    mode        = "direct"
    config_file = "tests/receive.yaml"
    state       = false
  }
  assert {
    condition     = length(aws_dynamodb_table.state) == 0 && output.state_table == ""
    error_message = "state = false still makes a table"
  }
  assert {
    condition     = !contains(keys(aws_lambda_function.function["receive"].environment[0].variables), "SIGPOST_STATE_TABLE")
    error_message = "the function is told of a table that isn't there"
  }
  assert {
    condition     = jsondecode(aws_iam_role_policy.function["receive"].policy).Statement[*].Sid == ["WriteLogs", "ReadSecrets"]
    error_message = "without state and key the function needs two statements, not ${aws_iam_role_policy.function["receive"].policy}"
  }
}

run "not_public" {
  command = plan
  variables {
    public = false
  }
  assert {
    condition     = length(aws_lambda_function_url.receive) + length(aws_lambda_permission.public_url) + length(aws_lambda_permission.public_invoke) == 0
    error_message = "public = false still opens the function"
  }
  assert {
    condition     = length(output.urls) == 0
    error_message = "urls of a function that has none: ${jsonencode(output.urls)}"
  }
}

run "behind_a_gateway" {
  command = plan
  variables {
    public   = false
    base_url = "https://hooks.example.com/prod/"
  }
  assert {
    condition     = output.urls.github == "https://hooks.example.com/prod/github" && output.urls.certs == "https://hooks.example.com/prod/certs/TOKEN"
    error_message = "urls: ${jsonencode(output.urls)}"
  }
}

run "limits_and_tags" {
  command = plan
  variables {
    reserved_concurrency      = 20
    poll_reserved_concurrency = 1
    architecture              = "x86_64"
    memory_mb                 = 512
    timeout_seconds           = 15
    poll_timeout_seconds      = 120
    log_retention_days        = 365
    log_level                 = "DEBUG"
    recovery_window_days      = 0
    permissions_boundary_arn  = "arn:aws:iam::123456789012:policy/boundary"
    tags                      = { team = "platform" }
  }
  assert {
    condition = (
      aws_lambda_function.function["receive"].reserved_concurrent_executions == 20 &&
      aws_lambda_function.function["poll"].reserved_concurrent_executions == 1 &&
      aws_lambda_function.function["receive"].timeout == 15 &&
      aws_lambda_function.function["poll"].timeout == 120 &&
      alltrue([for function in aws_lambda_function.function : function.memory_size == 512 && one(function.architectures) == "x86_64" && function.logging_config[0].application_log_level == "DEBUG"]) &&
      alltrue([for group in aws_cloudwatch_log_group.function : group.retention_in_days == 365]) &&
      alltrue([for secret in aws_secretsmanager_secret.secret : secret.recovery_window_in_days == 0])
    )
    error_message = "an option didn't arrive"
  }
  assert {
    condition     = alltrue([for role in concat(values(aws_iam_role.function), aws_iam_role.scheduler) : role.permissions_boundary == "arn:aws:iam::123456789012:policy/boundary"])
    error_message = "a role without the permissions boundary"
  }
  assert {
    condition = alltrue([
      for tags in concat(
        values(aws_lambda_function.function)[*].tags, values(aws_cloudwatch_log_group.function)[*].tags, values(aws_secretsmanager_secret.secret)[*].tags,
        values(aws_iam_role.function)[*].tags, aws_iam_role.scheduler[*].tags, aws_dynamodb_table.state[*].tags, aws_scheduler_schedule_group.poll[*].tags,
        aws_sqs_queue.jobs[*].tags, aws_sqs_queue.dead[*].tags, aws_lambda_event_source_mapping.deliver[*].tags,
        values(aws_cloudwatch_metric_alarm.alarm)[*].tags, aws_sns_topic.alarms[*].tags,
      ) : tags == tomap({ sigpost = "sigpost", team = "platform" })
    ])
    error_message = "something has other tags"
  }
}

run "keys_and_existing_secrets" {
  variables {
    kms_key_arn = "arn:aws:kms:eu-central-1:123456789012:key/mine"
    existing_secrets = {
      slack-ops = {
        arn         = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:sigpost/slack-ops-AbCdEf"
        kms_key_arn = "arn:aws:kms:eu-central-1:123456789012:key/theirs"
      }
      github-webhook = { arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:sigpost/github-webhook-AbCdEf" }
    }
  }
  assert {
    condition     = toset(keys(aws_secretsmanager_secret.secret)) == toset(["shared", "bundle", "certifyclouds-token"])
    error_message = "containers: ${jsonencode(keys(aws_secretsmanager_secret.secret))}"
  }
  assert {
    condition     = alltrue([for secret in aws_secretsmanager_secret.secret : secret.kms_key_id == "arn:aws:kms:eu-central-1:123456789012:key/mine"])
    error_message = "a container without the key"
  }
  assert {
    condition = {
      for key, policy in aws_iam_role_policy.function :
      key => toset(one([for statement in jsondecode(policy.policy).Statement : statement.Resource if statement.Sid == "ReadSecrets"]))
      } == {
      receive = toset(concat(
        [for name in ["shared", "bundle", "certifyclouds-token"] : aws_secretsmanager_secret.secret[name].arn],
        ["arn:aws:secretsmanager:eu-central-1:123456789012:secret:sigpost/github-webhook-AbCdEf"],
      ))
      deliver = toset([aws_secretsmanager_secret.secret["shared"].arn, "arn:aws:secretsmanager:eu-central-1:123456789012:secret:sigpost/slack-ops-AbCdEf"])
      poll    = toset([aws_secretsmanager_secret.secret["bundle"].arn])
    }
    error_message = "a function may not read an existing secret, or may read too many"
  }
  assert {
    condition = alltrue([
      for key, arns in {
        receive = ["arn:aws:kms:eu-central-1:123456789012:key/mine"]
        deliver = ["arn:aws:kms:eu-central-1:123456789012:key/mine", "arn:aws:kms:eu-central-1:123456789012:key/theirs"]
        poll    = ["arn:aws:kms:eu-central-1:123456789012:key/mine"]
      } :
      toset(one([for statement in jsondecode(aws_iam_role_policy.function[key].policy).Statement : statement.Resource if statement.Sid == "DecryptSecrets"])) == toset(arns)
    ])
    error_message = "a function may not decrypt what it reads, or more"
  }
  assert {
    condition     = output.secret_names.slack-ops == "sigpost/slack-ops" && length(output.put_secret_commands) == 5
    error_message = "existing secrets are missing in the outputs"
  }
}

run "first" {
  variables { name = "sigpost-first" }
  assert {
    condition     = length(values(aws_secretsmanager_secret.secret)) == 5
    error_message = "the first deployment is incomplete"
  }
}

run "second" {
  variables { name = "second" }
  assert {
    condition = length(setintersection(
      concat(values(output.function_names), values(output.log_groups), values(output.secret_names), [output.state_table]),
      concat(values(run.first.function_names), values(run.first.log_groups), values(run.first.secret_names), [run.first.state_table]),
    )) == 0
    error_message = "two deployments share a name"
  }
  assert {
    condition = alltrue([
      for name in concat(
        values(aws_lambda_function.function)[*].function_name, values(aws_iam_role.function)[*].name, values(aws_iam_role_policy.function)[*].name,
        aws_iam_role.scheduler[*].name, aws_iam_role_policy.scheduler[*].name, aws_dynamodb_table.state[*].name,
        aws_sqs_queue.jobs[*].name, aws_sqs_queue.dead[*].name,
        values(aws_cloudwatch_metric_alarm.alarm)[*].alarm_name,
        aws_sns_topic.alarms[*].name, [for dashboard in aws_cloudwatch_dashboard.sigpost : "${dashboard.dashboard_name}-"],
        aws_scheduler_schedule.poll[*].name, aws_scheduler_schedule_group.poll[*].name,
        [for group in aws_cloudwatch_log_group.function : trimprefix(group.name, "/aws/lambda/")],
      ) : startswith(name, "second-")
    ]) && alltrue([for secret in aws_secretsmanager_secret.secret : startswith(secret.name, "second/")])
    error_message = "something isn't named after the deployment"
  }
  assert {
    condition     = alltrue([for role in concat(values(aws_iam_role.function), aws_iam_role.scheduler) : endswith(role.name, "-eu-central-1")])
    error_message = "a role's name has no region, so the deployment can't be in two of them"
  }
}

run "package_of_this_configuration" {
  command = plan
  variables {
    package     = "tests/labelled.zip"
    config_file = "tests/receive.yaml"
  }
}

# A sink that knows the function's role needs no secret, but is to be told of it.
run "sink_without_secret" {
  variables {
    config_file = "tests/bigquery.yaml"
  }
  assert {
    condition     = toset(keys(aws_secretsmanager_secret.secret)) == toset(["github-webhook", "cloudtruth-api-key"]) && !can(regex("secretsmanager", aws_iam_role_policy.function["deliver"].policy))
    error_message = "deliver may read a secret: ${aws_iam_role_policy.function["deliver"].policy}"
  }
  assert {
    condition     = output.delivering_roles == { account_id = data.aws_caller_identity.current.account_id, role_names = [aws_iam_role.function["deliver"].name] }
    error_message = "roles: ${jsonencode(output.delivering_roles)}"
  }
}

run "sink_without_secret_direct" {
  variables {
    config_file = "tests/bigquery.yaml"
    mode        = "direct"
  }
  assert {
    condition     = toset(output.delivering_roles.role_names) == toset([for key in ["receive", "poll"] : aws_iam_role.function[key].name])
    error_message = "roles: ${jsonencode(output.delivering_roles)}"
  }
}
