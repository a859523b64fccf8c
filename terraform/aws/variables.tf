variable "name" {
  type        = string
  description = "Name of the deployment. Every other name is made of it, so that several live in one account."
  default     = "sigpost"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]([a-z0-9-]{0,30}[a-z0-9])?$", var.name))
    error_message = "name must be 1 to 32 of a-z, 0-9 and -, begin with a letter and not end with -."
  }
}

variable "package" {
  type        = string
  description = "Path of the zip that scripts/build wrote, usually dist/aws.zip."
  nullable    = false

  validation {
    condition     = fileexists(var.package)
    error_message = "There is no file ${var.package}. Run \"scripts/build --config sigpost.yaml\" first."
  }
}

variable "config_file" {
  type        = string
  description = "Path of the sigpost.yaml that was built into the package. The module reads names from it: sources, secrets, how often to poll."
  nullable    = false

  validation {
    condition     = !can(regex("\"(env|file)://", jsonencode(yamldecode(file(var.config_file)))))
    error_message = "${var.config_file} refers to env:// or file://, which a Lambda function does not have. Write secret://NAME instead."
  }
}

variable "mode" {
  type        = string
  description = "queue stores webhooks as jobs before it answers, and delivers them then, for a day if need be. direct delivers before it answers: no queue, no retries once the sender has its answer."
  default     = "queue"
  nullable    = false

  validation {
    condition     = contains(["queue", "direct"], var.mode)
    error_message = "mode must be queue or direct."
  }
}

variable "public" {
  type        = bool
  description = "Whether anybody may call the function URL; sigpost itself verifies every request. false makes no URL: put your own gateway in front and set base_url."
  default     = true
  nullable    = false
}

variable "base_url" {
  type        = string
  description = "Where senders reach the receive function, if not at its function URL: your gateway or domain. Used in the output urls."
  default     = ""
  nullable    = false

  validation {
    condition     = var.base_url == "" || can(regex("^https://[^/?#@ ]+(/[^?# ]*)?$", var.base_url))
    error_message = "base_url must be an https:// URL without query and fragment, such as https://hooks.example.com."
  }
}

variable "state" {
  type        = bool
  description = "Whether to keep state in a DynamoDB table: what was delivered, message ids, cursors. false keeps it in each instance's memory, so a repeated webhook may be posted twice."
  default     = true
  nullable    = false

  validation {
    condition     = var.state || !var.poll || module.config.poll_minutes == 0
    error_message = "state can't be false with a polled source: its cursor would be lost with each new instance. Set state = true, or poll = false."
  }
  validation {
    condition     = var.state || var.mode != "queue"
    error_message = "state can't be false in queue mode: a job that comes back would be posted again, and no instance would know how fast a sink may be posted to. Set state = true, or mode = \"direct\"."
  }
}

variable "poll" {
  type        = bool
  description = "Whether to poll the sources of the configuration that are polled. Without such a source there is no poll function anyway."
  default     = true
  nullable    = false
}

variable "architecture" {
  type        = string
  description = "Processor that the package was built for: arm64, or x86_64 after GOARCH=amd64 scripts/build."
  default     = "arm64"
  nullable    = false

  validation {
    condition     = contains(["arm64", "x86_64"], var.architecture)
    error_message = "architecture must be arm64 or x86_64."
  }
}

variable "memory_mb" {
  type        = number
  description = "Memory of each function in MB. CPU grows with it; 256 starts in tens of milliseconds."
  default     = 256
  nullable    = false

  validation {
    condition     = var.memory_mb >= 128 && var.memory_mb <= 10240 && floor(var.memory_mb) == var.memory_mb
    error_message = "memory_mb must be a whole number from 128 to 10240."
  }
}

variable "timeout_seconds" {
  type        = number
  description = "Most that a webhook may take, its deliveries included. Senders wait for 5 to 30 seconds."
  default     = 30
  nullable    = false

  validation {
    condition     = var.timeout_seconds >= 3 && var.timeout_seconds <= 900 && floor(var.timeout_seconds) == var.timeout_seconds
    error_message = "timeout_seconds must be a whole number from 3 to 900."
  }
}

variable "poll_timeout_seconds" {
  type        = number
  description = "Most that one poll may take. Under the smallest \"every\", two polls don't overlap."
  default     = 55
  nullable    = false

  validation {
    condition     = var.poll_timeout_seconds >= 10 && var.poll_timeout_seconds <= 900 && floor(var.poll_timeout_seconds) == var.poll_timeout_seconds
    error_message = "poll_timeout_seconds must be a whole number from 10 to 900."
  }
}

