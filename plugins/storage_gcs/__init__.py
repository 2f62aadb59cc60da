"""Files at Google Cloud Storage."""
