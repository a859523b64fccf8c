# One account for each function, one that builds and one that runs the
# schedule, each with what it needs and no more.

resource "google_service_account" "function" {
  for_each = local.functions

  project      = var.project
  account_id   = "${var.name}-${each.key}"
  display_name = "sigpost ${var.name}: function ${each.key}"
  depends_on   = [google_project_service.api]
}

resource "google_service_account" "build" {
  project      = var.project
  account_id   = "${var.name}-build"
  display_name = "sigpost ${var.name}: builds the functions"
  depends_on   = [google_project_service.api]
}

resource "google_service_account" "scheduler" {
  count = local.poll ? 1 : 0

  project      = var.project
  account_id   = "${var.name}-scheduler"
  display_name = "sigpost ${var.name}: runs the function poll"
  depends_on   = [google_project_service.api]
}

resource "google_service_account" "push" {
  count = local.queue ? 1 : 0

  project      = var.project
  account_id   = "${var.name}-push"
  display_name = "sigpost ${var.name}: brings jobs to the function deliver"
  depends_on   = [google_project_service.api]
}

# Who may call the functions. sigpost verifies every webhook itself.
resource "google_cloud_run_v2_service_iam_member" "receive" {
  for_each = setunion(var.public ? ["allUsers"] : [], var.invokers)

  project  = var.project
  location = var.region
  name     = google_cloudfunctions2_function.function["receive"].name
  role     = "roles/run.invoker"
  member   = each.value
}

resource "google_cloud_run_v2_service_iam_member" "scheduler" {
  count = local.poll ? 1 : 0

  project  = var.project
  location = var.region
  name     = google_cloudfunctions2_function.function["poll"].name
  role     = "roles/run.invoker"
  member   = google_service_account.scheduler[0].member
}

# The function verifies the token of this account once more itself.
resource "google_cloud_run_v2_service_iam_member" "push" {
  count = local.queue ? 1 : 0

  project  = var.project
  location = var.region
  name     = google_cloudfunctions2_function.function["deliver"].name
  role     = "roles/run.invoker"
  member   = google_service_account.push[0].member
}

# Receive and poll queue jobs, deliver puts them off and buries them.
resource "google_pubsub_topic_iam_member" "jobs" {
  for_each = local.queue ? local.functions : {}

  project = var.project
  topic   = google_pubsub_topic.jobs[0].name
  role    = "roles/pubsub.publisher"
  member  = google_service_account.function[each.key].member
}

resource "google_pubsub_topic_iam_member" "dead" {
  count = local.queue ? 1 : 0

  project = var.project
  topic   = google_pubsub_topic.dead[0].name
  role    = "roles/pubsub.publisher"
  member  = google_service_account.function["deliver"].member
}

# Pub/Sub forwards what the dead-letter policy says, and takes it off the
# subscription.
resource "google_pubsub_topic_iam_member" "forward" {
  count = local.queue ? 1 : 0

  project = var.project
  topic   = google_pubsub_topic.dead[0].name
  role    = "roles/pubsub.publisher"
  member  = local.pubsub_agent
}

resource "google_pubsub_subscription_iam_member" "forward" {
  count = local.queue ? 1 : 0

  project      = var.project
  subscription = google_pubsub_subscription.deliver[0].name
  role         = "roles/pubsub.subscriber"
  member       = local.pubsub_agent
}

# Pub/Sub asks for identity tokens of the account that pushes. Projects older
# than April 2021 don't grant it that themselves.
resource "google_service_account_iam_member" "push_token" {
  count = local.queue ? 1 : 0

  service_account_id = google_service_account.push[0].name
  role               = "roles/iam.serviceAccountTokenCreator"
  member             = local.pubsub_agent
}

# Firestore has no policy of its own for a database, so the project's role is
# bounded to it by a condition.
resource "google_project_iam_member" "state" {
  for_each = var.state ? local.functions : {}

  project = var.project
  role    = "roles/datastore.user"
  member  = google_service_account.function[each.key].member

  condition {
    title       = "${var.name} state"
    description = "Only the database with the state of ${var.name}"
    expression  = "resource.type == \"firestore.googleapis.com/Database\" && resource.name == \"projects/${var.project}/databases/${local.database}\""
  }
}

# What a build needs: its log, the package, where Cloud Functions copies the
# package to, and the repository for the image.
resource "google_project_iam_member" "build_logs" {
  project = var.project
  role    = "roles/logging.logWriter"
  member  = google_service_account.build.member
}

resource "google_storage_bucket_iam_member" "build" {
  bucket = google_storage_bucket.source.name
  role   = "roles/storage.objectViewer"
  member = google_service_account.build.member
}

locals {
  sources = "projects/_/buckets/gcf-v2-sources-${data.google_project.project.number}-${var.region}"
}

resource "google_project_iam_member" "build_source" {
  project = var.project
  role    = "roles/storage.objectViewer"
  member  = google_service_account.build.member

  condition {
    title       = "${var.name} build"
    description = "Only the bucket that Cloud Functions copies packages to"
    # With the "/" europe-west1 is not europe-west10 too.
    expression = "resource.name == \"${local.sources}\" || resource.name.startsWith(\"${local.sources}/\")"
  }
}

resource "google_artifact_registry_repository_iam_member" "build" {
  project    = var.project
  location   = var.region
  repository = google_artifact_registry_repository.images.name
  role       = "roles/artifactregistry.writer"
  member     = google_service_account.build.member
}
