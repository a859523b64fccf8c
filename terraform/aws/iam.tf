# One role for each function, with what that function needs and by ARN. IAM is
# global, so the names carry the region.

locals {
  secret_arns = merge(
    { for name, secret in aws_secretsmanager_secret.secret : name => secret.arn },
    { for name, secret in var.existing_secrets : name => secret.arn },
  )
  secret_keys = {
    for name in setunion(values(local.functions)[*].secrets...) :
    name => try(var.existing_secrets[name].kms_key_arn, var.kms_key_arn)
  }

  statements = {
    for key, function in local.functions : key => concat(
      [{
        Sid    = "WriteLogs"
        Effect = "Allow"
        Action = ["logs:CreateLogStream", "logs:PutLogEvents"]
        # The ":*" is how IAM names a log group and its streams, for these two
        # actions; it reaches no other group.
        Resource  = ["${aws_cloudwatch_log_group.function[key].arn}:*"]
        Condition = {}
      }],
      [for arns in [[for name in sort(function.secrets) : local.secret_arns[name]]] : {
        Sid       = "ReadSecrets"
        Effect    = "Allow"
        Action    = ["secretsmanager:GetSecretValue"]
        Resource  = arns
        Condition = {}
      } if length(arns) > 0],
      [for arns in [distinct(compact([for name in sort(function.secrets) : local.secret_keys[name]]))] : {
        Sid       = "DecryptSecrets"
        Effect    = "Allow"
        Action    = ["kms:Decrypt"]
        Resource  = arns
        Condition = { StringEquals = { "kms:ViaService" = "secretsmanager.${local.region}.amazonaws.com" } }
      } if length(arns) > 0],
      [for table in aws_dynamodb_table.state : {
        Sid       = "KeepState"
        Effect    = "Allow"
        Action    = ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:DeleteItem"]
        Resource  = [table.arn]
        Condition = {}
      }],
      [for queue in aws_sqs_queue.jobs : {
        Sid       = "QueueJobs"
        Effect    = "Allow"
        Action    = ["sqs:SendMessage"]
        Resource  = [queue.arn]
        Condition = {}
      } if key != "deliver"],
      [for queue in aws_sqs_queue.jobs : {
        Sid       = "DoJobs"
        Effect    = "Allow"
        Action    = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility", "sqs:GetQueueAttributes"]
        Resource  = [queue.arn]
        Condition = {}
      } if key == "deliver"],
      [for queue in aws_sqs_queue.dead : {
        Sid       = "BuryJobs"
        Effect    = "Allow"
        Action    = ["sqs:SendMessage"]
        Resource  = [queue.arn]
        Condition = {}
      } if key == "deliver"],
    )
  }
}

resource "aws_iam_role" "function" {
  for_each = local.functions

  name        = "${var.name}-${each.key}-${local.region}"
  description = "What ${var.name}-${each.key} may do"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = ["sts:AssumeRole"]
      Principal = { Service = "lambda.amazonaws.com" }
    }]
  })

  permissions_boundary = var.permissions_boundary_arn == "" ? null : var.permissions_boundary_arn
  tags                 = local.tags
}

resource "aws_iam_role_policy" "function" {
  for_each = local.functions

  name = "${var.name}-${each.key}"
  role = aws_iam_role.function[each.key].name
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [for statement in local.statements[each.key] : { for key, value in statement : key => value if key != "Condition" || length(value) > 0 }]
  })
}

resource "aws_iam_role" "scheduler" {
  count = local.poll ? 1 : 0

  name        = "${var.name}-scheduler-${local.region}"
  description = "Lets the schedule of ${var.name} run ${var.name}-poll"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = ["sts:AssumeRole"]
      Principal = { Service = "scheduler.amazonaws.com" }
      Condition = {
        StringEquals = {
          "aws:SourceAccount" = data.aws_caller_identity.current.account_id
          "aws:SourceArn"     = aws_scheduler_schedule_group.poll[0].arn
        }
      }
    }]
  })

  permissions_boundary = var.permissions_boundary_arn == "" ? null : var.permissions_boundary_arn
  tags                 = local.tags
}

resource "aws_iam_role_policy" "scheduler" {
  count = local.poll ? 1 : 0

  name = "${var.name}-scheduler"
  role = aws_iam_role.scheduler[0].name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid      = "RunPoll"
      Effect   = "Allow"
      Action   = ["lambda:InvokeFunction"]
      Resource = [aws_lambda_function.function["poll"].arn]
    }]
  })
}
