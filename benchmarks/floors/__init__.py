"""The floors: the least that a page of this kind can cost with the same server, database and language."""
