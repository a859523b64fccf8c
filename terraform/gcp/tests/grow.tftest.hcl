# A deployment that grows keeps what it has: the bucket, whose replacement would
# be a rebuild of everything, among it.

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
  config_file = "tests/receive.yaml"
}

run "small" {}

run "with_something_to_poll" {
  command = plan
  variables {
    config_file = "tests/full.yaml"
  }
  assert {
    condition     = google_storage_bucket.source.name == "sigpost-source-123456789012"
    error_message = "a new API makes another bucket: ${google_storage_bucket.source.name}"
  }
}
