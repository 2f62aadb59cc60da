"""Email through Postmark, with what became of each mail."""
