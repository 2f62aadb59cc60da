"""Looking after an installation: plugins, health, jobs, backups."""
