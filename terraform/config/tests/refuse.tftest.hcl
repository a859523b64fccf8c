run "missing" {
  command = plan
  variables { file = "tests/bad/missing.yaml" }
  expect_failures = [var.file]
}

run "broken" {
  command = plan
  variables { file = "tests/bad/broken.yaml" }
  expect_failures = [var.file]
}

run "list" {
  command = plan
  variables { file = "tests/bad/list.yaml" }
  expect_failures = [var.file]
}

run "no_sources" {
  command = plan
  variables { file = "tests/bad/no-sources.yaml" }
  expect_failures = [var.file]
}

run "name" {
  command = plan
  variables { file = "tests/bad/name.yaml" }
  expect_failures = [var.file]
}

run "no_type" {
  command = plan
  variables { file = "tests/bad/no-type.yaml" }
  expect_failures = [var.file]
}

run "every" {
  command = plan
  variables { file = "tests/bad/every.yaml" }
  expect_failures = [var.file]
}

run "no_secrets" {
  command = plan
  variables { file = "tests/bad/no-secrets.yaml" }
  expect_failures = [var.file]
}

run "reference" {
  command = plan
  variables { file = "tests/bad/reference.yaml" }
  expect_failures = [var.file]
}
