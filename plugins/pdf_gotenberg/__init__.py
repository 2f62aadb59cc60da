"""PDF by Gotenberg: a server beside webkit that prints with Chromium."""
