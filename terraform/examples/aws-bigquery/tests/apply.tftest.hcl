mock_provider "aws" {
  mock_resource "aws_lambda_function_url" {
    defaults = { function_url = "https://abc123.lambda-url.eu-central-1.on.aws/" }
  }
  mock_data "aws_caller_identity" {
    defaults = { account_id = "210987654321" }
  }
  mock_data "aws_region" {
    defaults = { region = "eu-central-1" }
  }
}

mock_provider "google" {
  mock_resource "google_iam_workload_identity_pool" {
    defaults = { name = "projects/123456789012/locations/global/workloadIdentityPools/sigpost-aws" }
  }
  mock_resource "google_iam_workload_identity_pool_provider" {
    defaults = { name = "projects/123456789012/locations/global/workloadIdentityPools/sigpost-aws/providers/aws" }
  }
}

run "apply" {
  variables {
    project = "acme-prod"
    package = "../../aws/tests/package.zip"
  }

  assert {
    condition     = output.urls == { github = "https://abc123.lambda-url.eu-central-1.on.aws/github" }
    error_message = "urls: ${jsonencode(output.urls)}"
  }
  assert {
    condition     = toset(keys(output.put_secret_commands)) == toset(["github-webhook", "slack-ops"])
    error_message = "commands: ${jsonencode(output.put_secret_commands)}"
  }
  assert {
    condition     = values(module.bigquery.writers) == ["principalSet://iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/sigpost-aws/attribute.aws_role/arn:aws:sts::210987654321:assumed-role/sigpost-deliver-eu-central-1"]
    error_message = "writers: ${jsonencode(module.bigquery.writers)}"
  }
  # What Terraform prints is what sigpost.yaml says.
  assert {
    condition     = yamldecode(output.sigpost_yaml).sinks.warehouse == yamldecode(file("sigpost.yaml")).sinks.warehouse
    error_message = "sink: ${output.sigpost_yaml}"
  }
}

run "sink_of_another_project" {
  variables {
    project = "acme-staging"
    package = "../../aws/tests/package.zip"
  }
  expect_failures = [check.sink]
}
