"""Contracts: templates with merge fields, drafts from accepted proposals, sending, cancelling."""
