# A complete root: GitHub to Slack, and every event to BigQuery, on AWS. The
# functions prove to Google which role they have; there is no key. Write your
# project's ID and number into sigpost.yaml first:
#
#   gcloud projects describe PROJECT --format='value(projectNumber)'
#   scripts/build --config terraform/examples/aws-bigquery/sigpost.yaml
#   cd terraform/examples/aws-bigquery && terraform init && terraform apply -var project=PROJECT

terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 6.28, < 7.0"
    }
    google = {
      source  = "hashicorp/google"
      version = ">= 7.0, < 8.0"
    }
  }
}

variable "region" {
  type        = string
  description = "Region of AWS to deploy to."
  default     = "eu-central-1"
  nullable    = false
}

variable "project" {
  type        = string
  description = "ID of the project on Google Cloud that keeps the rows."
  nullable    = false
}

variable "location" {
  type        = string
  description = "Where in it the rows are kept."
  default     = "EU"
  nullable    = false
}

variable "package" {
  type        = string
  description = "Path of what scripts/build wrote."
  default     = "../../../dist/aws.zip"
  nullable    = false
}

variable "config_file" {
  type        = string
  description = "Path of the configuration that was given to scripts/build."
  default     = "sigpost.yaml"
  nullable    = false
}

provider "aws" {
  region = var.region
}

provider "google" {
  project = var.project
}

module "sigpost" {
  source      = "../../aws"
  package     = var.package
  config_file = var.config_file
}

module "bigquery" {
  source   = "../../bigquery"
  project  = var.project
  location = var.location
  aws      = module.sigpost.delivering_roles
}

check "sink" {
  assert {
    condition = contains(
      [for sink in values(yamldecode(file(var.config_file)).sinks) : try("${sink.project}.${sink.dataset}.${sink.table} ${sink.workload_identity}", "")],
      "${module.bigquery.table} ${module.bigquery.audience}",
    )
    error_message = "No sink of ${var.config_file} writes to the table made here. It should be:\n${module.bigquery.sigpost_yaml}"
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

output "sigpost_yaml" {
  description = "The sink, as sigpost.yaml needs it."
  value       = module.bigquery.sigpost_yaml
}

output "views" {
  description = "What to query."
  value       = module.bigquery.views
}
