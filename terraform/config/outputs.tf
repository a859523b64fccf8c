output "paths" {
  description = "For each source that is posted to, its path below the function's URL. TOKEN stands where the sender must put its token."
  value = {
    for name, source in local.received : name => contains(local.token_types, source.type) ? "${name}/TOKEN" : name
  }
}

output "secrets" {
  description = "For each function, receive and poll, the names of the secrets it needs if it delivers itself: those of its own sources and of all sinks. poll's are empty if nothing is polled."
  value = {
    receive = setunion(local.secrets.received, local.secrets.rest)
    poll    = length(local.polled) > 0 ? setunion(local.secrets.polled, local.secrets.rest) : toset([])
  }
}

output "queue_secrets" {
  description = "For each function, receive, deliver and poll, the names of the secrets it needs if there is a queue: receive and poll those of their own sources, deliver those of all sinks."
  value = {
    receive = local.secrets.received
    deliver = local.secrets.rest
    poll    = local.secrets.polled
  }
}

output "files" {
  description = "Like secrets, the paths of file:// references instead of names."
  value = {
    receive = setunion(local.files.received, local.files.rest)
    poll    = length(local.polled) > 0 ? setunion(local.files.polled, local.files.rest) : toset([])
  }
}

output "queue_files" {
  description = "Like queue_secrets, the paths of file:// references instead of names."
  value = {
    receive = local.files.received
    deliver = local.files.rest
    poll    = local.files.polled
  }
}

output "fields" {
  description = "For each secret, the fields its JSON object must have; none for a plain text."
  value       = local.fields
}

output "polled" {
  description = "Names of the sources that are polled."
  value       = keys(local.polled)
}

output "poll_minutes" {
  description = "How often the most impatient source wants to be polled, in whole minutes, at least 1; 0 if nothing is polled."
  value       = length(local.minutes) > 0 ? max(1, min(local.minutes...)) : 0
}
