"""Pages about lists: choosing filters, views, sheets, and work on many rows."""
