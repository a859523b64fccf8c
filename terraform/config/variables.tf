variable "file" {
  type        = string
  description = "Path of the sigpost.yaml that was given to scripts/build."
  nullable    = false

  # Each condition holds where an earlier one already failed, so that one
  # mistake is reported once.
  validation {
    condition     = fileexists(var.file)
    error_message = "There is no file ${var.file}. Give the path of the sigpost.yaml that was built into the package."
  }
  validation {
    condition     = !fileexists(var.file) || can(keys(yamldecode(file(var.file))))
    error_message = "${var.file} is not a YAML mapping. \"sigpost check --config ${var.file}\" tells the line."
  }
  validation {
    condition     = !can(keys(yamldecode(file(var.file)))) || try(length(keys(yamldecode(file(var.file)).sources)) > 0, false)
    error_message = "${var.file} has no sources. List at least one below the key \"sources\"."
  }
  validation {
    condition = try(alltrue([
      for name, source in yamldecode(file(var.file)).sources :
      can(regex("^[a-z0-9][a-z0-9_-]{0,62}$", name)) && can(regex("^[a-z]+$", source.type))
    ]), true)
    error_message = "A source in ${var.file} has no type, or a name that can't be a URL path: use up to 63 of a-z, 0-9, - and _, and begin with a letter or digit."
  }
  validation {
    condition = try(alltrue([
      for source in values(yamldecode(file(var.file)).sources) :
      can(regex("^([0-9]+(\\.[0-9]+)?(h|ms|m|s))+$", source.every)) if can(source.every)
    ]), true)
    error_message = "The \"every\" of a source in ${var.file} is not a duration. Write one such as \"1m\" or \"1h30m\"."
  }
  validation {
    condition     = !can(keys(yamldecode(file(var.file)).sources)) || can(regex("\"(secret|file)://", jsonencode(yamldecode(file(var.file)))))
    error_message = "${var.file} refers to no secret (secret://NAME). Without a secret no source can verify what it gets: give each one \"secrets\" or \"tokens\"."
  }
  validation {
    condition = try(alltrue([
      for text in regexall("\"secret://(?:[^\"\\\\]|\\\\.)*\"", jsonencode(yamldecode(file(var.file)))) :
      can(regex("^secret://[A-Za-z0-9._/+=@-]+([?](key|version)=[^&=?]+(&(key|version)=[^&=?]+)*)?$", jsondecode(text)))
    ]), true)
    error_message = "A secret:// reference in ${var.file} is malformed. Write secret://NAME, with ?key=FIELD or ?version=ID if need be; a name has letters, digits and -_./+=@."
  }
}
