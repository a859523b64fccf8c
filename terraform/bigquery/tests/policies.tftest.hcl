# Who may do what.

mock_provider "google" {
  mock_resource "google_iam_workload_identity_pool" {
    defaults = { name = "projects/123456789012/locations/global/workloadIdentityPools/sigpost-aws" }
  }
  mock_resource "google_iam_workload_identity_pool_provider" {
    defaults = { name = "projects/123456789012/locations/global/workloadIdentityPools/sigpost-aws/providers/aws" }
  }
  mock_resource "google_project_iam_custom_role" {
    defaults = { name = "projects/acme-prod/roles/mocked" }
  }
  override_resource {
    target = google_project_iam_custom_role.table
    values = { name = "projects/acme-prod/roles/sigpost_bigquery_table" }
  }
  override_resource {
    target = google_project_iam_custom_role.dataset
    values = { name = "projects/acme-prod/roles/sigpost_bigquery_dataset" }
  }
}

variables {
  project  = "acme-prod"
  location = "EU"
  writers = {
    deliver = "serviceAccount:sigpost-deliver@acme-prod.iam.gserviceaccount.com"
    people  = "group:data@acme.example"
    ada     = "user:ada@acme.example"
    gke     = "principal://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/acme-prod.svc.id.goog/subject/ns/default/sa/sigpost"
  }
  aws = {
    account_id = "210987654321"
    role_names = ["sigpost-deliver-eu-central-1", "sigpost-poll-eu-central-1"]
  }
}

run "roles" {
  assert {
    condition     = toset(google_project_iam_custom_role.table.permissions) == toset(["bigquery.tables.get", "bigquery.tables.updateData"]) && google_project_iam_custom_role.table.role_id == "sigpost_bigquery_table"
    error_message = "role of the table: ${jsonencode(google_project_iam_custom_role.table.permissions)}"
  }
  assert {
    condition     = toset(google_project_iam_custom_role.dataset.permissions) == toset(["bigquery.datasets.get"]) && google_project_iam_custom_role.dataset.role_id == "sigpost_bigquery_dataset"
    error_message = "role of the dataset: ${jsonencode(google_project_iam_custom_role.dataset.permissions)}"
  }
  assert {
    condition     = google_project_iam_custom_role.table.project == "acme-prod" && google_project_iam_custom_role.dataset.project == "acme-prod"
    error_message = "the roles are in another project"
  }
}

# Exactly these, on the one table.
run "table" {
  assert {
    condition = toset([for member in google_bigquery_table_iam_member.writer : "${member.project} ${member.dataset_id} ${member.table_id} ${member.role} ${member.member}"]) == toset([
      for member in [
        "serviceAccount:sigpost-deliver@acme-prod.iam.gserviceaccount.com", "group:data@acme.example", "user:ada@acme.example",
        "principal://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/acme-prod.svc.id.goog/subject/ns/default/sa/sigpost",
        "principalSet://iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/sigpost-aws/attribute.aws_role/arn:aws:sts::210987654321:assumed-role/sigpost-deliver-eu-central-1",
        "principalSet://iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/sigpost-aws/attribute.aws_role/arn:aws:sts::210987654321:assumed-role/sigpost-poll-eu-central-1",
      ] : "acme-prod sigpost events projects/acme-prod/roles/sigpost_bigquery_table ${member}"
    ])
    error_message = "writers of the table: ${jsonencode(values(google_bigquery_table_iam_member.writer)[*].member)}"
  }
  assert {
    condition     = toset(values(output.writers)) == toset(values(google_bigquery_table_iam_member.writer)[*].member)
    error_message = "output: ${jsonencode(output.writers)}"
  }
}

