"""Looking at the whole: today's page with the agency's sums."""
