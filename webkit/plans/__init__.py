"""Billing of what was agreed: all at once, a deposit and the final invoice, or milestones."""
