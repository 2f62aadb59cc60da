"""Agencies and people that leave: all of it taken along or brought in, or deleted but for what the law keeps."""
