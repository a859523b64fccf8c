# What one gets without any option.

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

run "functions" {
  assert {
    condition     = { for key, function in google_cloudfunctions2_function.function : key => function.build_config[0].entry_point } == { receive = "Receive", poll = "Poll", deliver = "Deliver" }
    error_message = "functions: ${jsonencode(keys(google_cloudfunctions2_function.function))}"
  }
  assert {
    condition = alltrue([
      for key, function in google_cloudfunctions2_function.function :
      function.location == "europe-west1" && function.project == "acme-prod" &&
      function.build_config[0].runtime == "go126" &&
      function.build_config[0].environment_variables == tomap({ GOOGLE_GOLDFLAGS = "-s -w" }) &&
      function.build_config[0].source[0].storage_source[0].bucket == google_storage_bucket.source.name &&
      function.build_config[0].source[0].storage_source[0].object == "${filesha256("tests/package.zip")}.zip" &&
      function.build_config[0].service_account == google_service_account.build.id &&
      function.build_config[0].docker_repository == google_artifact_registry_repository.images.id
    ])
    error_message = "a function isn't built from the package, by the build account"
  }
  assert {
    condition     = google_storage_bucket_object.package.source == "tests/package.zip" && google_storage_bucket_object.package.name == "${filesha256("tests/package.zip")}.zip"
    error_message = "the object isn't the package, named by its hash"
  }
  assert {
    condition = alltrue([
      for key, function in google_cloudfunctions2_function.function : function.service_config[0].environment_variables == tomap(merge({
        SIGPOST_MODE             = "queue"
        SIGPOST_SECRETS_PREFIX   = "sigpost_"
        SIGPOST_STATE_DATABASE   = "sigpost-state"
        SIGPOST_STATE_COLLECTION = "sigpost-state"
        SIGPOST_QUEUE_TOPIC      = google_pubsub_topic.jobs[0].id
        SIGPOST_DEAD_TOPIC       = google_pubsub_topic.dead[0].id
        GOOGLE_CLOUD_PROJECT     = "acme-prod"
        SIGPOST_TIMEOUT_SECONDS  = { receive = "30", poll = "55", deliver = "60" }[key]
        }, key == "deliver" ? {
        SIGPOST_PUSH_AUDIENCE = "https://sigpost-deliver-123456789012.europe-west1.run.app"
        SIGPOST_PUSH_ACCOUNT  = google_service_account.push[0].email
      } : {}))
    ])
    error_message = "environment: ${jsonencode(google_cloudfunctions2_function.function["receive"].service_config[0].environment_variables)}"
  }
  assert {
    condition = (
      google_cloudfunctions2_function.function["receive"].service_config[0].max_instance_request_concurrency == 5 &&
      google_cloudfunctions2_function.function["receive"].service_config[0].available_cpu == "1" &&
      google_cloudfunctions2_function.function["receive"].service_config[0].available_memory == "512Mi" &&
      google_cloudfunctions2_function.function["receive"].service_config[0].max_instance_count == 10 &&
      google_cloudfunctions2_function.function["receive"].service_config[0].min_instance_count == 0 &&
      google_cloudfunctions2_function.function["receive"].service_config[0].ingress_settings == "ALLOW_ALL"
    )
    error_message = "receive: ${jsonencode(google_cloudfunctions2_function.function["receive"].service_config)}"
  }
  assert {
    condition = (
      google_cloudfunctions2_function.function["poll"].service_config[0].max_instance_request_concurrency == 1 &&
      google_cloudfunctions2_function.function["poll"].service_config[0].max_instance_count == 1 &&
      google_cloudfunctions2_function.function["poll"].service_config[0].ingress_settings == "ALLOW_INTERNAL_ONLY"
    )
    error_message = "two polls can run at once, or anybody can reach poll: ${jsonencode(google_cloudfunctions2_function.function["poll"].service_config)}"
  }
}

run "accounts" {
  assert {
    condition = alltrue([
      for key, function in google_cloudfunctions2_function.function : function.service_config[0].service_account_email == google_service_account.function[key].email
      ]) && length(distinct(concat(
        values(google_service_account.function)[*].email, [google_service_account.build.email], google_service_account.scheduler[*].email, google_service_account.push[*].email,
    ))) == 6
    error_message = "functions, build, schedule and subscription don't each have an account of their own"
  }
}

