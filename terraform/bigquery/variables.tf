variable "name" {
  type        = string
  description = "Name of the deployment, in the names of roles and of the pool, so that several live in one project."
  default     = "sigpost"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]([a-z0-9-]{0,18}[a-z0-9])?$", var.name))
    error_message = "name must be 1 to 20 of a-z, 0-9 and -, begin with a letter and not end with -."
  }
}

variable "project" {
  type        = string
  description = "ID of the project that the dataset is in."
  nullable    = false

  validation {
    condition     = can(regex("^([a-z][a-z0-9.-]*:)?[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project))
    error_message = "project must be a project's ID, such as acme-prod: not its number and not its name."
  }
}

variable "location" {
  type        = string
  description = "Where the rows are kept: a region such as europe-west1, or the multi-regions EU or US. It can't be changed later."
  nullable    = false

  validation {
    condition     = can(regex("^([a-z]+-[a-z]+[0-9]+|EU|US)$", var.location))
    error_message = "location must be a region such as europe-west1, or EU or US."
  }
}

variable "dataset" {
  type        = string
  description = "Dataset to make for the table and the views."
  default     = "sigpost"
  nullable    = false

  # https://cloud.google.com/bigquery/docs/datasets#dataset-naming
  validation {
    condition     = can(regex("^[A-Za-z0-9_]+$", var.dataset)) && length(var.dataset) <= 1024
    error_message = "dataset must be 1 to 1024 letters, digits and _."
  }
}

variable "table" {
  type        = string
  description = "Table to make in it."
  default     = "events"
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_]+$", var.table)) && length(var.table) <= 1024
    error_message = "table must be 1 to 1024 letters, digits and _."
  }
  validation {
    condition     = !contains([for file in fileset("${path.module}/views", "*.sql") : trimsuffix(file, ".sql")], var.table)
    error_message = "table can't have the name of one of the views."
  }
}

variable "writers" {
  type        = map(string)
  description = "Who may insert rows, by any name: { deliver = \"serviceAccount:…\" }, such as the output delivering_members of ../gcp. They may insert and read the table's columns, and see nothing of what is in it."
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for member in var.writers : can(regex("^((serviceAccount|user|group):[^@ ]+@[^@ ]+|principal(Set)?://iam[.]googleapis[.]com/.+)$", member))])
    error_message = "writers must map names to IAM members such as serviceAccount:sigpost-deliver@acme-prod.iam.gserviceaccount.com."
  }
}

variable "aws" {
  type = object({
    account_id = string
    role_names = set(string)
  })
  description = "Functions on AWS that may insert rows, without a key: the account and the names of their roles, such as the output delivering_roles of ../aws. A workload identity pool is made that lets in these roles and nobody else."
  default     = null

  validation {
    condition     = var.aws == null || can(regex("^[0-9]{12}$", var.aws.account_id))
    error_message = "aws.account_id must be the 12 digits of an account, in quotes."
  }
  validation {
    condition     = var.aws == null || try(length(var.aws.role_names) > 0 && alltrue([for role in var.aws.role_names : can(regex("^[A-Za-z0-9+=,.@_-]{1,64}$", role))]), false)
    error_message = "aws.role_names must list roles by name, such as sigpost-deliver-eu-central-1: no ARN, no path and no *."
  }
  # https://cloud.google.com/iam/docs/reference/rest/v1/projects.locations.workloadIdentityPools/create
  validation {
    condition     = var.aws == null || !startswith(var.name, "gcp-")
    error_message = "With aws, name can't begin with gcp-: Google keeps such names of pools for itself."
  }
}

variable "keep_days" {
  type        = number
  description = "How long rows are kept, in days since they were received; 0: for ever."
  default     = 0
  nullable    = false

  validation {
    condition     = var.keep_days >= 0 && var.keep_days <= 36500 && floor(var.keep_days) == var.keep_days
    error_message = "keep_days must be a whole number, 0 or more."
  }
}

variable "view_days" {
  type        = number
  description = "How far back the views look, in days since rows were received, which bounds what a query of them reads; 0: at all rows."
  default     = 0
  nullable    = false

  validation {
    condition     = var.view_days >= 0 && var.view_days <= 36500 && floor(var.view_days) == var.view_days
    error_message = "view_days must be a whole number, 0 or more."
  }
}

variable "require_partition_filter" {
  type        = bool
  description = "Whether every query of the table must say which days of received_at it wants. The views do so only with view_days."
  default     = false
  nullable    = false

  validation {
    condition     = !var.require_partition_filter || var.view_days > 0
    error_message = "With require_partition_filter = true the views need view_days: BigQuery refuses to read all rows."
  }
}

variable "deletion_protection" {
  type        = bool
  description = "Whether Terraform refuses to delete the table with its rows. Set it to false, and apply, before you remove it."
  default     = true
  nullable    = false
}

variable "kms_key_name" {
  type        = string
  description = "Key that encrypts the rows, in the same location; empty is Google's own. BigQuery's service account must be allowed to use it."
  default     = ""
  nullable    = false

  validation {
    condition     = var.kms_key_name == "" || can(regex("^projects/[^/]+/locations/${lower(var.location) == "eu" ? "europe" : lower(var.location)}/keyRings/[^/]+/cryptoKeys/[^/]+$", var.kms_key_name))
    error_message = "kms_key_name must be projects/PROJECT/locations/LOCATION/keyRings/RING/cryptoKeys/KEY, in the dataset's location (europe for EU, us for US)."
  }
}

variable "enable_apis" {
  type        = bool
  description = "Whether to turn on the APIs of the project that are needed. They stay on when the module is destroyed."
  default     = true
  nullable    = false
}

variable "labels" {
  type        = map(string)
  description = "Labels of everything that can have some, besides sigpost = <name>."
  default     = {}
  nullable    = false

  validation {
    condition     = length(var.labels) <= 60 && alltrue([for key, value in var.labels : key != "sigpost" && can(regex("^[a-z][a-z0-9_-]{0,62}$", key)) && can(regex("^[a-z0-9_-]{0,63}$", value))])
    error_message = "labels must be at most 60, none called sigpost, of a-z, 0-9, _ and -, up to 63 characters; keys begin with a letter."
  }
}
