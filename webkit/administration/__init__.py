"""The platform's own people: agencies and users, tiers, suspension, sitting in for an owner, the log."""
