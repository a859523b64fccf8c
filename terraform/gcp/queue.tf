# Queue mode: a topic with the jobs, the subscription that pushes them to the
# function deliver, and a topic that keeps what could not be delivered.

locals {
  deliver_timeout = 60
  # The URL of a Cloud Run service that is known before it is made. The function
  # is told it as the audience of the tokens to accept, which its own attribute
  # uri could not be: that is known when the function is.
  # https://cloud.google.com/run/docs/triggering/https-request#deterministic
  deliver_url = "https://${var.name}-deliver-${data.google_project.project.number}.${var.region}.run.app"

  push = local.queue ? {
    SIGPOST_PUSH_AUDIENCE = local.deliver_url
    SIGPOST_PUSH_ACCOUNT  = google_service_account.push[0].email
  } : {}

  # Pub/Sub itself, which forwards to the topic of the dead, and asks for the
  # tokens of its pushes.
  pubsub_agent = "serviceAccount:service-${data.google_project.project.number}@gcp-sa-pubsub.iam.gserviceaccount.com"
}

resource "google_pubsub_topic" "jobs" {
  count = local.queue ? 1 : 0

  project = var.project
  name    = "${var.name}-jobs"
  labels  = local.labels

  # One region, since the order of messages is kept within one.
  message_storage_policy {
    allowed_persistence_regions = [var.region]
  }

  depends_on = [google_project_service.api]
}

resource "google_pubsub_topic" "dead" {
  count = local.queue ? 1 : 0

  project = var.project
  name    = "${var.name}-dead"
  labels  = local.labels

  message_storage_policy {
    allowed_persistence_regions = [var.region]
  }

  depends_on = [google_project_service.api]
}

resource "google_pubsub_subscription" "deliver" {
  count = local.queue ? 1 : 0

  project                    = var.project
  name                       = "${var.name}-deliver"
  topic                      = google_pubsub_topic.jobs[0].id
  labels                     = local.labels
  enable_message_ordering    = true
  ack_deadline_seconds       = 2 * local.deliver_timeout # later than the function's own end
  message_retention_duration = "604800s"                 # 7 days

  push_config {
    push_endpoint = local.deliver_url

    oidc_token {
      service_account_email = google_service_account.push[0].email
      audience              = local.deliver_url
    }
  }

  # The function keeps the longer pauses of a job itself, and moves it on before
  # its deliveries are used up: see functions/gcp/lane.go.
  retry_policy {
    minimum_backoff = "10s"
    maximum_backoff = "600s"
  }

  # For what the function can't bury: because it doesn't run, or dies of it.
  dead_letter_policy {
    dead_letter_topic     = google_pubsub_topic.dead[0].id
    max_delivery_attempts = 100
  }

  expiration_policy {
    ttl = "" # never
  }

  depends_on = [
    google_cloud_run_v2_service_iam_member.push,
    google_cloudfunctions2_function.function,
    google_pubsub_topic_iam_member.forward,
  ]
}

# What is dead waits here for "sigpost dead".
resource "google_pubsub_subscription" "dead" {
  count = local.queue ? 1 : 0

  project                    = var.project
  name                       = "${var.name}-dead"
  topic                      = google_pubsub_topic.dead[0].id
  labels                     = local.labels
  ack_deadline_seconds       = 600
  message_retention_duration = "2678400s" # 31 days, the most

  expiration_policy {
    ttl = "" # never
  }
}
