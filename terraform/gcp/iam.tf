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

resource "google_project_iam_member" "build_source" {
  project = var.project
  role    = "roles/storage.objectViewer"
  member  = google_service_account.build.member

  condition {
    title       = "${var.name} build"
    description = "Only the buckets that Cloud Functions copies packages to"
    expression  = "resource.name.startsWith(\"projects/_/buckets/gcf-v2-sources-${data.google_project.project.number}-${var.region}\")"
  }
}

resource "google_artifact_registry_repository_iam_member" "build" {
  project    = var.project
  location   = var.region
  repository = google_artifact_registry_repository.images.name
  role       = "roles/artifactregistry.writer"
  member     = google_service_account.build.member
}
