"""Files at Azure Blob Storage."""
