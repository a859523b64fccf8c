variable "name" {
  type        = string
  description = "Name of the deployment. Every other name is made of it, so that several live in one project."
  default     = "sigpost"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]([a-z0-9-]{0,18}[a-z0-9])?$", var.name))
    error_message = "name must be 1 to 20 of a-z, 0-9 and -, begin with a letter and not end with -."
  }
}

variable "project" {
  type        = string
  description = "ID of the project to deploy to."
  nullable    = false

  validation {
    condition     = can(regex("^([a-z][a-z0-9.-]*:)?[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project))
    error_message = "project must be a project's ID, such as acme-prod: not its number and not its name."
  }
}

variable "region" {
  type        = string
  description = "Region of everything that has one, such as europe-west1."
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "region must be a region such as europe-west1, not a zone or a multi-region."
  }
}

variable "package" {
  type        = string
  description = "Path of the zip that scripts/build wrote, usually dist/gcp.zip."
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
    condition = alltrue([
      for found in try(regexall("\"(env|file)://([^\"]*)\"", jsonencode(yamldecode(file(var.config_file)))), []) :
      found[0] == "file" && can(regex("^/etc/secrets/[A-Za-z0-9_-]{1,200}/value$", found[1]))
    ])
    error_message = "${var.config_file} refers to env://, or to a file:// that the functions don't have. Write secret://NAME, or file:///etc/secrets/NAME/value to have that secret mounted."
  }
  validation {
    condition = try(alltrue([
      for name in regexall("\"secret://([A-Za-z0-9._/+=@-]+)[\"?]", jsonencode(yamldecode(file(var.config_file)))) :
      can(regex("^([A-Za-z0-9_-]{1,200}|projects/[a-z0-9-]+/secrets/[A-Za-z0-9_-]{1,255}(/versions/[A-Za-z0-9_-]+)?)$", name[0]))
    ]), true)
    error_message = "A secret in ${var.config_file} can't be called so in Secret Manager: use up to 200 letters, digits, - and _, or projects/PROJECT/secrets/NAME for one that is kept elsewhere."
  }
}

variable "mode" {
  type        = string
  description = "queue: webhooks are stored before they are answered, and delivered for up to a day by a function of its own. direct: they are delivered before they are answered; the smallest deployment, which leaves it to the senders to try again."
  default     = "queue"
  nullable    = false

  validation {
    condition     = contains(["queue", "direct"], var.mode)
    error_message = "mode must be queue or direct."
  }
}

variable "public" {
  type        = bool
  description = "Whether anybody may call the receive function; sigpost itself verifies every request. false leaves it to the members of invokers."
  default     = true
  nullable    = false
}

variable "invokers" {
  type        = set(string)
  description = "Who else may call the receive function, such as the service account of a gateway: serviceAccount:…"
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for member in var.invokers : can(regex("^(serviceAccount|user|group|domain|principal|principalSet):.+$", member))])
    error_message = "invokers must be IAM members such as serviceAccount:gateway@acme-prod.iam.gserviceaccount.com. For everybody set public = true."
  }
}

variable "base_url" {
  type        = string
  description = "Where senders reach the receive function, if not at its own URL: your gateway or domain. Used in the output urls."
  default     = ""
  nullable    = false

  validation {
    condition     = var.base_url == "" || can(regex("^https://[^/?#@ ]+(/[^?# ]*)?$", var.base_url))
    error_message = "base_url must be an https:// URL without query and fragment, such as https://hooks.example.com."
  }
}

variable "ingress" {
  type        = string
  description = "From where the receive function can be reached: ALLOW_ALL, ALLOW_INTERNAL_ONLY or ALLOW_INTERNAL_AND_GCLB."
  default     = "ALLOW_ALL"
  nullable    = false

  validation {
    condition     = contains(["ALLOW_ALL", "ALLOW_INTERNAL_ONLY", "ALLOW_INTERNAL_AND_GCLB"], var.ingress)
    error_message = "ingress must be ALLOW_ALL, ALLOW_INTERNAL_ONLY or ALLOW_INTERNAL_AND_GCLB."
  }
}

