"""Quotations: work at a place for a fixed price, answered on a page of its own, turned into a contract or bill."""
