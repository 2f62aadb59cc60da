"""Email through Resend, with what became of each mail."""
