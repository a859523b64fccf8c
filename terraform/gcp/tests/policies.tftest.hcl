# Who may do what.

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

run "public" {
  assert {
    condition = [for member in google_cloud_run_v2_service_iam_member.receive : {
      name = member.name, role = member.role, member = member.member, location = member.location, project = member.project
      }] == [{
      name = "sigpost-receive", role = "roles/run.invoker", member = "allUsers", location = "europe-west1", project = "acme-prod"
    }]
    error_message = "receive isn't open to everybody, or more than that"
  }
  assert {
    condition = (
      google_cloud_run_v2_service_iam_member.scheduler[0].name == "sigpost-poll" &&
      google_cloud_run_v2_service_iam_member.scheduler[0].role == "roles/run.invoker" &&
      google_cloud_run_v2_service_iam_member.scheduler[0].member == google_service_account.scheduler[0].member
    )
    error_message = "somebody else than the schedule may run poll"
  }
}

run "own_things_only" {
  assert {
    condition = toset([for member in google_secret_manager_secret_iam_member.read : "${member.project} ${member.secret_id} ${member.role} ${member.member}"]) == toset(concat(
      [for id in ["github-webhook", "shared", "bundle", "certifyclouds-token"] : "acme-prod sigpost_${id} roles/secretmanager.secretAccessor ${google_service_account.function["receive"].member}"],
      ["acme-prod sigpost_bundle roles/secretmanager.secretAccessor ${google_service_account.function["poll"].member}"],
      [for id in ["shared", "slack-ops"] : "acme-prod sigpost_${id} roles/secretmanager.secretAccessor ${google_service_account.function["deliver"].member}"],
      ["other-team teams-platform roles/secretmanager.secretAccessor ${google_service_account.function["deliver"].member}"],
    ))
    error_message = "a function may read other secrets than those it needs: ${jsonencode(keys(google_secret_manager_secret_iam_member.read))}"
  }
  assert {
    condition = alltrue([
      for key, member in google_project_iam_member.state :
      member.role == "roles/datastore.user" && member.member == google_service_account.function[key].member &&
      member.condition[0].expression == "resource.type == \"firestore.googleapis.com/Database\" && resource.name == \"projects/acme-prod/databases/sigpost-state\""
    ]) && length(google_project_iam_member.state) == 3
    error_message = "a function may use more than the one database: ${jsonencode(google_project_iam_member.state)}"
  }
  assert {
    condition = (
      google_project_iam_member.build_source.role == "roles/storage.objectViewer" &&
      google_project_iam_member.build_source.condition[0].expression == "resource.name == \"projects/_/buckets/gcf-v2-sources-123456789012-europe-west1\" || resource.name.startsWith(\"projects/_/buckets/gcf-v2-sources-123456789012-europe-west1/\")" &&
      google_project_iam_member.build_logs.role == "roles/logging.logWriter" &&
      google_storage_bucket_iam_member.build.role == "roles/storage.objectViewer" &&
      google_storage_bucket_iam_member.build.bucket == google_storage_bucket.source.name &&
      google_artifact_registry_repository_iam_member.build.role == "roles/artifactregistry.writer" &&
      google_artifact_registry_repository_iam_member.build.repository == google_artifact_registry_repository.images.name &&
      alltrue([for member in [google_project_iam_member.build_source.member, google_project_iam_member.build_logs.member, google_storage_bucket_iam_member.build.member, google_artifact_registry_repository_iam_member.build.member] : member == google_service_account.build.member])
    )
    error_message = "the build account has more than it needs, or not that"
  }
  assert {
    condition = alltrue([
      for member in concat(values(google_project_iam_member.state), [google_project_iam_member.build_logs, google_project_iam_member.build_source]) :
      length(member.condition) == 1 || member.role == "roles/logging.logWriter"
      ]) && alltrue([
      for role in concat(
        values(google_project_iam_member.state)[*].role, [google_project_iam_member.build_logs.role, google_project_iam_member.build_source.role],
        values(google_secret_manager_secret_iam_member.read)[*].role, values(google_cloud_run_v2_service_iam_member.receive)[*].role,
      ) : !contains(["roles/owner", "roles/editor", "roles/viewer"], role) && !can(regex("[*]|[aA]dmin", role))
    ])
    error_message = "a role is a basic one or an administrator's, or is on the whole project"
  }
  assert {
    condition     = google_storage_bucket.source.public_access_prevention == "enforced" && google_storage_bucket.source.uniform_bucket_level_access == true
    error_message = "the package's bucket can be made public"
  }
}

run "no_values" {
  assert {
    condition = !can(regex("not-for-the-state", jsonencode([
      google_cloudfunctions2_function.function, google_secret_manager_secret.secret, google_secret_manager_secret_iam_member.read, google_storage_bucket.source,
      google_storage_bucket_object.package, google_cloud_scheduler_job.poll, google_firestore_database.state, google_firestore_field.expires,
      google_service_account.function, google_artifact_registry_repository.images, output.urls, output.secret_names, output.put_secret_commands, output.secret_fields,
    ])))
    error_message = "a value of the configuration got into a resource or an output"
  }
  assert {
    condition = alltrue([
      for name in setunion(fileset(path.module, "*.tf"), fileset(path.module, "../config/*.tf")) :
      !can(regex("secret_version|secret_data|secret_environment_variables|service_account_key|random_password", file("${path.module}/${name}")))
    ])
    error_message = "the module has a resource, an attribute or a data source that holds a secret's value"
  }
  assert {
    condition     = length(setunion(fileset(path.module, "*.tf"), fileset(path.module, "../config/*.tf"))) >= 11
    error_message = "the files of the module weren't searched"
  }
}
