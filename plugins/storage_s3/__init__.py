"""Files at Amazon S3."""
