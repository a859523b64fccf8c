run "full" {
  command = plan
  variables { file = "tests/full.yaml" }

  assert {
    condition     = output.paths == { github = "github", array = "array", terraform = "terraform", certs = "certs/TOKEN" }
    error_message = "paths: ${jsonencode(output.paths)}"
  }
  assert {
    condition     = output.secrets.receive == toset(["github-webhook", "shared", "bundle", "certifyclouds-token", "slack-ops"])
    error_message = "receive needs its sources' secrets and the sinks': ${jsonencode(output.secrets.receive)}"
  }
  assert {
    condition     = output.secrets.poll == toset(["cloudtruth-api-key", "bundle", "shared", "slack-ops"])
    error_message = "poll needs its sources' secrets and the sinks': ${jsonencode(output.secrets.poll)}"
  }
  assert {
    condition = output.queue_secrets == {
      receive = toset(["github-webhook", "shared", "bundle", "certifyclouds-token"])
      deliver = toset(["slack-ops", "shared"])
      poll    = toset(["cloudtruth-api-key", "bundle"])
    }
    error_message = "with a queue, sources' secrets are not the deliver function's, nor sinks' the others': ${jsonencode(output.queue_secrets)}"
  }
  assert {
    condition     = toset(output.fields.bundle) == toset(["scalr", "cloudtruth"]) && length(output.fields.slack-ops) == 0
    error_message = "fields: ${jsonencode(output.fields)}"
  }
  assert {
    condition     = output.poll_minutes == 2 && toset(output.polled) == toset(["changes", "slow"])
    error_message = "150s must be rounded down to 2 minutes, not ${output.poll_minutes}"
  }
}

run "gauge" {
  command = plan
  variables { file = "tests/gauge.yaml" }
  assert {
    condition = output.queue_secrets == {
      receive = toset(["cloudiq-webhook", "gauge-key"])
      deliver = toset(["slack-ops", "gauge-key"])
      poll    = toset([])
    }
    error_message = "receive serves the pictures that deliver links to: ${jsonencode(output.queue_secrets)}"
  }
  assert {
    condition     = output.paths == { array = "array" }
    error_message = "paths: ${jsonencode(output.paths)}"
  }
}

run "nothing_polled" {
  command = plan
  variables { file = "tests/receive.yaml" }
  assert {
    condition     = output.poll_minutes == 0 && length(output.polled) == 0 && length(output.secrets.poll) == 0
    error_message = "something is polled where nothing should be"
  }
}

run "at_least_a_minute" {
  command = plan
  variables { file = "tests/impatient.yaml" }
  assert {
    condition     = output.poll_minutes == 1 && length(output.paths) == 0
    error_message = "10s must become 1 minute, not ${output.poll_minutes}"
  }
}

run "a_minute_unless_set" {
  command = plan
  variables { file = "tests/unset.yaml" }
  assert {
    condition     = output.poll_minutes == 1
    error_message = "without every it is 1 minute, not ${output.poll_minutes}"
  }
}

run "files" {
  command = plan
  variables { file = "tests/files.yaml" }
  assert {
    condition = output.queue_files == {
      receive = toset(["/etc/secrets/a & b"])
      deliver = toset(["/etc/secrets/slack-ops/value"])
      poll    = toset(["/etc/secrets/cloudtruth/value"])
    }
    error_message = "files with a queue: ${jsonencode(output.queue_files)}"
  }
  assert {
    condition = output.files == {
      receive = toset(["/etc/secrets/a & b", "/etc/secrets/slack-ops/value"])
      poll    = toset(["/etc/secrets/cloudtruth/value", "/etc/secrets/slack-ops/value"])
    }
    error_message = "files without: ${jsonencode(output.files)}"
  }
  assert {
    condition     = length(setunion(output.secrets.receive, output.secrets.poll)) == 0
    error_message = "a file is taken for a secret's name: ${jsonencode(output.secrets)}"
  }
}

# A sink may do without a secret.
run "sink_without_secret" {
  command = plan
  variables { file = "tests/bigquery.yaml" }
  assert {
    condition = output.queue_secrets == {
      receive = toset(["github-webhook"])
      deliver = toset([])
      poll    = toset(["cloudtruth-api-key"])
      } && output.secrets == {
      receive = toset(["github-webhook"])
      poll    = toset(["cloudtruth-api-key"])
    }
    error_message = "secrets: ${jsonencode([output.queue_secrets, output.secrets])}"
  }
  assert {
    condition     = length(setunion(output.files.receive, output.files.poll, output.queue_files.deliver)) == 0 && output.paths == { github = "github" }
    error_message = "what a workload identity is called was taken for a file, or its sink for a source"
  }
}

run "sink_with_a_key" {
  command = plan
  variables { file = "tests/bigquery-key.yaml" }
  assert {
    condition     = output.queue_secrets == { receive = toset(["github-webhook"]), deliver = toset(["bigquery-key"]), poll = toset([]) }
    error_message = "secrets: ${jsonencode(output.queue_secrets)}"
  }
}
