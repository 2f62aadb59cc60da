"""The ledger: what money came, where it went, and whose it is; written once and never changed."""
