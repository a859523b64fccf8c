# Where the functions remember what was delivered. Entries expire by the
# timestamp in the field "expires".

locals {
  database   = var.existing_database != "" ? var.existing_database : "${var.name}-state"
  collection = "${var.name}-state"
}

resource "google_firestore_database" "state" {
  count = var.state && var.existing_database == "" ? 1 : 0

  project                 = var.project
  name                    = local.database
  location_id             = var.firestore_location != "" ? var.firestore_location : var.region
  type                    = "FIRESTORE_NATIVE"
  delete_protection_state = "DELETE_PROTECTION_DISABLED"
  deletion_policy         = "DELETE" # nothing in it outlives the deployment

  depends_on = [google_project_service.api]
}

resource "google_firestore_field" "expires" {
  count = var.state ? 1 : 0

  project    = var.project
  database   = one(concat(google_firestore_database.state[*].name, compact([var.existing_database])))
  collection = local.collection
  field      = "expires"

  ttl_config {}
  index_config {} # nobody asks for it, and an index on times is a hotspot

  depends_on = [google_project_service.api]
}
