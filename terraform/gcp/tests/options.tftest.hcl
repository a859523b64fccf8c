# Options on and off, and two deployments beside each other.

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
  config_file = "tests/full.yaml"
}

run "nothing_to_poll" {
  command = plan
  variables {
    config_file = "tests/receive.yaml"
  }
  assert {
    condition = (
      keys(google_cloudfunctions2_function.function) == ["deliver", "receive"] && length(google_service_account.function) == 2 &&
      length(google_cloud_scheduler_job.poll) + length(google_service_account.scheduler) + length(google_cloud_run_v2_service_iam_member.scheduler) == 0 &&
      !contains(keys(google_project_service.api), "cloudscheduler")
    )
    error_message = "there is something of a poll function though nothing is polled"
  }
  assert {
    condition     = toset(keys(google_secret_manager_secret.secret)) == toset(["github-webhook", "slack-ops"])
    error_message = "secrets: ${jsonencode(keys(google_secret_manager_secret.secret))}"
  }
}

run "poll_off" {
  command = plan
  variables {
    mode  = "direct"
    poll  = false
    state = false
  }
  assert {
    condition     = keys(google_cloudfunctions2_function.function) == ["receive"] && length(google_cloud_scheduler_job.poll) == 0 && output.poll_schedule == ""
    error_message = "poll = false still makes a poll function"
  }
}

run "state_off" {
  command = plan
  variables {
    mode        = "direct"
    config_file = "tests/receive.yaml"
    state       = false
  }
  assert {
    condition     = length(google_firestore_database.state) + length(google_firestore_field.expires) + length(google_project_iam_member.state) == 0 && output.state_database == "" && !contains(keys(google_project_service.api), "firestore")
    error_message = "state = false still makes something of Firestore"
  }
  assert {
    condition     = !can(regex("SIGPOST_STATE", jsonencode(google_cloudfunctions2_function.function["receive"].service_config[0].environment_variables)))
    error_message = "the function is told of a database that isn't there"
  }
}

run "existing_database" {
  variables {
    existing_database = "(default)"
  }
  assert {
    condition = (
      length(google_firestore_database.state) == 0 &&
      google_firestore_field.expires[0].database == "(default)" &&
      google_firestore_field.expires[0].collection == "sigpost-state" &&
      google_cloudfunctions2_function.function["receive"].service_config[0].environment_variables["SIGPOST_STATE_DATABASE"] == "(default)" &&
      alltrue([for member in google_project_iam_member.state : endswith(member.condition[0].expression, "resource.name == \"projects/acme-prod/databases/(default)\"")])
    )
    error_message = "the existing database isn't used, or not that alone"
  }
}

run "firestore_elsewhere" {
  command = plan
  variables {
    firestore_location = "eur3"
  }
  assert {
    condition     = google_firestore_database.state[0].location_id == "eur3"
    error_message = "the database is in ${google_firestore_database.state[0].location_id}"
  }
}

run "not_public" {
  command = plan
  variables {
    public   = false
    invokers = ["serviceAccount:gateway@acme-prod.iam.gserviceaccount.com"]
    base_url = "https://hooks.example.com/prod/"
    ingress  = "ALLOW_INTERNAL_AND_GCLB"
  }
  assert {
    condition     = [for member in google_cloud_run_v2_service_iam_member.receive : member.member] == ["serviceAccount:gateway@acme-prod.iam.gserviceaccount.com"]
    error_message = "public = false still opens the function"
  }
  assert {
    condition     = output.urls.certs == "https://hooks.example.com/prod/certs/TOKEN" && google_cloudfunctions2_function.function["receive"].service_config[0].ingress_settings == "ALLOW_INTERNAL_AND_GCLB"
    error_message = "urls: ${jsonencode(output.urls)}"
  }
}

run "nobody" {
  command = plan
  variables {
    public = false
  }
  assert {
    condition     = length(google_cloud_run_v2_service_iam_member.receive) == 0
    error_message = "public = false without invokers still lets somebody in"
  }
}

run "limits_and_labels" {
  command = plan
  variables {
    memory_mb            = 256
    cpu                  = 0.5
    concurrency          = 1
    min_instances        = 1
    max_instances        = 3
    timeout_seconds      = 15
    poll_timeout_seconds = 120
    enable_apis          = false
    labels               = { team = "platform" }
  }
  assert {
    condition = (
      google_cloudfunctions2_function.function["receive"].service_config[0].available_memory == "256Mi" &&
      google_cloudfunctions2_function.function["receive"].service_config[0].available_cpu == "0.5" &&
      google_cloudfunctions2_function.function["receive"].service_config[0].max_instance_request_concurrency == 1 &&
      google_cloudfunctions2_function.function["receive"].service_config[0].min_instance_count == 1 &&
      google_cloudfunctions2_function.function["receive"].service_config[0].max_instance_count == 3 &&
      google_cloudfunctions2_function.function["receive"].service_config[0].timeout_seconds == 15 &&
      google_cloudfunctions2_function.function["poll"].service_config[0].timeout_seconds == 120 &&
      google_cloudfunctions2_function.function["poll"].service_config[0].max_instance_count == 1 &&
      google_cloud_scheduler_job.poll[0].attempt_deadline == "120s"
    )
    error_message = "an option didn't arrive"
  }
  assert {
    condition     = length(google_project_service.api) + length(google_project_service.resource_manager) == 0
    error_message = "enable_apis = false still turns on APIs"
  }
  assert {
    condition = alltrue([
      for labels in concat(
        values(google_cloudfunctions2_function.function)[*].labels, values(google_secret_manager_secret.secret)[*].labels,
        [google_storage_bucket.source.labels, google_artifact_registry_repository.images.labels],
      ) : labels == tomap({ sigpost = "sigpost", team = "platform" })
    ])
    error_message = "something has other labels"
  }
}

