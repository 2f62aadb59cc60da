"""webkit: deals of digital agencies, from proposal to paid invoice."""
