mock_provider "google" {
  mock_resource "google_cloudfunctions2_function" {
    defaults = {
      service_config = { uri = "https://sigpost-receive-abc123-ew.a.run.app" }
    }
  }
  mock_resource "google_service_account" {
    defaults = { member = "serviceAccount:sigpost-deliver@acme-prod.iam.gserviceaccount.com" }
  }
}

run "apply" {
  variables {
    project = "acme-prod"
    package = "../../gcp/tests/package.zip"
  }

  assert {
    condition     = output.urls == { github = "https://sigpost-receive-abc123-ew.a.run.app/github" }
    error_message = "urls: ${jsonencode(output.urls)}"
  }
  assert {
    condition     = toset(keys(output.put_secret_commands)) == toset(["github-webhook", "slack-ops"])
    error_message = "commands: ${jsonencode(output.put_secret_commands)}"
  }
  assert {
    condition     = output.table == "acme-prod.sigpost.events" && output.views.runs == "acme-prod.sigpost.runs"
    error_message = "table: ${output.table}"
  }
  assert {
    condition     = module.bigquery.writers == { deliver = "serviceAccount:sigpost-deliver@acme-prod.iam.gserviceaccount.com" }
    error_message = "writers: ${jsonencode(module.bigquery.writers)}"
  }
}

run "sink_of_another_project" {
  command = plan
  variables {
    project = "acme-staging"
    package = "../../gcp/tests/package.zip"
  }
  expect_failures = [check.sink]
}
