"""Email through any mail server that speaks SMTP."""
