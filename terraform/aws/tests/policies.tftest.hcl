# Who may do what.

mock_provider "aws" {
  mock_data "aws_region" {
    defaults = { region = "eu-central-1" }
  }
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
}

variables {
  package     = "tests/package.zip"
  config_file = "tests/full.yaml"
  kms_key_arn = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555"
}

run "no_wildcards" {
  assert {
    condition = alltrue(flatten([
      for policy in concat(values(aws_iam_role_policy.function)[*].policy, aws_iam_role_policy.scheduler[*].policy) : [
        for statement in jsondecode(policy).Statement :
        statement.Effect == "Allow" &&
        length(setsubtract(keys(statement), ["Sid", "Effect", "Action", "Resource", "Condition"])) == 0 &&
        length(statement.Action) > 0 && length(statement.Resource) > 0 &&
        alltrue([for action in statement.Action : can(regex("^[a-z0-9]+:[A-Za-z]+$", action))]) &&
        alltrue([for resource in statement.Resource : !can(regex("[*?]", statement.Sid == "WriteLogs" ? trimsuffix(resource, ":*") : resource))])
      ]
    ]))
    error_message = "a policy has a wildcard, or more than plain statements: ${jsonencode(values(aws_iam_role_policy.function)[*].policy)}"
  }
  assert {
    condition = alltrue([
      for key, policy in aws_iam_role_policy.function :
      one([for statement in jsondecode(policy.policy).Statement : statement if statement.Sid == "WriteLogs"]) == {
        Sid      = "WriteLogs"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = ["${aws_cloudwatch_log_group.function[key].arn}:*"]
      }
    ])
    error_message = "a function may write to more than its own log group"
  }
  assert {
    condition = alltrue([
      for role in concat(values(aws_iam_role.function), aws_iam_role.scheduler) : alltrue([
        for statement in jsondecode(role.assume_role_policy).Statement :
        statement.Action == ["sts:AssumeRole"] && can(regex("^(lambda|scheduler)\\.amazonaws\\.com$", statement.Principal.Service))
      ])
    ])
    error_message = "a role can be assumed by somebody else than its service"
  }
  assert {
    condition     = alltrue([for role in concat(values(aws_iam_role.function), aws_iam_role.scheduler) : role.permissions_boundary == null])
    error_message = "a permissions boundary nobody asked for"
  }
}

run "own_things_only" {
  assert {
    condition = {
      for key, policy in aws_iam_role_policy.function :
      key => toset(one([for statement in jsondecode(policy.policy).Statement : statement.Resource if statement.Sid == "ReadSecrets"]))
      } == {
      receive = toset([for name in ["github-webhook", "shared", "bundle", "certifyclouds-token"] : aws_secretsmanager_secret.secret[name].arn])
      deliver = toset([for name in ["shared", "slack-ops"] : aws_secretsmanager_secret.secret[name].arn])
      poll    = toset([for name in ["bundle"] : aws_secretsmanager_secret.secret[name].arn])
    }
    error_message = "a function may read other secrets than those it needs"
  }
  assert {
    condition = alltrue([
      for policy in aws_iam_role_policy.function :
      one([for statement in jsondecode(policy.policy).Statement : jsonencode(statement) if statement.Sid == "KeepState"]) == jsonencode({
        Action   = ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:DeleteItem"]
        Effect   = "Allow"
        Resource = [aws_dynamodb_table.state[0].arn]
        Sid      = "KeepState"
      })
    ])
    error_message = "a function may do more than handle items of the one table"
  }
  assert {
    condition = alltrue([
      for policy in aws_iam_role_policy.function :
      one([for statement in jsondecode(policy.policy).Statement : jsonencode(statement) if statement.Sid == "DecryptSecrets"]) == jsonencode({
        Action    = ["kms:Decrypt"]
        Condition = { StringEquals = { "kms:ViaService" = "secretsmanager.eu-central-1.amazonaws.com" } }
        Effect    = "Allow"
        Resource  = [var.kms_key_arn]
        Sid       = "DecryptSecrets"
      })
    ])
    error_message = "a function may decrypt more than secrets with the one key"
  }
  assert {
    condition     = alltrue([for key, policy in aws_iam_role_policy.function : policy.role == aws_iam_role.function[key].name && aws_lambda_function.function[key].role == aws_iam_role.function[key].arn])
    error_message = "a policy or a function is on another function's role"
  }
  assert {
    condition     = jsondecode(aws_iam_role_policy.scheduler[0].policy).Statement[*].Resource == [[aws_lambda_function.function["poll"].arn]] && jsondecode(aws_iam_role_policy.scheduler[0].policy).Statement[*].Action == [["lambda:InvokeFunction"]]
    error_message = "the schedule may do more than run the poll function"
  }
  assert {
    condition = jsondecode(aws_iam_role.scheduler[0].assume_role_policy).Statement[0].Condition.StringEquals == {
      "aws:SourceAccount" = "123456789012"
      "aws:SourceArn"     = aws_scheduler_schedule_group.poll[0].arn
    }
    error_message = "another account's or group's schedule can use the role"
  }
}

