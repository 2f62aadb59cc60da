"""Text messages and codes through Twilio."""
