mock_provider "aws" {
  mock_resource "aws_lambda_function_url" {
    defaults = { function_url = "https://abc123.lambda-url.eu-central-1.on.aws/" }
  }
}

run "apply" {
  variables { package = "../../aws/tests/package.zip" }

  assert {
    condition     = output.urls == { github = "https://abc123.lambda-url.eu-central-1.on.aws/github" }
    error_message = "urls: ${jsonencode(output.urls)}"
  }
  assert {
    condition     = toset(keys(output.put_secret_commands)) == toset(["github-webhook", "slack-ops"])
    error_message = "commands: ${jsonencode(output.put_secret_commands)}"
  }
}
