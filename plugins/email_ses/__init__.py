"""Email through Amazon SES, with what became of each mail."""
