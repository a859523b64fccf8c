# Queue mode, which is the default, and direct mode.

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

run "subscription" {
  assert {
    condition = (
      google_pubsub_subscription.deliver[0].topic == google_pubsub_topic.jobs[0].id &&
      google_pubsub_subscription.deliver[0].enable_message_ordering == true &&
      google_pubsub_subscription.deliver[0].expiration_policy[0].ttl == "" &&
      google_pubsub_subscription.deliver[0].message_retention_duration == "604800s" &&
      google_pubsub_subscription.deliver[0].retry_policy[0].minimum_backoff == "10s" &&
      google_pubsub_subscription.deliver[0].retry_policy[0].maximum_backoff == "600s" &&
      google_pubsub_subscription.deliver[0].dead_letter_policy[0].dead_letter_topic == google_pubsub_topic.dead[0].id &&
      google_pubsub_subscription.deliver[0].dead_letter_policy[0].max_delivery_attempts == 100
    )
    error_message = "subscription: ${jsonencode(google_pubsub_subscription.deliver)}"
  }
  assert {
    condition     = google_pubsub_subscription.deliver[0].ack_deadline_seconds > google_cloudfunctions2_function.function["deliver"].service_config[0].timeout_seconds && google_pubsub_subscription.deliver[0].ack_deadline_seconds <= 600
    error_message = "a job is brought again while a function still works on it"
  }
  assert {
    condition = (
      google_pubsub_subscription.deliver[0].push_config[0].push_endpoint == "https://sigpost-deliver-123456789012.europe-west1.run.app" &&
      google_pubsub_subscription.deliver[0].push_config[0].oidc_token[0].audience == google_cloudfunctions2_function.function["deliver"].service_config[0].environment_variables["SIGPOST_PUSH_AUDIENCE"] &&
      google_pubsub_subscription.deliver[0].push_config[0].oidc_token[0].service_account_email == google_service_account.push[0].email
    )
    error_message = "the function would refuse the pushes: ${jsonencode(google_pubsub_subscription.deliver[0].push_config)}"
  }
  assert {
    condition = (
      google_pubsub_subscription.dead[0].topic == google_pubsub_topic.dead[0].id &&
      length(google_pubsub_subscription.dead[0].push_config) == 0 &&
      google_pubsub_subscription.dead[0].expiration_policy[0].ttl == "" &&
      google_pubsub_subscription.dead[0].message_retention_duration == "2678400s"
    )
    error_message = "the dead aren't kept for 31 days: ${jsonencode(google_pubsub_subscription.dead)}"
  }
  assert {
    condition     = alltrue([for topic in concat(google_pubsub_topic.jobs, google_pubsub_topic.dead) : topic.message_storage_policy[0].allowed_persistence_regions == toset(["europe-west1"])])
    error_message = "messages are kept in other regions, where their order is another"
  }
  assert {
    condition = (
      output.queue_topic == google_pubsub_topic.jobs[0].id && output.dead_topic == google_pubsub_topic.dead[0].id &&
      output.queue_subscription == google_pubsub_subscription.deliver[0].id && output.dead_subscription == google_pubsub_subscription.dead[0].id
    )
    error_message = "an output names something else"
  }
}

