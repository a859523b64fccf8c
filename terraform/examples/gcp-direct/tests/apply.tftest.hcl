mock_provider "google" {
  mock_resource "google_cloudfunctions2_function" {
    defaults = {
      service_config = { uri = "https://sigpost-receive-abc123-ew.a.run.app" }
    }
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
}
