"""An agency's own domain for what its clients see: named by its owner, proven by a TXT record, looked at every day."""
