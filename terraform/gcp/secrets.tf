# Containers only. Their values are put with the commands of the output
# put_secret_commands, and never pass through Terraform.

locals {
  # file:///etc/secrets/NAME/value is the secret NAME, mounted into the functions
  # that need it. A folder for each, since a mount hides what else is in one.
  mount_path = "/etc/secrets"
  mounted = {
    for key, function in local.functions :
    key => toset([for path in function.files : regex("^/etc/secrets/([A-Za-z0-9_-]+)/value$", path)[0]])
  }

  # A secret by its full name is kept elsewhere, and is not prefixed. Its name
  # may end in a version, which is no other secret.
  base = {
    for name in setunion(concat(values(local.functions)[*].secrets, values(local.mounted))...) : name => replace(name, "/[/]versions[/].*$/", "")
  }
  secrets = {
    for name in toset(values(local.base)) : name => {
      project = try(regex("^projects/([^/]+)/secrets/", name)[0], var.project)
      id      = try(regex("^projects/[^/]+/secrets/(.*)$", name)[0], "${local.prefix}${name}")
      made    = !startswith(name, "projects/") && !contains(var.existing_secrets, name)
      fields  = distinct(flatten([for full, base in local.base : lookup(module.config.fields, full, []) if base == name]))
    }
  }
}

resource "google_secret_manager_secret" "secret" {
  for_each = { for name, secret in local.secrets : name => secret if secret.made }

  project   = each.value.project
  secret_id = each.value.id
  labels    = local.labels
  annotations = merge(
    { reference = contains(keys(module.config.fields), each.key) ? "secret://${each.key}" : "file://${local.mount_path}/${each.key}/value" },
    length(each.value.fields) > 0 ? { fields = join(",", each.value.fields) } : {},
  )

  replication {
    dynamic "auto" {
      for_each = length(var.secret_locations) == 0 ? [var.kms_key_name] : []
      content {
        dynamic "customer_managed_encryption" {
          for_each = compact([auto.value])
          content {
            kms_key_name = customer_managed_encryption.value
          }
        }
      }
    }
    dynamic "user_managed" {
      for_each = length(var.secret_locations) > 0 ? [var.secret_locations] : []
      content {
        dynamic "replicas" {
          for_each = user_managed.value
          content {
            location = replicas.key
            dynamic "customer_managed_encryption" {
              for_each = compact([replicas.value])
              content {
                kms_key_name = customer_managed_encryption.value
              }
            }
          }
        }
      }
    }
  }

  depends_on = [google_project_service.api]
}

# Each function reads the secrets of its own sources and of all sinks.
resource "google_secret_manager_secret_iam_member" "read" {
  for_each = merge([
    for key, function in local.functions : {
      for name in setunion([for full in function.secrets : local.base[full]], local.mounted[key]) : "${key} ${name}" => { function = key, secret = name }
    }
  ]...)

  project   = local.secrets[each.value.secret].project
  secret_id = try(google_secret_manager_secret.secret[each.value.secret].secret_id, local.secrets[each.value.secret].id)
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.function[each.value.function].member
}