run "urls" {
  assert {
    condition = output.urls == {
      github    = "https://sigpost-receive-abc123-ew.a.run.app/github"
      array     = "https://sigpost-receive-abc123-ew.a.run.app/array"
      terraform = "https://sigpost-receive-abc123-ew.a.run.app/terraform"
      certs     = "https://sigpost-receive-abc123-ew.a.run.app/certs/TOKEN"
    }
    error_message = "urls: ${jsonencode(output.urls)}"
  }
}

run "secrets" {
  assert {
    condition     = { for name, secret in google_secret_manager_secret.secret : name => secret.secret_id } == { for name in ["github-webhook", "shared", "bundle", "certifyclouds-token", "slack-ops"] : name => "sigpost_${name}" }
    error_message = "containers: ${jsonencode([for secret in google_secret_manager_secret.secret : secret.secret_id])}"
  }
  assert {
    condition     = alltrue([for secret in google_secret_manager_secret.secret : length(secret.replication[0].auto) == 1 && length(secret.replication[0].user_managed) == 0 && length(secret.replication[0].auto[0].customer_managed_encryption) == 0])
    error_message = "a secret isn't replicated automatically"
  }
  assert {
    condition     = output.put_secret_commands["slack-ops"] == "stty -echo; head -n 1 | tr -d '[:cntrl:]' | gcloud secrets versions add sigpost_slack-ops --project=acme-prod --data-file=-; stty echo"
    error_message = "command: ${output.put_secret_commands["slack-ops"]}"
  }
  assert {
    condition     = output.secret_names["slack-ops"] == "projects/acme-prod/secrets/sigpost_slack-ops" && output.secret_names["projects/other-team/secrets/teams-platform"] == "projects/other-team/secrets/teams-platform" && length(output.secret_names) == 6
    error_message = "names: ${jsonencode(output.secret_names)}"
  }
  assert {
    condition     = { for name, fields in output.secret_fields : name => toset(fields) } == { bundle = toset(["scalr", "cloudtruth"]) }
    error_message = "fields: ${jsonencode(output.secret_fields)}"
  }
}

run "state" {
  assert {
    condition = (
      google_firestore_database.state[0].name == "sigpost-state" &&
      google_firestore_database.state[0].type == "FIRESTORE_NATIVE" &&
      google_firestore_database.state[0].location_id == "europe-west1" &&
      google_firestore_database.state[0].deletion_policy == "DELETE" &&
      google_firestore_field.expires[0].database == "sigpost-state" &&
      google_firestore_field.expires[0].collection == "sigpost-state" &&
      google_firestore_field.expires[0].field == "expires" &&
      length(google_firestore_field.expires[0].ttl_config) == 1
    )
    error_message = "state: ${jsonencode([google_firestore_database.state, google_firestore_field.expires])}"
  }
}

run "poll" {
  assert {
    condition = (
      google_cloud_scheduler_job.poll[0].schedule == "every 5 minutes" &&
      google_cloud_scheduler_job.poll[0].retry_config[0].retry_count == 0 &&
      google_cloud_scheduler_job.poll[0].attempt_deadline == "55s" &&
      google_cloud_scheduler_job.poll[0].http_target[0].http_method == "POST" &&
      google_cloud_scheduler_job.poll[0].http_target[0].uri == google_cloudfunctions2_function.function["poll"].service_config[0].uri &&
      google_cloud_scheduler_job.poll[0].http_target[0].oidc_token[0].audience == google_cloudfunctions2_function.function["poll"].service_config[0].uri &&
      google_cloud_scheduler_job.poll[0].http_target[0].oidc_token[0].service_account_email == google_service_account.scheduler[0].email
    )
    error_message = "schedule: ${jsonencode(google_cloud_scheduler_job.poll[0])}"
  }
}

run "apis" {
  assert {
    condition = toset([for api in concat(values(google_project_service.api), google_project_service.resource_manager) : api.service]) == toset([
      for api in ["artifactregistry", "cloudbuild", "cloudfunctions", "cloudresourcemanager", "cloudscheduler", "firestore", "iam", "logging", "monitoring", "pubsub", "run", "secretmanager", "storage"] : "${api}.googleapis.com"
    ]) && alltrue([for api in concat(values(google_project_service.api), google_project_service.resource_manager) : api.disable_on_destroy == false])
    error_message = "APIs: ${jsonencode([for api in google_project_service.api : api.service])}"
  }
}