run "queues" {
  assert {
    condition = {
      for key, policy in aws_iam_role_policy.function :
      key => { for statement in jsondecode(policy.policy).Statement : statement.Sid => [statement.Action, statement.Resource] if startswith(statement.Action[0], "sqs:") }
      } == {
      receive = { QueueJobs = [["sqs:SendMessage"], [aws_sqs_queue.jobs[0].arn]] }
      poll    = { QueueJobs = [["sqs:SendMessage"], [aws_sqs_queue.jobs[0].arn]] }
      deliver = {
        DoJobs   = [["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility", "sqs:GetQueueAttributes"], [aws_sqs_queue.jobs[0].arn]]
        BuryJobs = [["sqs:SendMessage"], [aws_sqs_queue.dead[0].arn]]
      }
    }
    error_message = "a function may do more or less with the queues than it does: ${jsonencode(values(aws_iam_role_policy.function)[*].policy)}"
  }
}

run "direct" {
  variables {
    mode = "direct"
  }
  assert {
    condition = {
      for key, policy in aws_iam_role_policy.function :
      key => toset(one([for statement in jsondecode(policy.policy).Statement : statement.Resource if statement.Sid == "ReadSecrets"]))
      } == {
      receive = toset([for name in ["github-webhook", "shared", "bundle", "certifyclouds-token", "slack-ops"] : aws_secretsmanager_secret.secret[name].arn])
      poll    = toset([for name in ["bundle", "shared", "slack-ops"] : aws_secretsmanager_secret.secret[name].arn])
    }
    error_message = "without a queue a function needs the secrets of its own sources and of all sinks"
  }
  assert {
    condition     = !can(regex("sqs:", jsonencode(values(aws_iam_role_policy.function)[*].policy)))
    error_message = "a function may use a queue that isn't there"
  }
}

run "no_values" {
  assert {
    condition = !can(regex("not-for-the-state", jsonencode([
      aws_lambda_function.function, aws_lambda_function_url.receive, aws_lambda_permission.public_url, aws_lambda_permission.public_invoke,
      aws_cloudwatch_log_group.function, aws_secretsmanager_secret.secret, aws_dynamodb_table.state, aws_scheduler_schedule.poll,
      aws_sqs_queue.jobs, aws_sqs_queue.dead, aws_lambda_event_source_mapping.deliver, output.queue_url, output.dead_queue_url,
      aws_iam_role.function, aws_iam_role_policy.function, aws_iam_role.scheduler, aws_iam_role_policy.scheduler,
      output.urls, output.secret_names, output.put_secret_commands, output.secret_fields,
    ])))
    error_message = "a value of the configuration got into a resource or an output"
  }
  assert {
    condition = alltrue([
      for name in setunion(fileset(path.module, "*.tf"), fileset(path.module, "../config/*.tf")) :
      !can(regex("secret_version|secret_string|random_password|aws_ssm_parameter|secret_binary", file("${path.module}/${name}")))
    ])
    error_message = "the module has a resource, an attribute or a data source that holds a secret's value"
  }
  assert {
    condition     = length(setunion(fileset(path.module, "*.tf"), fileset(path.module, "../config/*.tf"))) >= 9
    error_message = "the files of the module weren't searched"
  }
}
