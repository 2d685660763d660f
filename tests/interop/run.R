# Runs the recipes that attempts.txt lists and prints what each left in `x`, as JSON: for tests/src/interop/tools.rs.

invisible(Sys.setlocale("LC_ALL", "C.UTF-8"))
suppressMessages({ library(bit64); library(hdf5r) })

quote_text <- function(s) {
  s <- enc2utf8(s)
  s <- gsub("\\", "\\\\", s, fixed = TRUE)
  s <- gsub("\"", "\\\"", s, fixed = TRUE)
  paste0("\"", gsub("\n", "\\n", s, fixed = TRUE), "\"")
}

# One element of a vector.
encode_one <- function(x) {
  if (is.factor(x) || inherits(x, "factor_ext")) x <- as.character(x)
  if (is.character(x)) return(if (is.na(x)) "null" else quote_text(x))
  if (is.complex(x)) return(paste0("[", encode_one(Re(x)), ",", encode_one(Im(x)), "]"))
  if (bit64::is.integer64(x)) return(if (is.na(x)) "null" else as.character(x))
  if (is.double(x) && is.nan(x)) return("\"nan\"")
  if (is.na(x)) return("null")
  if (is.logical(x)) return(if (x) "true" else "false")
  if (is.double(x) && is.infinite(x)) return(if (x > 0) "\"inf\"" else "\"-inf\"")
  format(x, digits = 17, scientific = is.double(x) && abs(x) >= 1e15)
}

list_of <- function(parts) paste0("[", paste(parts, collapse = ","), "]")

encode <- function(x) {
  if (is.null(x)) return("null")
  if (is.environment(x)) stop("a recipe gave an object of hdf5r")
  if (is.list(x) && !is.null(names(x))) {
    parts <- vapply(names(x), function(n) paste0(quote_text(n), ":", encode(x[[n]])), "")
    return(paste0("{", paste(parts, collapse = ","), "}"))
  }
  if (is.list(x)) return(if (is.null(attr(x, "object"))) list_of(vapply(x, encode, "")) else "{}")
  shape <- dim(x)
  if (length(shape) > 1) {
    if (shape[1] == 0) return("[]")
    rest <- rep(list(quote(expr = )), length(shape) - 1)
    return(list_of(vapply(seq_len(shape[1]), function(i) {
      part <- do.call(`[`, c(list(x, i), rest, list(drop = FALSE)))
      dim(part) <- shape[-1]
      encode(part)
    }, "")))
  }
  if (length(x) == 1) return(encode_one(x))
  list_of(vapply(seq_along(x), function(i) encode_one(x[i]), ""))
}

top <- getwd()
for (line in readLines("attempts.txt")) {
  words <- strsplit(line, "\t")[[1]]
  setwd(file.path(top, words[1]))
  names <- new.env(parent = globalenv())
  said <- tryCatch({
    suppressWarnings(source(paste0(words[2], ".R"), local = names, encoding = "UTF-8"))
    c("@", words, encode(get("x", names, inherits = FALSE)))
  }, error = function(e) c("!", words, gsub("\n", " ", conditionMessage(e))))
  cat(said, sep = "\t")
  cat("\n")
  if (exists("f", names, inherits = FALSE)) try(get("f", names)$close_all(), silent = TRUE)
}
cat("@done\n")
