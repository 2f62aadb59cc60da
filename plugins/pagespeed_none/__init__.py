"""Nobody measures: says so instead of guessing."""
