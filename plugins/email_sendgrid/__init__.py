"""Email through Twilio SendGrid, with what became of each mail."""
