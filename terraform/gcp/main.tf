module "config" {
  source = "../config"
  file   = var.config_file
}

data "google_project" "project" {
  project_id = var.project
  depends_on = [google_project_service.resource_manager]
}

locals {
  labels = merge(var.labels, { sigpost = var.name })
  poll   = var.poll && module.config.poll_minutes > 0
  queue  = var.mode == "queue"
  # In queue mode only the function that delivers needs the sinks' secrets.
  needs = local.queue ? module.config.queue_secrets : module.config.secrets
  files = local.queue ? module.config.queue_files : module.config.files
  # No name of a deployment has a "_", so no two deployments can mean the same
  # secret.
  prefix = "${var.name}_"

  # One package serves both: the entry point says which function it is.
  functions = merge({
    receive = {
      description   = local.queue ? "Verifies webhooks and queues them" : "Verifies webhooks and delivers them as chat messages"
      entry_point   = "Receive"
      ingress       = var.ingress
      memory        = "${var.memory_mb}Mi"
      cpu           = tostring(var.cpu)
      concurrency   = var.concurrency
      min_instances = var.min_instances
      max_instances = var.max_instances
      timeout       = var.timeout_seconds
      secrets       = local.needs.receive
      files         = local.files.receive
    }
    }, local.poll ? {
    poll = {
      description   = local.queue ? "Asks polled sources for news and queues them" : "Asks polled sources for news and delivers them as chat messages"
      entry_point   = "Poll"
      ingress       = "ALLOW_INTERNAL_ONLY" # Cloud Scheduler counts as internal
      memory        = "256Mi"
      cpu           = null
      concurrency   = 1
      min_instances = 0
      max_instances = 1 # one poll at a time
      timeout       = var.poll_timeout_seconds
      secrets       = local.needs.poll
      files         = local.files.poll
    }
    } : {}, local.queue ? {
    deliver = {
      description   = "Delivers queued jobs as chat messages"
      entry_point   = "Deliver"
      ingress       = "ALLOW_INTERNAL_ONLY" # Pub/Sub of the same project counts as internal
      memory        = "512Mi"
      cpu           = "1"
      concurrency   = var.deliver_concurrency
      min_instances = 0
      max_instances = var.deliver_max_instances
      timeout       = local.deliver_timeout
      secrets       = module.config.queue_secrets.deliver
      files         = module.config.queue_files.deliver
    }
  } : {})

  environment = merge({
    SIGPOST_MODE           = var.mode
    SIGPOST_SECRETS_PREFIX = local.prefix
    GOOGLE_CLOUD_PROJECT   = var.project
    }, var.state ? {
    SIGPOST_STATE_DATABASE   = local.database
    SIGPOST_STATE_COLLECTION = local.collection
    } : {}, local.queue ? {
    SIGPOST_QUEUE_TOPIC = google_pubsub_topic.jobs[0].id
    SIGPOST_DEAD_TOPIC  = google_pubsub_topic.dead[0].id
    } : {}, var.base_url != "" ? {
    SIGPOST_URL = var.base_url # a function's own URL is known only once there is the function
  } : {})

  apis = var.enable_apis ? concat(
    ["artifactregistry", "cloudbuild", "cloudfunctions", "iam", "logging", "run", "secretmanager", "storage"],
    var.state ? ["firestore"] : [],
    local.poll ? ["cloudscheduler"] : [],
    local.queue ? ["pubsub"] : [],
    local.watched ? ["monitoring"] : [],
  ) : []
}

# Apart from the others: while what it depends on is to be changed, the project
# is not read, so its number is not known, and with it the bucket's name. A
# deployment that needs one more API would get a new bucket and a new build.
resource "google_project_service" "resource_manager" {
  count = var.enable_apis ? 1 : 0

  project            = var.project
  service            = "cloudresourcemanager.googleapis.com"
  disable_on_destroy = false
}

resource "google_project_service" "api" {
  for_each = toset(local.apis)

  project            = var.project
  service            = "${each.value}.googleapis.com"
  disable_on_destroy = false
  depends_on         = [google_project_service.resource_manager]
}

