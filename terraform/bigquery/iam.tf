# Who may insert rows, and what that takes: the permissions of
# tabledata.insertAll and no other, on the one table and its dataset.
# https://cloud.google.com/bigquery/docs/streaming-data-into-bigquery#required_permissions

locals {
  role = replace(var.name, "-", "_")

  # https://cloud.google.com/iam/docs/workload-identity-federation-with-other-clouds
  aws_arns = var.aws == null ? {} : {
    for role in var.aws.role_names : role => "arn:aws:sts::${var.aws.account_id}:assumed-role/${role}"
  }
  aws_writers = {
    for role, arn in local.aws_arns : "aws ${role}" => "principalSet://iam.googleapis.com/${google_iam_workload_identity_pool.aws[0].name}/attribute.aws_role/${arn}"
  }
  writers = merge(var.writers, local.aws_writers)
}

resource "google_project_iam_custom_role" "table" {
  project     = var.project
  role_id     = "${local.role}_bigquery_table"
  title       = "sigpost ${var.name}: insert rows"
  description = "Inserts rows into a table and reads its columns, but none of its rows"
  permissions = ["bigquery.tables.get", "bigquery.tables.updateData"]
  depends_on  = [google_project_service.api]
}

resource "google_project_iam_custom_role" "dataset" {
  project     = var.project
  role_id     = "${local.role}_bigquery_dataset"
  title       = "sigpost ${var.name}: see the dataset"
  description = "Sees that a dataset is there, as inserting rows wants it"
  permissions = ["bigquery.datasets.get"]
  depends_on  = [google_project_service.api]
}

resource "google_bigquery_table_iam_member" "writer" {
  for_each = local.writers

  project    = var.project
  dataset_id = google_bigquery_dataset.sigpost.dataset_id
  table_id   = google_bigquery_table.events.table_id
  role       = google_project_iam_custom_role.table.name
  member     = each.value
}

# Not google_bigquery_dataset_iam_member: that takes no principalSet in most
# versions, and removes authorized views.
# https://github.com/hashicorp/terraform-provider-google/issues/26087
resource "google_bigquery_dataset_access" "writer" {
  for_each = local.writers

  project        = var.project
  dataset_id     = google_bigquery_dataset.sigpost.dataset_id
  role           = google_project_iam_custom_role.dataset.name
  user_by_email  = can(regex("^(serviceAccount|user):", each.value)) ? split(":", each.value)[1] : null
  group_by_email = startswith(each.value, "group:") ? split(":", each.value)[1] : null
  iam_member     = startswith(each.value, "principal") ? each.value : null
}

# AWS proves by a signed GetCallerIdentity which role calls; Google gives that
# role, and no other, a token for an hour. No key is made or stored.
resource "google_iam_workload_identity_pool" "aws" {
  count = var.aws == null ? 0 : 1

  project                   = var.project
  workload_identity_pool_id = "${var.name}-aws"
  display_name              = "sigpost ${var.name}" # at most 32 characters
  description               = "Functions on AWS that insert rows into BigQuery"
  depends_on                = [google_project_service.api]
}

resource "google_iam_workload_identity_pool_provider" "aws" {
  count = var.aws == null ? 0 : 1

  project                            = var.project
  workload_identity_pool_id          = google_iam_workload_identity_pool.aws[0].workload_identity_pool_id
  workload_identity_pool_provider_id = "aws"
  display_name                       = "AWS account ${var.aws.account_id}"

  aws {
    account_id = var.aws.account_id
  }

  # A function calls as arn:aws:sts::ACCOUNT:assumed-role/ROLE/FUNCTION. aws_role is
  # Google's own mapping. The subject, which Google's logs show, has 127 bytes at
  # most, which a whole ARN may exceed: it is the role's name.
  attribute_mapping = {
    "google.subject"     = "assertion.arn.extract('assumed-role/{role_name}/')"
    "attribute.aws_role" = "assertion.arn.contains('assumed-role') ? assertion.arn.extract('{account_arn}assumed-role/') + 'assumed-role/' + assertion.arn.extract('assumed-role/{role_name}/') : assertion.arn"
  }
  attribute_condition = "assertion.account == '${var.aws.account_id}' && attribute.aws_role in [${join(", ", [for arn in values(local.aws_arns) : "'${arn}'"])}]"
}
