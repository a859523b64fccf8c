# Bad input is refused before anything is made.

mock_provider "google" {}

variables {
  project     = "acme-prod"
  region      = "europe-west1"
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

run "name_underscore" {
  command = plan
  variables {
    name = "sig_post"
  }
  expect_failures = [var.name]
}

run "name_long" {
  command = plan
  variables {
    name = "a23456789012345678901"
  }
  expect_failures = [var.name]
}

run "project_number" {
  command = plan
  variables {
    project = "123456789012"
  }
  expect_failures = [var.project]
}

run "region_zone" {
  command = plan
  variables {
    region = "europe-west1-b"
  }
  expect_failures = [var.region]
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

run "config_slash" {
  command = plan
  variables {
    config_file = "tests/slash.yaml"
  }
  expect_failures = [var.config_file]
}

run "invokers_all" {
  command = plan
  variables {
    invokers = ["allUsers"]
  }
  expect_failures = [var.invokers]
}

run "base_url_http" {
  command = plan
  variables {
    base_url = "http://hooks.example.com"
  }
  expect_failures = [var.base_url]
}

run "ingress" {
  command = plan
  variables {
    ingress = "all"
  }
  expect_failures = [var.ingress]
}

run "mode" {
  command = plan
  variables {
    mode = "Queue"
  }
  expect_failures = [var.mode]
}

run "state_with_queue" {
  command = plan
  variables {
    config_file = "tests/receive.yaml"
    state       = false
  }
  expect_failures = [var.state]
}

run "deliver_concurrency" {
  command = plan
  variables {
    deliver_concurrency = 0
  }
  expect_failures = [var.deliver_concurrency]
}

run "deliver_max_instances" {
  command = plan
  variables {
    deliver_max_instances = 1.5
  }
  expect_failures = [var.deliver_max_instances]
}

run "alarm_channels" {
  command = plan
  variables {
    alarm_channels = ["123"]
  }
  expect_failures = [var.alarm_channels]
}

run "alarm_emails" {
  command = plan
  variables {
    alarm_emails = ["ops"]
  }
  expect_failures = [var.alarm_emails]
}

run "alarm_oldest" {
  command = plan
  variables {
    alarm_oldest_minutes = -1
  }
  expect_failures = [var.alarm_oldest_minutes]
}

run "alarm_signatures" {
  command = plan
  variables {
    alarm_signature_failures = 0.5
  }
  expect_failures = [var.alarm_signature_failures]
}

run "alarm_silence" {
  command = plan
  variables {
    alarm_silence_hours = 24
  }
  expect_failures = [var.alarm_silence_hours]
}

run "state_with_polled" {
  command = plan
  variables {
    mode  = "direct"
    state = false
  }
  expect_failures = [var.state]
}

run "database_path" {
  command = plan
  variables {
    existing_database = "projects/acme-prod/databases/state"
  }
  expect_failures = [var.existing_database]
}

run "firestore_location" {
  command = plan
  variables {
    firestore_location = "Europe"
  }
  expect_failures = [var.firestore_location]
}

run "memory" {
  command = plan
  variables {
    memory_mb = 64
  }
  expect_failures = [var.memory_mb]
}

run "cpu" {
  command = plan
  variables {
    cpu = 3
  }
  expect_failures = [var.cpu]
}

run "much_memory_for_a_cpu" {
  command = plan
  variables {
    memory_mb = 4097
  }
  expect_failures = [var.cpu]
}

run "much_memory_for_half_a_cpu" {
  command = plan
  variables {
    cpu         = 0.5
    concurrency = 1
    memory_mb   = 1025
  }
  expect_failures = [var.cpu]
}

run "little_memory_for_four_cpus" {
  command = plan
  variables {
    cpu = 4
  }
  expect_failures = [var.cpu]
}

run "concurrency_zero" {
  command = plan
  variables {
    concurrency = 0
  }
  expect_failures = [var.concurrency]
}

run "concurrency_on_a_fraction" {
  command = plan
  variables {
    cpu = 0.5
  }
  expect_failures = [var.concurrency]
}

run "min_instances" {
  command = plan
  variables {
    min_instances = 11
  }
  expect_failures = [var.min_instances]
}

run "max_instances" {
  command = plan
  variables {
    max_instances = 1001
  }
  expect_failures = [var.max_instances]
}

run "timeout" {
  command = plan
  variables {
    timeout_seconds = 3601
  }
  expect_failures = [var.timeout_seconds]
}

run "poll_timeout" {
  command = plan
  variables {
    poll_timeout_seconds = 10
  }
  expect_failures = [var.poll_timeout_seconds]
}

run "existing_unknown" {
  command = plan
  variables {
    existing_secrets = ["slack-oops"]
  }
  expect_failures = [var.existing_secrets]
}

run "key_of_a_region" {
  command = plan
  variables {
    kms_key_name = "projects/acme-prod/locations/europe-west1/keyRings/ring/cryptoKeys/mine"
  }
  expect_failures = [var.kms_key_name]
}

run "key_and_locations" {
  command = plan
  variables {
    kms_key_name     = "projects/acme-prod/locations/global/keyRings/ring/cryptoKeys/mine"
    secret_locations = { europe-west1 = "" }
  }
  expect_failures = [var.kms_key_name]
}

run "location_and_foreign_key" {
  command = plan
  variables {
    secret_locations = { europe-west1 = "projects/acme-prod/locations/europe-west4/keyRings/ring/cryptoKeys/mine" }
  }
  expect_failures = [var.secret_locations]
}

run "labels_own" {
  command = plan
  variables {
    labels = { sigpost = "other" }
  }
  expect_failures = [var.labels]
}

run "labels_upper" {
  command = plan
  variables {
    labels = { Team = "platform" }
  }
  expect_failures = [var.labels]
}

run "package_of_another_configuration" {
  command = plan
  variables {
    package = "tests/labelled.zip"
  }
  expect_failures = [google_storage_bucket_object.package]
}