variable "state" {
  type        = bool
  description = "Whether to keep state in Firestore: what was delivered, message ids, cursors. false keeps it in each instance's memory, so a repeated webhook may be posted twice."
  default     = true
  nullable    = false

  validation {
    condition     = var.state || !var.poll || module.config.poll_minutes == 0
    error_message = "state can't be false with a polled source: its cursor would be lost with each new instance. Set state = true, or poll = false."
  }
  validation {
    condition     = var.state || var.mode != "queue"
    error_message = "state can't be false in queue mode: a job that was delivered could not be told from one that wasn't. Set state = true, or mode = \"direct\"."
  }
}

variable "existing_database" {
  type        = string
  description = "Firestore database to keep the state in, such as (default). Empty makes one of its own, which only the functions may use."
  default     = ""
  nullable    = false

  validation {
    condition     = contains(["", "(default)"], var.existing_database) || can(regex("^[a-z][a-z0-9-]{2,61}[a-z0-9]$", var.existing_database))
    error_message = "existing_database must be a database's ID, such as (default), without project."
  }
}

variable "firestore_location" {
  type        = string
  description = "Location of the database that is made; empty is the region. Firestore is not in every region: nam5 and eur3 are near all."
  default     = ""
  nullable    = false

  validation {
    condition     = var.firestore_location == "" || can(regex("^[a-z]+[a-z0-9-]*[0-9]$", var.firestore_location))
    error_message = "firestore_location must be a location of Firestore, such as europe-west1 or eur3."
  }
}

variable "poll" {
  type        = bool
  description = "Whether to poll the sources of the configuration that are polled. Without such a source there is no poll function anyway."
  default     = true
  nullable    = false
}

variable "memory_mb" {
  type        = number
  description = "Memory of a receive instance in MiB, shared by its concurrent requests. A body of 25 MB takes three times its size."
  default     = 512
  nullable    = false

  validation {
    condition     = var.memory_mb >= 128 && var.memory_mb <= 32768 && floor(var.memory_mb) == var.memory_mb
    error_message = "memory_mb must be a whole number from 128 to 32768."
  }
}

variable "cpu" {
  type        = number
  description = "CPUs of a receive instance. More than one request at a time needs at least 1."
  default     = 1
  nullable    = false

  validation {
    condition     = (var.cpu >= 0.08 && var.cpu < 1) || contains([1, 2, 4, 6, 8], var.cpu)
    error_message = "cpu must be 1, 2, 4, 6 or 8, or a fraction from 0.08."
  }
  # https://cloud.google.com/run/docs/configuring/services/cpu#cpu-memory
  validation {
    condition = var.memory_mb <= (
      var.cpu < 0.5 ? 512 : var.cpu < 1 ? 1024 : var.cpu < 2 ? 4096 : var.cpu < 4 ? 8192 : var.cpu < 6 ? 16384 : var.cpu < 8 ? 24576 : 32768
    )
    error_message = "So much memory_mb needs more cpu: more than 512 MiB at least 0.5, 1 GiB 1, 4 GiB 2, 8 GiB 4, 16 GiB 6, 24 GiB 8."
  }
  validation {
    condition     = var.cpu < 4 || var.memory_mb >= (var.cpu < 6 ? 2048 : 4096)
    error_message = "cpu = 4 needs memory_mb = 2048 or more, 6 and 8 need 4096."
  }
}

variable "concurrency" {
  type        = number
  description = "Most requests that a receive instance works on at a time."
  default     = 5
  nullable    = false

  validation {
    condition     = var.concurrency >= 1 && var.concurrency <= 1000 && floor(var.concurrency) == var.concurrency
    error_message = "concurrency must be a whole number from 1 to 1000."
  }
  validation {
    condition     = var.concurrency <= 1 || var.cpu >= 1
    error_message = "A concurrency above 1 needs cpu = 1 or more."
  }
}

