"""Email that stays here: every message becomes a file that the application can show."""
