"""What plugins add to our pages and documents: cards and merge fields, answered by jobs and kept."""
