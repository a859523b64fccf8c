# A complete root: GitHub to Slack through a queue, on Google Cloud.
#
#   scripts/build --config terraform/examples/gcp/sigpost.yaml
#   cd terraform/examples/gcp && terraform init && terraform apply -var project=PROJECT

terraform {
  required_version = ">= 1.11"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = ">= 7.0, < 8.0"
    }
  }
}

variable "project" {
  type        = string
  description = "ID of the project to deploy to."
  nullable    = false
}

variable "region" {
  type        = string
  description = "Region to deploy to."
  default     = "europe-west1"
  nullable    = false
}

variable "package" {
  type        = string
  description = "Path of what scripts/build wrote."
  default     = "../../../dist/gcp.zip"
  nullable    = false
}

variable "config_file" {
  type        = string
  description = "Path of the configuration that was given to scripts/build."
  default     = "sigpost.yaml"
  nullable    = false
}

provider "google" {
  project = var.project
  region  = var.region
}

module "sigpost" {
  source      = "../../gcp"
  project     = var.project
  region      = var.region
  package     = var.package
  config_file = var.config_file
}

output "urls" {
  description = "URL to give to each sender."
  value       = module.sigpost.urls
}

output "put_secret_commands" {
  description = "Command that stores each secret's value."
  value       = module.sigpost.put_secret_commands
}

output "queue_topic" {
  description = "Topic with the jobs, for sigpost dead resend --to."
  value       = module.sigpost.queue_topic
}

output "dead_subscription" {
  description = "Subscription with the dead jobs, for sigpost dead --from."
  value       = module.sigpost.dead_subscription
}

output "log_queries" {
  description = "Queries for the Logs Explorer."
  value       = module.sigpost.log_queries
}