variable "deliver_timeout_seconds" {
  type        = number
  description = "Most that a batch of jobs may take. One job gets 20 seconds of it at most; those that are not begun in time go back."
  default     = 60
  nullable    = false

  validation {
    condition     = var.deliver_timeout_seconds >= 30 && var.deliver_timeout_seconds <= 900 && floor(var.deliver_timeout_seconds) == var.deliver_timeout_seconds
    error_message = "deliver_timeout_seconds must be a whole number from 30 to 900."
  }
}

variable "deliver_batch_size" {
  type        = number
  description = "Most jobs in one call of the deliver function. Those of different subjects are done at once, so more cost less."
  default     = 10
  nullable    = false

  validation {
    condition     = contains(range(1, 11), var.deliver_batch_size)
    error_message = "deliver_batch_size must be a whole number from 1 to 10."
  }
}

variable "deliver_concurrency" {
  type        = number
  description = "Most instances of the deliver function at a time. Jobs wait for one; nothing is lost."
  default     = 5
  nullable    = false

  validation {
    condition     = var.deliver_concurrency >= 2 && var.deliver_concurrency <= 1000 && floor(var.deliver_concurrency) == var.deliver_concurrency
    error_message = "deliver_concurrency must be a whole number from 2, the least that AWS takes, to 1000."
  }
}

variable "dead_retention_days" {
  type        = number
  description = "How long dead jobs are kept, in days. After that they are gone."
  default     = 14
  nullable    = false

  validation {
    condition     = contains(range(1, 15), var.dead_retention_days)
    error_message = "dead_retention_days must be a whole number from 1 to 14, the most that SQS keeps anything."
  }
}

variable "reserved_concurrency" {
  type        = number
  description = "Most instances of the receive function at a time, taken from the account's quota; -1 is no limit. A new account's quota of 10 leaves nothing to reserve."
  default     = -1
  nullable    = false

  validation {
    condition     = (var.reserved_concurrency == -1 || var.reserved_concurrency >= 1) && floor(var.reserved_concurrency) == var.reserved_concurrency
    error_message = "reserved_concurrency must be a whole number from 1 on, or -1 for no limit. 0 would stop the function."
  }
}

variable "poll_reserved_concurrency" {
  type        = number
  description = "The same for the poll function; 1 keeps two polls from running at once whatever their duration."
  default     = -1
  nullable    = false

  validation {
    condition     = (var.poll_reserved_concurrency == -1 || var.poll_reserved_concurrency >= 1) && floor(var.poll_reserved_concurrency) == var.poll_reserved_concurrency
    error_message = "poll_reserved_concurrency must be a whole number from 1 on, or -1 for no limit. 0 would stop the function."
  }
}

variable "log_retention_days" {
  type        = number
  description = "How long CloudWatch keeps the logs, in days."
  default     = 30
  nullable    = false

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "log_retention_days must be a number that CloudWatch knows: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653."
  }
}

variable "log_level" {
  type        = string
  description = "Least level that sigpost logs: DEBUG, INFO, WARN or ERROR."
  default     = "INFO"
  nullable    = false

  validation {
    condition     = contains(["DEBUG", "INFO", "WARN", "ERROR"], var.log_level)
    error_message = "log_level must be DEBUG, INFO, WARN or ERROR."
  }
}

variable "alarms" {
  type        = bool
  description = "Whether to make alarms, which CloudWatch charges for."
  default     = true
  nullable    = false
}

variable "alarm_topic_arn" {
  type        = string
  description = "SNS topic that alarms go to; empty makes one."
  default     = ""
  nullable    = false

  validation {
    condition     = var.alarm_topic_arn == "" || can(regex("^arn:[a-z-]+:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]+$", var.alarm_topic_arn))
    error_message = "alarm_topic_arn must be the ARN of a standard SNS topic: CloudWatch sends to no FIFO topic."
  }
}

variable "alarm_emails" {
  type        = set(string)
  description = "Addresses that the topic made here sends to. Each gets a mail first in which it must agree."
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for address in var.alarm_emails : can(regex("^[^@ ]+@[^@ ]+$", address))])
    error_message = "alarm_emails: one is no address."
  }
  validation {
    condition     = length(var.alarm_emails) == 0 || var.alarms && var.alarm_topic_arn == ""
    error_message = "alarm_emails are for the topic that this module makes: leave alarm_topic_arn empty and alarms on, or subscribe the addresses to your own topic."
  }
}

variable "alarm_oldest_minutes" {
  type        = number
  description = "Age of a job, in minutes, above which there is an alarm; 0 is none."
  default     = 15
  nullable    = false

  validation {
    condition     = var.alarm_oldest_minutes >= 0 && var.alarm_oldest_minutes <= 1440 && floor(var.alarm_oldest_minutes) == var.alarm_oldest_minutes
    error_message = "alarm_oldest_minutes must be a whole number from 0 to 1440, after which jobs are dead."
  }
}

