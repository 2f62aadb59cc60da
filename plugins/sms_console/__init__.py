"""Text messages that stay here: every one becomes a file that whoever runs the platform can read."""
