# Secrets as files: file:///etc/secrets/NAME/value.

mock_provider "google" {
  mock_data "google_project" {
    defaults = { number = "123456789012" }
  }
  mock_resource "google_cloudfunctions2_function" {
    defaults = {
      service_config = { uri = "https://sigpost-receive-abc123-ew.a.run.app" }
    }
  }
}

variables {
  project     = "acme-prod"
  region      = "europe-west1"
  package     = "tests/package.zip"
  config_file = "tests/volumes.yaml"
}

run "queue" {
  assert {
    condition = { for key, function in google_cloudfunctions2_function.function : key => [
      for volume in function.service_config[0].secret_volumes :
      "${volume.project_id} ${volume.secret} ${volume.mount_path} ${join(" ", [for version in volume.versions : "${version.version} ${version.path}"])}"
      ] } == {
      receive = ["123456789012 sigpost_github-webhook /etc/secrets/github-webhook latest value"]
      poll    = ["123456789012 sigpost_cloudtruth /etc/secrets/cloudtruth latest value"]
      deliver = ["123456789012 sigpost_slack-ops /etc/secrets/slack-ops latest value"]
    }
    error_message = "a function has other files than those it reads: ${jsonencode([for function in google_cloudfunctions2_function.function : function.service_config[0].secret_volumes])}"
  }
  assert {
    condition = toset([for member in google_secret_manager_secret_iam_member.read : "${member.secret_id} ${member.role} ${member.member}"]) == toset([
      "sigpost_github-webhook roles/secretmanager.secretAccessor ${google_service_account.function["receive"].member}",
      "sigpost_cloudtruth roles/secretmanager.secretAccessor ${google_service_account.function["poll"].member}",
      "sigpost_slack-ops roles/secretmanager.secretAccessor ${google_service_account.function["deliver"].member}",
    ])
    error_message = "accounts: ${jsonencode(keys(google_secret_manager_secret_iam_member.read))}"
  }
  assert {
    condition = { for name, secret in google_secret_manager_secret.secret : name => secret.annotations["reference"] } == {
      github-webhook = "file:///etc/secrets/github-webhook/value"
      cloudtruth     = "file:///etc/secrets/cloudtruth/value"
      slack-ops      = "secret://slack-ops"
    }
    error_message = "containers: ${jsonencode(google_secret_manager_secret.secret)}"
  }
  assert {
    condition     = toset(keys(output.put_secret_commands)) == toset(["github-webhook", "cloudtruth", "slack-ops"])
    error_message = "a mounted secret has no command: ${jsonencode(keys(output.put_secret_commands))}"
  }
}

run "direct" {
  variables {
    mode = "direct"
  }
  assert {
    condition = { for key, function in google_cloudfunctions2_function.function : key => join(" ", function.service_config[0].secret_volumes[*].mount_path) } == {
      receive = "/etc/secrets/github-webhook /etc/secrets/slack-ops"
      poll    = "/etc/secrets/cloudtruth /etc/secrets/slack-ops"
    }
    error_message = "in direct mode whoever receives also delivers"
  }
}

run "existing" {
  command = plan
  variables {
    existing_secrets = ["slack-ops", "github-webhook"]
  }
  assert {
    condition     = keys(google_secret_manager_secret.secret) == ["cloudtruth"] && length(google_secret_manager_secret_iam_member.read) == 3
    error_message = "an existing secret is made again, or may not be read"
  }
}

run "none" {
  command = plan
  variables {
    config_file = "tests/full.yaml"
  }
  assert {
    condition     = alltrue([for function in google_cloudfunctions2_function.function : length(function.service_config[0].secret_volumes) == 0])
    error_message = "something is mounted that nobody asked for"
  }
}

run "elsewhere" {
  command = plan
  variables {
    config_file = "tests/file.yaml"
  }
  expect_failures = [var.config_file]
}

run "above" {
  command = plan
  variables {
    config_file = "tests/file-up.yaml"
  }
  expect_failures = [var.config_file]
}