variable "alarm_signature_failures" {
  type        = number
  description = "Requests without a good signature in 5 minutes above which there is an alarm; 0 is none. A public URL gets some from scanners."
  default     = 20
  nullable    = false

  validation {
    condition     = var.alarm_signature_failures >= 0 && floor(var.alarm_signature_failures) == var.alarm_signature_failures
    error_message = "alarm_signature_failures must be a whole number, or 0 for no alarm."
  }
}

variable "alarm_silence_hours" {
  type        = number
  description = "Hours without a delivery after which there is an alarm; 0 is none. For where traffic never pauses so long, nights and weekends included."
  default     = 0
  nullable    = false

  validation {
    condition     = var.alarm_silence_hours >= 0 && var.alarm_silence_hours <= 168 && floor(var.alarm_silence_hours) == var.alarm_silence_hours
    error_message = "alarm_silence_hours must be a whole number from 0 to 168, the most that CloudWatch looks back."
  }
  validation {
    condition     = var.alarm_silence_hours == 0 || !var.alarms || contains(["DEBUG", "INFO"], var.log_level)
    error_message = "alarm_silence_hours counts the log's lines on deliveries, which are of level INFO: set log_level to INFO."
  }
}

variable "dashboard" {
  type        = bool
  description = "Whether to make a CloudWatch dashboard."
  default     = true
  nullable    = false
}

variable "metrics_per_sink" {
  type        = bool
  description = "Whether the metrics of deliveries are also made for each sink, with the dimension sink."
  default     = false
  nullable    = false
}

variable "existing_secrets" {
  type = map(object({
    arn         = string
    kms_key_arn = optional(string, "")
  }))
  description = "Secrets that are kept elsewhere in this account, by their NAME in secret://NAME: ARN, and key if it is not aws/secretsmanager. The module makes no container for them. They must be called <name>/NAME."
  default     = {}
  nullable    = false

  validation {
    condition = alltrue([
      for name, secret in var.existing_secrets :
      can(regex("^arn:[a-z-]+:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[A-Za-z0-9._/+=@-]+-[A-Za-z0-9]{6}$", secret.arn))
    ])
    error_message = "existing_secrets: an arn is not a secret's whole ARN, with the 6 characters that Secrets Manager put at its end."
  }
  validation {
    condition = alltrue([
      for name, secret in var.existing_secrets :
      can(regex("^[^:]+:[^:]+:[^:]+:[^:]+:[^:]+:secret:", secret.arn)) ? startswith(split(":", secret.arn)[6], "${var.name}/${name}-") : true
    ])
    error_message = "existing_secrets: the secret behind secret://NAME must be called ${var.name}/NAME in Secrets Manager."
  }
  validation {
    condition     = alltrue([for secret in values(var.existing_secrets) : secret.kms_key_arn == "" || can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", secret.kms_key_arn))])
    error_message = "existing_secrets: a kms_key_arn is not the ARN of a key. An alias will not do."
  }
  validation {
    condition     = length(setsubtract(keys(var.existing_secrets), setunion(module.config.secrets.receive, module.config.secrets.poll))) == 0
    error_message = "existing_secrets names a secret that the configuration does not refer to."
  }
}

variable "kms_key_arn" {
  type        = string
  description = "Key that encrypts the secrets this module makes; empty is the account's aws/secretsmanager key. The functions may decrypt with it."
  default     = ""
  nullable    = false

  validation {
    condition     = var.kms_key_arn == "" || can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", var.kms_key_arn))
    error_message = "kms_key_arn must be the ARN of a key. An alias will not do."
  }
}

variable "recovery_window_days" {
  type        = number
  description = "How long a destroyed secret can be restored. As long, its name can't be used again; 0 deletes at once."
  default     = 7
  nullable    = false

  validation {
    condition     = var.recovery_window_days == 0 || contains(range(7, 31), var.recovery_window_days)
    error_message = "recovery_window_days must be a whole number from 7 to 30, or 0."
  }
}

variable "permissions_boundary_arn" {
  type        = string
  description = "Policy that bounds the permissions of every role, where your organisation wants one."
  default     = ""
  nullable    = false

  validation {
    condition     = var.permissions_boundary_arn == "" || can(regex("^arn:[a-z-]+:iam::([0-9]{12}|aws):policy/.+$", var.permissions_boundary_arn))
    error_message = "permissions_boundary_arn must be the ARN of an IAM policy."
  }
}

variable "tags" {
  type        = map(string)
  description = "Tags of everything that can have some, besides sigpost = <name>."
  default     = {}
  nullable    = false

  validation {
    condition     = length(var.tags) <= 45 && alltrue([for key, value in var.tags : key != "sigpost" && !startswith(lower(key), "aws:") && length(key) <= 128 && length(value) <= 256])
    error_message = "tags must be at most 45, none called sigpost or aws:…, keys up to 128 and values up to 256 characters."
  }
}
