# Bad input is refused before anything is made.

mock_provider "aws" {}

variables {
  package     = "tests/package.zip"
  config_file = "tests/full.yaml"
}

run "name_upper" {
  command = plan
  variables {
    name = "Sigpost"
  }
  expect_failures = [var.name]
}

run "name_long" {
  command = plan
  variables {
    name = "a23456789012345678901234567890123"
  }
  expect_failures = [var.name]
}

run "package_missing" {
  command = plan
  variables {
    package = "tests/none.zip"
  }
  expect_failures = [var.package]
}

run "config_env" {
  command = plan
  variables {
    config_file = "tests/env.yaml"
  }
  expect_failures = [var.config_file]
}

run "base_url_http" {
  command = plan
  variables {
    base_url = "http://hooks.example.com"
  }
  expect_failures = [var.base_url]
}

run "base_url_query" {
  command = plan
  variables {
    base_url = "https://hooks.example.com/?a=b"
  }
  expect_failures = [var.base_url]
}

run "state_with_polled" {
  command = plan
  variables {
    state = false
  }
  expect_failures = [var.state]
}

run "architecture" {
  command = plan
  variables {
    architecture = "amd64"
  }
  expect_failures = [var.architecture]
}

run "memory" {
  command = plan
  variables {
    memory_mb = 64
  }
  expect_failures = [var.memory_mb]
}

run "timeout" {
  command = plan
  variables {
    timeout_seconds = 901
  }
  expect_failures = [var.timeout_seconds]
}

run "poll_timeout" {
  command = plan
  variables {
    poll_timeout_seconds = 0
  }
  expect_failures = [var.poll_timeout_seconds]
}

run "concurrency_zero" {
  command = plan
  variables {
    reserved_concurrency = 0
  }
  expect_failures = [var.reserved_concurrency]
}

run "poll_concurrency_fraction" {
  command = plan
  variables {
    poll_reserved_concurrency = 1.5
  }
  expect_failures = [var.poll_reserved_concurrency]
}

run "retention" {
  command = plan
  variables {
    log_retention_days = 31
  }
  expect_failures = [var.log_retention_days]
}

run "level" {
  command = plan
  variables {
    log_level = "verbose"
  }
  expect_failures = [var.log_level]
}

run "existing_not_an_arn" {
  command = plan
  variables {
    existing_secrets = { slack-ops = { arn = "sigpost/slack-ops" } }
  }
  expect_failures = [var.existing_secrets]
}

run "existing_without_suffix" {
  command = plan
  variables {
    existing_secrets = { slack-ops = { arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:sigpost/slack-ops" } }
  }
  expect_failures = [var.existing_secrets]
}

run "existing_wildcard" {
  command = plan
  variables {
    existing_secrets = { slack-ops = { arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:sigpost/slack-ops-*" } }
  }
  expect_failures = [var.existing_secrets]
}

run "existing_other_name" {
  command = plan
  variables {
    existing_secrets = { slack-ops = { arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:other/slack-ops-AbCdEf" } }
  }
  expect_failures = [var.existing_secrets]
}

run "existing_key_alias" {
  command = plan
  variables {
    existing_secrets = {
      slack-ops = {
        arn         = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:sigpost/slack-ops-AbCdEf"
        kms_key_arn = "arn:aws:kms:eu-central-1:123456789012:alias/theirs"
      }
    }
  }
  expect_failures = [var.existing_secrets]
}

run "existing_unknown" {
  command = plan
  variables {
    existing_secrets = { slack-oops = { arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:sigpost/slack-oops-AbCdEf" } }
  }
  expect_failures = [var.existing_secrets]
}

run "key_alias" {
  command = plan
  variables {
    kms_key_arn = "alias/mine"
  }
  expect_failures = [var.kms_key_arn]
}

run "recovery" {
  command = plan
  variables {
    recovery_window_days = 3
  }
  expect_failures = [var.recovery_window_days]
}

run "boundary" {
  command = plan
  variables {
    permissions_boundary_arn = "boundary"
  }
  expect_failures = [var.permissions_boundary_arn]
}

run "tags_own" {
  command = plan
  variables {
    tags = { sigpost = "other" }
  }
  expect_failures = [var.tags]
}

run "tags_aws" {
  command = plan
  variables {
    tags = { "aws:team" = "platform" }
  }
  expect_failures = [var.tags]
}

run "mode" {
  command = plan
  variables {
    mode = "both"
  }
  expect_failures = [var.mode]
}

run "deliver_timeout" {
  command = plan
  variables {
    deliver_timeout_seconds = 10
  }
  expect_failures = [var.deliver_timeout_seconds]
}

run "deliver_batch_none" {
  command = plan
  variables {
    deliver_batch_size = 0
  }
  expect_failures = [var.deliver_batch_size]
}

run "deliver_batch_large" {
  command = plan
  variables {
    deliver_batch_size = 11
  }
  expect_failures = [var.deliver_batch_size]
}

run "deliver_concurrency" {
  command = plan
  variables {
    deliver_concurrency = 1
  }
  expect_failures = [var.deliver_concurrency]
}

run "dead_retention" {
  command = plan
  variables {
    dead_retention_days = 15
  }
  expect_failures = [var.dead_retention_days]
}

run "state_with_queue" {
  command = plan
  variables {
    config_file = "tests/receive.yaml"
    state       = false
  }
  expect_failures = [var.state]
}

run "package_of_another_configuration" {
  command = plan
  variables {
    package = "tests/labelled.zip"
  }
  expect_failures = [aws_lambda_function.function["receive"]]
}
