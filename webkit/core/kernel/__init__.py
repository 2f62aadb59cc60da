"""Plumbing without business: database units, tenancy, evidence, delivery, pages."""