run "who" {
  assert {
    condition = (
      google_cloudfunctions2_function.function["deliver"].service_config[0].ingress_settings == "ALLOW_INTERNAL_ONLY" &&
      google_cloud_run_v2_service_iam_member.push[0].name == "sigpost-deliver" &&
      google_cloud_run_v2_service_iam_member.push[0].role == "roles/run.invoker" &&
      google_cloud_run_v2_service_iam_member.push[0].member == google_service_account.push[0].member &&
      google_service_account.push[0].account_id == "sigpost-push"
    )
    error_message = "somebody else than the subscription may call deliver"
  }
  assert {
    condition = toset([for member in concat(values(google_pubsub_topic_iam_member.jobs), google_pubsub_topic_iam_member.dead, google_pubsub_topic_iam_member.forward) : "${member.topic} ${member.role} ${member.member}"]) == toset(concat(
      [for function in ["receive", "poll", "deliver"] : "sigpost-jobs roles/pubsub.publisher ${google_service_account.function[function].member}"],
      ["sigpost-dead roles/pubsub.publisher ${google_service_account.function["deliver"].member}"],
      ["sigpost-dead roles/pubsub.publisher serviceAccount:service-123456789012@gcp-sa-pubsub.iam.gserviceaccount.com"],
    ))
    error_message = "somebody may publish who need not, or need and may not"
  }
  assert {
    condition = (
      google_pubsub_subscription_iam_member.forward[0].subscription == "sigpost-deliver" &&
      google_pubsub_subscription_iam_member.forward[0].role == "roles/pubsub.subscriber" &&
      google_pubsub_subscription_iam_member.forward[0].member == "serviceAccount:service-123456789012@gcp-sa-pubsub.iam.gserviceaccount.com" &&
      google_service_account_iam_member.push_token[0].service_account_id == google_service_account.push[0].name &&
      google_service_account_iam_member.push_token[0].role == "roles/iam.serviceAccountTokenCreator" &&
      google_service_account_iam_member.push_token[0].member == "serviceAccount:service-123456789012@gcp-sa-pubsub.iam.gserviceaccount.com"
    )
    error_message = "Pub/Sub can't forward what is dead, or can't push"
  }
}

run "limits" {
  command = plan
  variables {
    deliver_concurrency   = 3
    deliver_max_instances = 2
    labels                = { team = "platform" }
  }
  assert {
    condition = (
      google_cloudfunctions2_function.function["deliver"].service_config[0].max_instance_request_concurrency == 3 &&
      google_cloudfunctions2_function.function["deliver"].service_config[0].max_instance_count == 2
    )
    error_message = "an option didn't arrive"
  }
  assert {
    condition = alltrue([
      for labels in concat(google_pubsub_topic.jobs[*].labels, google_pubsub_topic.dead[*].labels, google_pubsub_subscription.deliver[*].labels, google_pubsub_subscription.dead[*].labels) :
      labels == tomap({ sigpost = "sigpost", team = "platform" })
    ])
    error_message = "something has other labels"
  }
}

run "direct" {
  variables {
    mode = "direct"
  }
  assert {
    condition = (
      keys(google_cloudfunctions2_function.function) == ["poll", "receive"] &&
      length(google_pubsub_topic.jobs) + length(google_pubsub_topic.dead) + length(google_pubsub_subscription.deliver) + length(google_pubsub_subscription.dead) == 0 &&
      length(google_service_account.push) + length(google_pubsub_topic_iam_member.jobs) + length(google_pubsub_topic_iam_member.dead) + length(google_service_account_iam_member.push_token) == 0 &&
      !contains(keys(google_project_service.api), "pubsub") &&
      "${output.queue_topic}${output.dead_topic}${output.queue_subscription}${output.dead_subscription}" == ""
    )
    error_message = "direct mode still makes something of a queue"
  }
  assert {
    condition = alltrue([
      for function in google_cloudfunctions2_function.function :
      function.service_config[0].environment_variables["SIGPOST_MODE"] == "direct" && !can(regex("TOPIC|PUSH", jsonencode(function.service_config[0].environment_variables)))
    ])
    error_message = "the functions are told of a queue that isn't there"
  }
  assert {
    condition = toset([for member in google_secret_manager_secret_iam_member.read : "${member.secret_id} ${member.member}"]) == toset(concat(
      [for id in ["sigpost_github-webhook", "sigpost_shared", "sigpost_bundle", "sigpost_certifyclouds-token", "sigpost_slack-ops", "teams-platform"] : "${id} ${google_service_account.function["receive"].member}"],
      [for id in ["sigpost_bundle", "sigpost_shared", "sigpost_slack-ops", "teams-platform"] : "${id} ${google_service_account.function["poll"].member}"],
    ))
    error_message = "in direct mode whoever receives also delivers: ${jsonencode(keys(google_secret_manager_secret_iam_member.read))}"
  }
}