variable "min_instances" {
  type        = number
  description = "Receive instances that are kept warm, and paid for."
  default     = 0
  nullable    = false

  validation {
    condition     = var.min_instances >= 0 && var.min_instances <= var.max_instances && floor(var.min_instances) == var.min_instances
    error_message = "min_instances must be a whole number from 0 to max_instances."
  }
}

variable "max_instances" {
  type        = number
  description = "Most receive instances at a time, which bounds what a flood of requests can cost."
  default     = 10
  nullable    = false

  validation {
    condition     = var.max_instances >= 1 && var.max_instances <= 1000 && floor(var.max_instances) == var.max_instances
    error_message = "max_instances must be a whole number from 1 to 1000."
  }
}

variable "timeout_seconds" {
  type        = number
  description = "Most that a webhook may take, in direct mode its deliveries included. Senders wait for 5 to 30 seconds."
  default     = 30
  nullable    = false

  validation {
    condition     = var.timeout_seconds >= 3 && var.timeout_seconds <= 3600 && floor(var.timeout_seconds) == var.timeout_seconds
    error_message = "timeout_seconds must be a whole number from 3 to 3600."
  }
}

variable "poll_timeout_seconds" {
  type        = number
  description = "Most that one poll may take. There is one at a time; the next tick is skipped while it runs."
  default     = 55
  nullable    = false

  validation {
    condition     = var.poll_timeout_seconds >= 15 && var.poll_timeout_seconds <= 1800 && floor(var.poll_timeout_seconds) == var.poll_timeout_seconds
    error_message = "poll_timeout_seconds must be a whole number from 15 to 1800, which is what Cloud Scheduler waits."
  }
}

variable "deliver_concurrency" {
  type        = number
  description = "Most jobs that a deliver instance works on at a time; most of that time it waits for receivers."
  default     = 10
  nullable    = false

  validation {
    condition     = var.deliver_concurrency >= 1 && var.deliver_concurrency <= 100 && floor(var.deliver_concurrency) == var.deliver_concurrency
    error_message = "deliver_concurrency must be a whole number from 1 to 100."
  }
}

variable "deliver_max_instances" {
  type        = number
  description = "Most deliver instances at a time."
  default     = 5
  nullable    = false

  validation {
    condition     = var.deliver_max_instances >= 1 && var.deliver_max_instances <= 1000 && floor(var.deliver_max_instances) == var.deliver_max_instances
    error_message = "deliver_max_instances must be a whole number from 1 to 1000."
  }
}

variable "existing_secrets" {
  type        = set(string)
  description = "NAMEs of secret://NAME or file:///etc/secrets/NAME/value whose secret <name>_NAME is already in the project. The module makes no container for them, and lets the functions read them."
  default     = []
  nullable    = false

  validation {
    condition = length(setsubtract(var.existing_secrets, setunion(
      module.config.secrets.receive, module.config.secrets.poll,
      [for path in setunion(module.config.files.receive, module.config.files.poll) : try(regex("^/etc/secrets/(.+)/value$", path)[0], path)],
    ))) == 0
    error_message = "existing_secrets names a secret that the configuration does not refer to."
  }
}

variable "kms_key_name" {
  type        = string
  description = "Key that encrypts the secrets this module makes, in the location global; empty is Google's own. Secret Manager's service agent must be allowed to use it."
  default     = ""
  nullable    = false

  validation {
    condition     = var.kms_key_name == "" || can(regex("^projects/[^/]+/locations/global/keyRings/[^/]+/cryptoKeys/[^/]+$", var.kms_key_name))
    error_message = "kms_key_name must be projects/PROJECT/locations/global/keyRings/RING/cryptoKeys/KEY; for keys of regions use secret_locations."
  }
  validation {
    condition     = var.kms_key_name == "" || length(var.secret_locations) == 0
    error_message = "Set kms_key_name or secret_locations, not both: with locations each has its own key."
  }
}