run "existing_secrets" {
  variables {
    existing_secrets = ["slack-ops"]
    kms_key_name     = "projects/acme-prod/locations/global/keyRings/ring/cryptoKeys/mine"
  }
  assert {
    condition     = toset(keys(google_secret_manager_secret.secret)) == toset(["github-webhook", "shared", "bundle", "certifyclouds-token"])
    error_message = "containers: ${jsonencode(keys(google_secret_manager_secret.secret))}"
  }
  assert {
    condition     = length([for member in google_secret_manager_secret_iam_member.read : member if member.secret_id == "sigpost_slack-ops"]) == 1
    error_message = "deliver may not read the existing secret"
  }
  assert {
    condition     = alltrue([for secret in google_secret_manager_secret.secret : secret.replication[0].auto[0].customer_managed_encryption[0].kms_key_name == var.kms_key_name])
    error_message = "a secret without the key"
  }
}

run "secret_locations" {
  variables {
    secret_locations = {
      europe-west1 = ""
      europe-west4 = "projects/acme-prod/locations/europe-west4/keyRings/ring/cryptoKeys/mine"
    }
  }
  assert {
    condition = alltrue([
      for secret in google_secret_manager_secret.secret :
      length(secret.replication[0].auto) == 0 &&
      tomap({ for replica in secret.replication[0].user_managed[0].replicas : replica.location => join("", replica.customer_managed_encryption[*].kms_key_name) }) == var.secret_locations
    ])
    error_message = "a secret isn't in the two regions, each with its key"
  }
}

run "first" {
  variables { name = "sigpost-first" }
  assert {
    condition     = length(google_secret_manager_secret.secret) == 5
    error_message = "the first deployment is incomplete"
  }
}

run "second" {
  variables { name = "second" }
  assert {
    condition = length(setintersection(
      concat(values(output.function_names), [for name, id in output.secret_names : id if !startswith(name, "projects/")], [output.state_database]),
      concat(values(run.first.function_names), [for name, id in run.first.secret_names : id if !startswith(name, "projects/")], [run.first.state_database]),
    )) == 0
    error_message = "two deployments share a name"
  }
  assert {
    condition = alltrue([
      for name in concat(
        values(google_cloudfunctions2_function.function)[*].name, values(google_service_account.function)[*].account_id, [google_service_account.build.account_id],
        google_service_account.scheduler[*].account_id, [google_storage_bucket.source.name], google_cloud_scheduler_job.poll[*].name,
        google_firestore_database.state[*].name, google_firestore_field.expires[*].collection,
        google_logging_project_bucket_config.logs[*].bucket_id, google_logging_project_sink.logs[*].name,
      ) : startswith(name, "second-")
    ]) && alltrue([for secret in google_secret_manager_secret.secret : startswith(secret.secret_id, "second_")]) && google_artifact_registry_repository.images.repository_id == "second"
    error_message = "something isn't named after the deployment"
  }
  assert {
    condition     = endswith(google_storage_bucket.source.name, "-123456789012")
    error_message = "the bucket's name, which is global, doesn't have the project's number"
  }
}

run "longest_name" {
  command = plan
  variables { name = "a2345678901234567890" }
  assert {
    condition     = alltrue([for account in concat(values(google_service_account.function), google_service_account.scheduler, [google_service_account.build]) : length(account.account_id) <= 30 && length(account.account_id) >= 6])
    error_message = "an account's id is longer than 30 characters"
  }
}

run "shortest_name" {
  command = plan
  variables { name = "a" }
  assert {
    condition     = alltrue([for account in concat(values(google_service_account.function), google_service_account.scheduler, [google_service_account.build]) : length(account.account_id) >= 6]) && length(google_firestore_database.state[0].name) >= 4
    error_message = "a name is shorter than Google allows"
  }
}

run "package_of_this_configuration" {
  command = plan
  variables {
    package     = "tests/labelled.zip"
    config_file = "tests/receive.yaml"
  }
}

# A sink in the project itself needs no secret, but somebody to let in.
run "sink_without_secret" {
  variables {
    config_file = "tests/bigquery.yaml"
  }
  assert {
    condition     = toset(keys(google_secret_manager_secret.secret)) == toset(["github-webhook", "cloudtruth-api-key"]) && length([for member in google_secret_manager_secret_iam_member.read : member if member.member == google_service_account.function["deliver"].member]) == 0
    error_message = "deliver may read a secret: ${jsonencode(keys(google_secret_manager_secret_iam_member.read))}"
  }
  assert {
    condition     = output.delivering_members == { deliver = google_service_account.function["deliver"].member }
    error_message = "members: ${jsonencode(output.delivering_members)}"
  }
}

run "sink_without_secret_direct" {
  variables {
    config_file = "tests/bigquery.yaml"
    mode        = "direct"
  }
  assert {
    condition     = output.delivering_members == { for key in ["poll", "receive"] : key => google_service_account.function[key].member }
    error_message = "members: ${jsonencode(output.delivering_members)}"
  }
}
