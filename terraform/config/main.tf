# Reads from sigpost.yaml what a cloud must be prepared for. It makes nothing,
# and gives away names only: no other text of the file leaves this module.

locals {
  # Types that are asked for news instead of being posted to.
  polled_types = ["cloudtruth"]
  # Types that can't sign: the token is the last element of the path.
  token_types = ["certifyclouds"]

  config   = yamldecode(file(var.file))
  received = { for name, source in local.config.sources : name => source if !contains(local.polled_types, source.type) }
  polled   = { for name, source in local.config.sources : name => source if contains(local.polled_types, source.type) }
  rest     = { for key, value in local.config : key => value if key != "sources" }

  # Every reference is found in the decoded file, so not in its comments. What
  # is encoded again is only searched.
  texts = {
    received = jsonencode([local.received, try(local.config.gauge, null)]) # which serves the pictures
    polled   = jsonencode(local.polled)
    rest     = jsonencode(local.rest)
  }
  references = {
    for part, text in local.texts : part => [for found in regexall("\"secret://(?:[^\"\\\\]|\\\\.)*\"", text) : jsondecode(found)]
  }
  # Files too, by their paths: a cloud can mount secrets as some.
  files = {
    for part, text in local.texts : part => toset([for found in regexall("\"file://(?:[^\"\\\\]|\\\\.)*\"", text) : trimprefix(jsondecode(found), "file://")])
  }
  secrets = {
    for part, texts in local.references :
    part => toset([for text in texts : regex("^secret://([^?]*)", text)[0]])
  }
  fields = {
    for name in setunion(values(local.secrets)...) : name => distinct(flatten([
      for text in concat(values(local.references)...) :
      [for field in regexall("[?&]key=([^&]*)", text) : field[0]] if regex("^secret://([^?]*)", text)[0] == name
    ]))
  }

  seconds = { h = 3600, m = 60, s = 1, ms = 0.001 }
  minutes = [
    for source in values(local.polled) : floor(sum([
      for part in regexall("([0-9.]+)(h|ms|m|s)", try(source.every, "1m")) : tonumber(part[0]) * local.seconds[part[1]]
    ]) / 60)
  ]
}
