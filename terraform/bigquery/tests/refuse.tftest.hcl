# Mistakes are refused when planned, each at its variable.

mock_provider "google" {}

variables {
  project  = "acme-prod"
  location = "EU"
}

run "name_upper" {
  command = plan
  variables {
    name = "Ops"
  }
  expect_failures = [var.name]
}

run "name_long" {
  command = plan
  variables {
    name = "a23456789-123456789-1"
  }
  expect_failures = [var.name]
}

run "project_number" {
  command = plan
  variables {
    project = "123456789012"
  }
  expect_failures = [var.project]
}

run "location_zone" {
  command = plan
  variables {
    location = "europe-west1-b"
  }
  expect_failures = [var.location]
}

run "location_lower" {
  command = plan
  variables {
    location = "eu"
  }
  expect_failures = [var.location]
}

run "dataset_dash" {
  command = plan
  variables {
    dataset = "sig-post"
  }
  expect_failures = [var.dataset]
}

run "dataset_full" {
  command = plan
  variables {
    dataset = "acme-prod.sigpost"
  }
  expect_failures = [var.dataset]
}

run "table_dot" {
  command = plan
  variables {
    table = "sigpost.events"
  }
  expect_failures = [var.table]
}

run "table_named_as_a_view" {
  command = plan
  variables {
    table = "runs"
  }
  expect_failures = [var.table]
}

run "writer_without_kind" {
  command = plan
  variables {
    writers = { a = "sigpost@acme-prod.iam.gserviceaccount.com" }
  }
  expect_failures = [var.writers]
}

run "writer_everybody" {
  command = plan
  variables {
    writers = { a = "allUsers" }
  }
  expect_failures = [var.writers]
}

run "writer_everybody_signed_in" {
  command = plan
  variables {
    writers = { a = "allAuthenticatedUsers" }
  }
  expect_failures = [var.writers]
}

run "writer_domain" {
  command = plan
  variables {
    writers = { a = "domain:acme.example" }
  }
  expect_failures = [var.writers]
}

run "writer_deleted" {
  command = plan
  variables {
    writers = { a = "deleted:serviceAccount:a@b.iam.gserviceaccount.com?uid=1" }
  }
  expect_failures = [var.writers]
}

run "account_short" {
  command = plan
  variables {
    aws = { account_id = "12345", role_names = ["sigpost-deliver-eu-central-1"] }
  }
  expect_failures = [var.aws]
}

run "no_role" {
  command = plan
  variables {
    aws = { account_id = "210987654321", role_names = [] }
  }
  expect_failures = [var.aws]
}

run "role_arn" {
  command = plan
  variables {
    aws = { account_id = "210987654321", role_names = ["arn:aws:iam::210987654321:role/sigpost"] }
  }
  expect_failures = [var.aws]
}

run "role_star" {
  command = plan
  variables {
    aws = { account_id = "210987654321", role_names = ["*"] }
  }
  expect_failures = [var.aws]
}

run "role_quote" {
  command = plan
  variables {
    aws = { account_id = "210987654321", role_names = ["a'] || true || attribute.aws_role in ['b"] }
  }
  expect_failures = [var.aws]
}

run "pool_of_google" {
  command = plan
  variables {
    name = "gcp-ops"
    aws  = { account_id = "210987654321", role_names = ["sigpost"] }
  }
  expect_failures = [var.aws]
}

run "keep_negative" {
  command = plan
  variables {
    keep_days = -1
  }
  expect_failures = [var.keep_days]
}

run "keep_half" {
  command = plan
  variables {
    keep_days = 0.5
  }
  expect_failures = [var.keep_days]
}

run "view_half" {
  command = plan
  variables {
    view_days = 1.5
  }
  expect_failures = [var.view_days]
}

run "filter_without_days" {
  command = plan
  variables {
    require_partition_filter = true
  }
  expect_failures = [var.require_partition_filter]
}

run "key_elsewhere" {
  command = plan
  variables {
    kms_key_name = "projects/acme-prod/locations/europe-west1/keyRings/ring/cryptoKeys/mine"
  }
  expect_failures = [var.kms_key_name]
}

run "key_version" {
  command = plan
  variables {
    kms_key_name = "projects/acme-prod/locations/europe/keyRings/ring/cryptoKeys/mine/cryptoKeyVersions/1"
  }
  expect_failures = [var.kms_key_name]
}

run "labels_own" {
  command = plan
  variables {
    labels = { sigpost = "other" }
  }
  expect_failures = [var.labels]
}

run "labels_upper" {
  command = plan
  variables {
    labels = { Team = "data" }
  }
  expect_failures = [var.labels]
}
