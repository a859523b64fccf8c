output "paths" {
  description = "For each source that is posted to, its path below the function's URL. TOKEN stands where the sender must put its token."
  value = {
    for name, source in local.received : name => contains(local.token_types, source.type) ? "${name}/TOKEN" : name
  }
}

output "secrets" {
  description = "For each function, receive and poll, the names of the secrets it needs: those of its own sources and of all sinks. poll's are empty if nothing is polled."
  value = {
    receive = local.secrets.receive
    poll    = length(local.polled) > 0 ? local.secrets.poll : toset([])
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
