# A complete root: GitHub to Slack, on AWS, with a queue between.
#
#   scripts/build --config terraform/examples/aws/sigpost.yaml
#   cd terraform/examples/aws && terraform init && terraform apply

terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 6.28, < 7.0"
    }
  }
}

variable "region" {
  type        = string
  description = "Region to deploy to."
  default     = "eu-central-1"
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

module "sigpost" {
  source      = "../../aws"
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
