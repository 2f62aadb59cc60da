"""A payment vendor that lives here: a checkout page with Pay, Fail and Dispute, and webhooks over real HTTP."""