# BigQuery has a field for each sort of member there.
run "dataset" {
  assert {
    condition = toset([
      for access in google_bigquery_dataset_access.writer : join(" ", [access.project, access.dataset_id, access.role, coalesce(access.user_by_email, "-"), coalesce(access.group_by_email, "-"), coalesce(access.iam_member, "-")])
      ]) == toset([
      for member in [
        "sigpost-deliver@acme-prod.iam.gserviceaccount.com - -", "- data@acme.example -", "ada@acme.example - -",
        "- - principal://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/acme-prod.svc.id.goog/subject/ns/default/sa/sigpost",
        "- - principalSet://iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/sigpost-aws/attribute.aws_role/arn:aws:sts::210987654321:assumed-role/sigpost-deliver-eu-central-1",
        "- - principalSet://iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/sigpost-aws/attribute.aws_role/arn:aws:sts::210987654321:assumed-role/sigpost-poll-eu-central-1",
      ] : "acme-prod sigpost projects/acme-prod/roles/sigpost_bigquery_dataset ${member}"
    ])
    error_message = "writers of the dataset: ${jsonencode(google_bigquery_dataset_access.writer)}"
  }
  assert {
    condition     = alltrue([for access in google_bigquery_dataset_access.writer : access.domain == null && access.special_group == null])
    error_message = "a whole domain or group of the project may see the dataset"
  }
}

run "federation" {
  assert {
    condition = (
      google_iam_workload_identity_pool.aws[0].workload_identity_pool_id == "sigpost-aws" &&
      google_iam_workload_identity_pool_provider.aws[0].workload_identity_pool_id == "sigpost-aws" &&
      google_iam_workload_identity_pool_provider.aws[0].workload_identity_pool_provider_id == "aws" &&
      google_iam_workload_identity_pool_provider.aws[0].aws[0].account_id == "210987654321" &&
      length(google_iam_workload_identity_pool_provider.aws[0].oidc) + length(google_iam_workload_identity_pool_provider.aws[0].saml) == 0
    )
    error_message = "pool: ${jsonencode([google_iam_workload_identity_pool.aws, google_iam_workload_identity_pool_provider.aws])}"
  }
  assert {
    condition     = google_iam_workload_identity_pool_provider.aws[0].attribute_condition == "assertion.account == '210987654321' && attribute.aws_role in ['arn:aws:sts::210987654321:assumed-role/sigpost-deliver-eu-central-1', 'arn:aws:sts::210987654321:assumed-role/sigpost-poll-eu-central-1']"
    error_message = "who is let in: ${google_iam_workload_identity_pool_provider.aws[0].attribute_condition}"
  }
  assert {
    condition = google_iam_workload_identity_pool_provider.aws[0].attribute_mapping == tomap({
      "google.subject"     = "assertion.arn.extract('assumed-role/{role_name}/')"
      "attribute.aws_role" = "assertion.arn.contains('assumed-role') ? assertion.arn.extract('{account_arn}assumed-role/') + 'assumed-role/' + assertion.arn.extract('assumed-role/{role_name}/') : assertion.arn"
    })
    error_message = "mapping: ${jsonencode(google_iam_workload_identity_pool_provider.aws[0].attribute_mapping)}"
  }
  assert {
    condition     = output.audience == "//iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/sigpost-aws/providers/aws"
    error_message = "audience: ${output.audience}"
  }
  assert {
    condition = yamldecode(output.sigpost_yaml) == { sinks = { warehouse = {
      type              = "bigquery", project = "acme-prod", dataset = "sigpost", table = "events"
      workload_identity = "//iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/sigpost-aws/providers/aws"
    } } }
    error_message = "sigpost.yaml: ${output.sigpost_yaml}"
  }
  assert {
    condition     = contains(keys(google_project_service.api), "sts")
    error_message = "nobody can exchange a token"
  }
}

# No role is given on the project, none is wider, and no key is made.
run "nothing_wider" {
  command = plan
  assert {
    condition = alltrue([
      for name in fileset(path.module, "*.tf") :
      !can(regex("google_project_iam_(member|binding|policy)|google_bigquery_(dataset|table)_iam_(binding|policy)|roles/|service_account_key|google_service_account|allUsers|allAuthenticatedUsers|secret", file("${path.module}/${name}")))
    ])
    error_message = "a file gives a predefined role, a role on the project, or has a key or secret"
  }
}
