"""What the API does with each resource: shapes of what goes in and out, and which function of which service does it."""
