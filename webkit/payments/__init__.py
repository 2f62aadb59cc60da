"""Online payments: an intent, a checkout at the vendor, and an outcome that every path records exactly once."""
