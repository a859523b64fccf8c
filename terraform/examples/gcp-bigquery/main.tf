# A complete root: GitHub to Slack, and every event to BigQuery, on Google Cloud.
# Write your project's ID into sigpost.yaml first.
#
#   scripts/build --config terraform/examples/gcp-bigquery/sigpost.yaml
#   cd terraform/examples/gcp-bigquery && terraform init && terraform apply -var project=PROJECT

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
  description = "Region to deploy to, and to keep the rows in."
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

module "bigquery" {
  source   = "../../bigquery"
  project  = var.project
  location = var.region
  writers  = module.sigpost.delivering_members
}

check "sink" {
  assert {
    condition     = contains([for sink in values(yamldecode(file(var.config_file)).sinks) : try("${sink.project}.${sink.dataset}.${sink.table}", "")], module.bigquery.table)
    error_message = "No sink of ${var.config_file} writes to the table made here, ${module.bigquery.table}."
  }
}

output "urls" {
  description = "URL to give to each sender."
  value       = module.sigpost.urls
}

output "put_secret_commands" {
  description = "Command that stores each secret's value."
  value       = module.sigpost.put_secret_commands
}

output "table" {
  description = "Where the events are."
  value       = module.bigquery.table
}

output "views" {
  description = "What to query."
  value       = module.bigquery.views
}
