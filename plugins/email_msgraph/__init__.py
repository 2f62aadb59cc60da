"""Email through Microsoft 365."""