resource "google_cloudfunctions2_function" "function" {
  for_each = local.functions

  project     = var.project
  location    = var.region
  name        = "${var.name}-${each.key}"
  description = each.value.description
  labels      = local.labels

  build_config {
    runtime               = "go126"
    entry_point           = each.value.entry_point
    service_account       = google_service_account.build.id
    docker_repository     = google_artifact_registry_repository.images.id
    environment_variables = { GOOGLE_GOLDFLAGS = "-s -w" }

    source {
      storage_source {
        bucket = google_storage_bucket.source.name
        object = google_storage_bucket_object.package.name
      }
    }
  }

  service_config {
    service_account_email            = google_service_account.function[each.key].email
    ingress_settings                 = each.value.ingress
    available_memory                 = each.value.memory
    available_cpu                    = each.value.cpu
    max_instance_request_concurrency = each.value.concurrency
    min_instance_count               = each.value.min_instances
    max_instance_count               = each.value.max_instances
    timeout_seconds                  = each.value.timeout
    environment_variables            = merge(local.environment, { SIGPOST_TIMEOUT_SECONDS = tostring(each.value.timeout) }, each.key == "deliver" ? local.push : {})
    all_traffic_on_latest_revision   = true

    # Names only: the value of the latest version is read by the instance.
    dynamic "secret_volumes" {
      for_each = local.mounted[each.key]
      content {
        mount_path = "${local.mount_path}/${secret_volumes.value}"
        project_id = data.google_project.project.number
        secret     = local.secrets[secret_volumes.value].id
        versions {
          version = "latest"
          path    = "value"
        }
      }
    }
  }

  depends_on = [
    google_artifact_registry_repository_iam_member.build,
    google_project_iam_member.build_logs,
    google_project_iam_member.build_source,
    google_storage_bucket_iam_member.build,
    google_secret_manager_secret_iam_member.read,
    google_project_iam_member.state,
    google_firestore_field.expires,
    google_pubsub_topic_iam_member.jobs,
    google_pubsub_topic_iam_member.dead,
  ]
}

# The package, named by its content: a new one is a new object, and so a new
# build.
resource "google_storage_bucket" "source" {
  project                     = var.project
  location                    = var.region
  name                        = "${var.name}-source-${data.google_project.project.number}"
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = true
  labels                      = local.labels
  depends_on                  = [google_project_service.api]
}

resource "google_storage_bucket_object" "package" {
  bucket = google_storage_bucket.source.name
  name   = "${filesha256(var.package)}.zip"
  source = var.package

  lifecycle {
    create_before_destroy = true

    # scripts/build writes this file beside the package.
    precondition {
      condition     = !fileexists("${var.package}.config.sha256") || try(trimspace(file("${var.package}.config.sha256")), "") == filesha256(var.config_file)
      error_message = "${var.config_file} is not the configuration that is in ${var.package}. Run \"scripts/build --config ${var.config_file}\" first."
    }
  }
}

# The images that are built from it.
resource "google_artifact_registry_repository" "images" {
  project       = var.project
  location      = var.region
  repository_id = var.name
  description   = "Images of the functions of ${var.name}"
  format        = "DOCKER"
  labels        = local.labels

  cleanup_policies {
    id     = "delete-old"
    action = "DELETE"
    condition {
      older_than = "30d"
    }
  }
  cleanup_policies {
    id     = "keep-recent"
    action = "KEEP"
    most_recent_versions {
      keep_count = 5
    }
  }

  depends_on = [google_project_service.api]
}

# The schedule of the poll function. The next tick is the retry, so nothing
# else repeats a poll that failed. Unlike cron, "every" fits any number.
resource "google_cloud_scheduler_job" "poll" {
  count = local.poll ? 1 : 0

  project          = var.project
  region           = var.region
  name             = "${var.name}-poll"
  description      = "Runs ${var.name}-poll, which asks ${join(", ", module.config.polled)} for news"
  schedule         = "every ${module.config.poll_minutes} minutes"
  time_zone        = "Etc/UTC"
  attempt_deadline = "${var.poll_timeout_seconds}s"

  http_target {
    http_method = "POST"
    uri         = google_cloudfunctions2_function.function["poll"].service_config[0].uri

    oidc_token {
      service_account_email = google_service_account.scheduler[0].email
      audience              = google_cloudfunctions2_function.function["poll"].service_config[0].uri
    }
  }

  retry_config {
    retry_count = 0
  }

  depends_on = [google_cloud_run_v2_service_iam_member.scheduler]
}