variable "secret_locations" {
  type        = map(string)
  description = "Regions that the secrets may be kept in, each with its key's name or \"\" for Google's own. Empty leaves the choice to Google."
  default     = {}
  nullable    = false

  validation {
    condition = alltrue([
      for location, key in var.secret_locations :
      can(regex("^[a-z]+-[a-z]+[0-9]+$", location)) && (key == "" || can(regex("^projects/[^/]+/locations/${location}/keyRings/[^/]+/cryptoKeys/[^/]+$", key)))
    ])
    error_message = "secret_locations must map regions to \"\" or to a key in the same region: projects/PROJECT/locations/REGION/keyRings/RING/cryptoKeys/KEY."
  }
}

variable "log_retention_days" {
  type        = number
  description = "How long the functions' logs are kept, in days, in a log bucket of the deployment's own. 0 makes none: they are only in the project's bucket _Default."
  default     = 30
  nullable    = false

  # https://cloud.google.com/logging/docs/buckets#custom-retention
  validation {
    condition     = var.log_retention_days >= 0 && var.log_retention_days <= 3650 && floor(var.log_retention_days) == var.log_retention_days
    error_message = "log_retention_days must be a whole number from 1 to 3650, which is what Cloud Logging keeps, or 0."
  }
}

variable "alarms" {
  type        = bool
  description = "Whether to make alert policies, each with a runbook in the README."
  default     = true
  nullable    = false
}

variable "alarm_channels" {
  type        = set(string)
  description = "Notification channels to tell of alarms: projects/PROJECT/notificationChannels/NUMBER."
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for channel in var.alarm_channels : can(regex("^projects/[^/]+/notificationChannels/[0-9]+$", channel))])
    error_message = "alarm_channels must be full names such as projects/acme-prod/notificationChannels/123; see gcloud beta monitoring channels list."
  }
}

variable "alarm_emails" {
  type        = set(string)
  description = "Addresses to tell of alarms by mail; for each a notification channel is made."
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for email in var.alarm_emails : can(regex("^[^@ ]+@[^@ ]+[.][^@ ]+$", email))])
    error_message = "alarm_emails must be mail addresses."
  }
}

variable "alarm_oldest_minutes" {
  type        = number
  description = "Age of the oldest waiting job that raises an alarm, in minutes; 0: none."
  default     = 15
  nullable    = false

  validation {
    condition     = var.alarm_oldest_minutes >= 0 && var.alarm_oldest_minutes <= 1440 && floor(var.alarm_oldest_minutes) == var.alarm_oldest_minutes
    error_message = "alarm_oldest_minutes must be a whole number from 0 to 1440."
  }
}

variable "alarm_signature_failures" {
  type        = number
  description = "How many requests in 5 minutes may be without a good signature or token before an alarm is raised; 0: none is raised."
  default     = 20
  nullable    = false

  validation {
    condition     = var.alarm_signature_failures >= 0 && floor(var.alarm_signature_failures) == var.alarm_signature_failures
    error_message = "alarm_signature_failures must be a whole number, 0 or more."
  }
}

variable "alarm_silence_hours" {
  type        = number
  description = "For how many hours nothing may be delivered before an alarm is raised, where something is expected all day; 0: none is raised."
  default     = 0
  nullable    = false

  validation {
    condition     = var.alarm_silence_hours >= 0 && var.alarm_silence_hours <= 23 && floor(var.alarm_silence_hours) == var.alarm_silence_hours
    error_message = "alarm_silence_hours must be a whole number from 0 to 23, which is what Cloud Monitoring looks back."
  }
}

variable "dashboard" {
  type        = bool
  description = "Whether to make a dashboard."
  default     = true
  nullable    = false
}

variable "enable_apis" {
  type        = bool
  description = "Whether to turn on the APIs of the project that are needed. They stay on when the deployment is destroyed."
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
